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

// settings are the provider settings whose types are checked, as in
// https://www.pulumi.com/registry/packages/aws/installation-configuration/. A
// profile is accepted but not used: the local cloud has no credentials. A role
// is assumed only by a program that already runs with one.
type settings struct {
	Region            string       `json:"region,omitempty"`
	Profile           string       `json:"profile,omitempty"`
	MaxRetries        int          `json:"maxRetries,omitempty"`
	RetryMode         string       `json:"retryMode,omitempty"`
	AllowedAccountIDs []string     `json:"allowedAccountIds,omitempty"`
	DefaultTags       *defaultTags `json:"defaultTags,omitempty"`
	AssumeRole        *assumedRole `json:"assumeRole,omitempty"`
	// AssumeRoles is the chain of roles that later provider versions accept.
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

// unwrapped decodes settings that are not strings. A provider resource of the
// Go SDK sends such a setting as it is. The stack's configuration and other
// SDKs send it as JSON in a string. Invalid JSON stays, and decode reports its
// wrong type.
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

// CheckConfig refuses a provider setting that the local cloud does not know or
// that AWS would not accept.
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
	var s settings
	if problem := decode(present, &s); problem != nil {
		return []Problem{*problem}
	}
	var problems []Problem
	for i, id := range s.AllowedAccountIDs {
		if !accountForm.MatchString(id) {
			problems = append(problems, Problem{fmt.Sprintf("allowedAccountIds[%d]", i), fmt.Sprintf("%q is not an account id of 12 digits: quote it in YAML", id)})
		}
	}
	for _, role := range s.roles() {
		if role.RoleARN != "" && !roleForm.MatchString(role.RoleARN) {
			problems = append(problems, Problem{"assumeRole.roleArn", fmt.Sprintf("%q is not the ARN of a role", role.RoleARN)})
		}
	}
	return problems
}

// roles returns the roles in the settings, in the order of assumption.
func (s settings) roles() []assumedRole {
	if s.AssumeRole == nil {
		return s.AssumeRoles
	}
	return append(slices.Clip(s.AssumeRoles), *s.AssumeRole)
}

// assume assumes the roles of the settings, each with the rights of the one
// before it. It does so only for a program with a role: a person of this
// machine needs none.
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
			return "", fmt.Errorf("assumeRole: the local cloud does not know session policies, which would limit the rights of %s: leave out policy and policyArns", role.RoleARN)
		}
		if caller, err = p.o.Assume(caller, role.RoleARN, cmp.Or(role.SessionName, "pulumi")); err != nil {
			return "", fmt.Errorf("cannot assume the role %s: %w", role.RoleARN, err)
		}
	}
	return caller, nil
}

// DiffConfig replaces the provider if its region changes, and with it all its
// resources. pulumi-aws marks only this setting so
// (https://github.com/pulumi/pulumi-aws/blob/master/provider/resources.go).
func (p *Provider) DiffConfig(_ context.Context, r *pulumirpc.DiffRequest) (*pulumirpc.DiffResponse, error) {
	return compare(r.OldInputs.AsMap(), r.News.AsMap(), map[string]bool{"region": true}), nil
}

// Configure stores the settings of one provider resource for its connection.
// Its resources belong to the first account in allowedAccountIds: without
// credentials, nothing else names the account.
func (p *Provider) Configure(ctx context.Context, r *pulumirpc.ConfigureRequest) (*pulumirpc.ConfigureResponse, error) {
	present, _ := known(unwrapped(r.Args.AsMap()))
	var s settings
	if problem := decode(present.(map[string]any), &s); problem != nil {
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
