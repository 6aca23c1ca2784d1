package provider

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"reflect"
	"regexp"
	"slices"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
)

// settings are those of a provider resource that have a form to check, by the
// names of https://www.pulumi.com/registry/packages/aws/installation-configuration/.
// A profile is taken and not used: there are no credentials here. A role is
// taken by a program that has one already.
type settings struct {
	Region            string       `json:"region,omitempty"`
	Profile           string       `json:"profile,omitempty"`
	MaxRetries        int          `json:"maxRetries,omitempty"`
	RetryMode         string       `json:"retryMode,omitempty"`
	AllowedAccountIDs []string     `json:"allowedAccountIds,omitempty"`
	DefaultTags       *defaultTags `json:"defaultTags,omitempty"`
	AssumeRole        *assumedRole `json:"assumeRole,omitempty"`
	// AssumeRoles is what later versions of the provider have: a chain.
	AssumeRoles []assumedRole `json:"assumeRoles,omitempty"`
}

type defaultTags struct {
	Tags map[string]string `json:"tags,omitempty"`
}

type assumedRole struct {
	RoleARN           string            `json:"roleArn,omitempty"`
	Duration          string            `json:"duration,omitempty"`
	ExternalID        string            `json:"externalId,omitempty"`
	Policy            string            `json:"policy,omitempty"`
	PolicyARNs        []string          `json:"policyArns,omitempty"`
	SessionName       string            `json:"sessionName,omitempty"`
	SourceIdentity    string            `json:"sourceIdentity,omitempty"`
	Tags              map[string]string `json:"tags,omitempty"`
	TransitiveTagKeys []string          `json:"transitiveTagKeys,omitempty"`
}

var (
	accountForm = regexp.MustCompile(`^\d{12}$`)
	roleForm    = regexp.MustCompile(`^arn:aws[a-zA-Z-]*:iam::\d{12}:role/.+$`)
)

// unwrapped are settings with their own types: one that is no string comes as
// it is from a provider of the program (Go's SDK) and as JSON in a string from
// the stack's configuration and from other SDKs. What is no JSON stays, and
// decode tells that it has the wrong type.
func unwrapped(given map[string]any) map[string]any {
	plain := map[string]any{}
	for name, value := range given {
		plain[name] = value
	}
	for f := range reflect.TypeFor[settings]().Fields() {
		name := fieldName(f)
		text, wrapped := plain[name].(string)
		if f.Type.Kind() == reflect.String || !wrapped || text == unknownValue {
			continue
		}
		var value any
		if json.Unmarshal([]byte(text), &value) == nil {
			plain[name] = value
		}
	}
	return plain
}

// CheckConfig refuses a setting of the provider that the local cloud does not
// know, or that AWS would not take.
func (p *Provider) CheckConfig(_ context.Context, r *pulumirpc.CheckRequest) (*pulumirpc.CheckResponse, error) {
	news := r.News.AsMap()
	typed := schemaOf[settings]()
	allowed := &schema{fields: map[string]*schema{"version": {}}}
	for _, name := range p.o.Config {
		allowed.fields[name] = &schema{}
		if s, ok := typed.fields[name]; ok {
			allowed.fields[name] = s
		}
	}
	plain := unwrapped(news)
	problems := allowed.problems("", plain)
	if len(problems) == 0 {
		present, _ := known(plain)
		problems = checkSettings(present.(map[string]any))
	}
	return checked(news, problems)
}

func checkSettings(present map[string]any) []Problem {
	s, problem := decode[settings](present)
	if problem != nil {
		return []Problem{*problem}
	}
	var problems []Problem
	for i, id := range s.AllowedAccountIDs {
		if !accountForm.MatchString(id) {
			problems = append(problems, Problem{fmt.Sprintf("allowedAccountIds[%d]", i), fmt.Sprintf("%q is no account id, which has 12 digits: quote it in YAML", id)})
		}
	}
	for _, role := range s.roles() {
		if role.RoleARN != "" && !roleForm.MatchString(role.RoleARN) {
			problems = append(problems, Problem{"assumeRole.roleArn", fmt.Sprintf("%q is not the ARN of a role", role.RoleARN)})
		}
	}
	return problems
}

// roles are those that the settings name, in the order in which they are taken.
func (s settings) roles() []assumedRole {
	if s.AssumeRole == nil {
		return s.AssumeRoles
	}
	return append(slices.Clip(s.AssumeRoles), *s.AssumeRole)
}

// assume takes the roles of the settings, one with the rights of the other, for
// a program that runs with a role. A person of this machine needs none.
func (p *Provider) assume(s settings) (caller string, err error) {
	if p.caller == "" || p.o.Assume == nil {
		return "", nil
	}
	caller = p.caller
	for _, role := range s.roles() {
		switch {
		case role.RoleARN == "":
			continue
		case role.Policy != "" || len(role.PolicyARNs) > 0:
			return "", fmt.Errorf("assumeRole: the local cloud does not know session policies, which would bound %s: leave out policy and policyArns", role.RoleARN)
		}
		if caller, err = p.o.Assume(caller, role.RoleARN, cmp.Or(role.SessionName, "pulumi")); err != nil {
			return "", fmt.Errorf("cannot assume the role %s: %w", role.RoleARN, err)
		}
	}
	return caller, nil
}

// DiffConfig replaces a provider for another region, and with it all that was
// made through it: pulumi-aws marks this one setting so
// (https://github.com/pulumi/pulumi-aws/blob/master/provider/resources.go).
func (p *Provider) DiffConfig(_ context.Context, r *pulumirpc.DiffRequest) (*pulumirpc.DiffResponse, error) {
	return compare(r.OldInputs.AsMap(), r.News.AsMap(), map[string]bool{"region": true}), nil
}

// Configure hears the settings of one provider resource, which has a
// connection of its own. What is made through it belongs to the first account
// that it allows: without credentials, nothing else tells one.
func (p *Provider) Configure(ctx context.Context, r *pulumirpc.ConfigureRequest) (*pulumirpc.ConfigureResponse, error) {
	present, _ := known(unwrapped(r.Args.AsMap()))
	s, problem := decode[settings](present.(map[string]any))
	if problem != nil {
		return nil, refused(problem)
	}
	scope := scope{region: s.Region}
	if len(s.AllowedAccountIDs) > 0 {
		scope.account = s.AllowedAccountIDs[0]
	}
	if s.DefaultTags != nil {
		scope.tags = s.DefaultTags.Tags
	}
	var err error
	if scope.caller, err = p.assume(s); err != nil {
		return nil, refused(err)
	}
	connectionOf(ctx).setScope(scope)
	return &pulumirpc.ConfigureResponse{SupportsPreview: true, SupportsAutonamingConfiguration: true}, nil
}
