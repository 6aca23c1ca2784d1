package provider

import (
	"cmp"
	"context"
	"crypto/rand"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"skiff/local/aws/arn"
	"skiff/local/store"
)

// inertForm is a resource type, or a property of one: an object's within another
// behind a dot, those of a list by the name alone.
var inertForm = regexp.MustCompile(`^([a-z0-9-]+:[A-Za-z0-9/_-]+:[A-Za-z0-9]+)(?:\.([A-Za-z0-9]+(?:\.[A-Za-z0-9]+)*))?$`)

// WithInert is a provider that keeps as settings without effect what it would
// refuse: resource types that it does not know, such as
// aws:cognito/userPool:UserPool, and properties of those that it knows, such as
// aws:ssm/parameter:Parameter.allowedPattern. Those of other providers are passed over.
// It fails for what it knows, which has an effect.
func (p *Provider) WithInert(names []string) (*Provider, error) {
	q := *p
	q.kinds, q.inert = maps.Clone(p.kinds), map[string]bool{}
	for _, name := range names {
		parts := inertForm.FindStringSubmatch(name)
		if parts == nil {
			return nil, fmt.Errorf("-inert %q is neither a resource type, such as aws:cognito/userPool:UserPool, nor a property of one, such as aws:ssm/parameter:Parameter.allowedPattern", name)
		}
		token, property := parts[1], parts[2]
		if !strings.HasPrefix(token, p.o.Name+":") {
			continue
		}
		k, known := p.kinds[token]
		switch {
		case known && property == "":
			return nil, fmt.Errorf("-inert %s: the local cloud knows this type, so that it has an effect: leave it out, or name a property that it does not know, as %s.PROPERTY", name, token)
		case known && k.properties().knows(property):
			return nil, fmt.Errorf("-inert %s: the local cloud knows this property: leave it out", name)
		case !known && property != "":
			return nil, fmt.Errorf("-inert %s: the local cloud does not know the type: name it alone, as %s, and it is kept with all its properties", name, token)
		case !known:
			q.kinds[token] = inertKind(token)
		}
		q.inert[name] = true
	}
	return &q, nil
}

// knows tells whether there is a property, by its path without indices.
func (s *schema) knows(path string) bool {
	for name := range strings.SplitSeq(path, ".") {
		for s.element != nil {
			s = s.element
		}
		if s.fields == nil {
			return true // any name may stand here
		}
		inner, ok := s.fields[name]
		if !ok {
			return false
		}
		s = inner
	}
	return true
}

var index = regexp.MustCompile(`\[\d+\]`)

// withoutInert leaves out the properties that are kept without effect, and says
// of the others how they would be.
func (p *Provider) withoutInert(ctx context.Context, token, urn string, problems []Problem) []Problem {
	var rest []Problem
	for _, problem := range problems {
		name := token + "." + index.ReplaceAllString(problem.Property, "")
		switch {
		case !strings.HasPrefix(problem.Reason, notKnown):
		case p.inert[name]:
			connectionOf(ctx).warn(ctx, urn, fmt.Sprintf("%s is kept as a setting without effect (-inert)", name))
			continue
		default:
			problem.Reason += "; to keep it without effect: -inert " + name
		}
		rest = append(rest, problem)
	}
	return rest
}

// warnInert says at a resource of a type that is kept without effect what that
// means.
func (p *Provider) warnInert(ctx context.Context, token, urn string) {
	if p.inert[token] {
		connectionOf(ctx).warn(ctx, urn, fmt.Sprintf("%s is kept as settings without effect (-inert): nothing is checked, no right to it is judged, and it has no outputs but id, arn, name and its inputs", token))
	}
}

// inertOutputs are what many types have beside their inputs. One that the
// program gives stays as it is.
type inertOutputs struct {
	ARN      string `json:"arn"`
	Endpoint string `json:"endpoint,omitempty"`
}

const userPool = "aws:cognito/userPool:UserPool"

// inertKind is a resource type of which nothing is known: any inputs will do, any
// change is made in place, and no right is asked for.
func inertKind(token string) Kind {
	return &Resource[map[string]any, inertOutputs]{
		Token: token, Named: "name", MaxName: 64,
		ID: func(c Call, _ map[string]any) string {
			id := strings.ToLower(rand.Text())
			if token == userPool {
				return c.Region + "_" + id[:9]
			}
			return id
		},
		Actions: func(Operation[map[string]any]) []Action { return nil },
		Describe: func(r store.Record[map[string]any]) inertOutputs {
			given := func(name string) string {
				text, _ := r.Inputs[name].(string)
				return text
			}
			out := inertOutputs{ARN: cmp.Or(given("arn"), inertARN(token, r.Region, r.Account, r.ID)), Endpoint: given("endpoint")}
			if token == userPool {
				// https://docs.aws.amazon.com/cognito/latest/developerguide/amazon-cognito-user-pools-using-tokens-verifying-a-jwt.html
				out.Endpoint = cmp.Or(out.Endpoint, "cognito-idp."+r.Region+".amazonaws.com/"+r.ID)
			}
			return out
		},
	}
}

// inertARN has the form that most services give theirs
// (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html).
func inertARN(token, region, account, id string) string {
	parts := strings.Split(token, ":")
	service, _, _ := strings.Cut(parts[1], "/")
	names := map[string]string{"cognito": "cognito-idp", "lb": "elasticloadbalancing", "opensearch": "es", "sfn": "states"}
	return arn.New(cmp.Or(names[service], strings.ToLower(service)), region, account, strings.ToLower(parts[2])+"/"+id)
}

// InertList reads names between commas, without those that come twice, sorted.
func InertList(text string) []string {
	var names []string
	for name := range strings.SplitSeq(text, ",") {
		if name = strings.TrimSpace(name); name != "" {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}
