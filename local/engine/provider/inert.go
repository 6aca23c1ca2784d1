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

// inertForm matches a resource type, or a property of one. A dot separates an
// object from its member; a list has no index.
var inertForm = regexp.MustCompile(`^([a-z0-9-]+:[A-Za-z0-9/_-]+:[A-Za-z0-9]+)(?:\.([A-Za-z0-9]+(?:\.[A-Za-z0-9]+)*))?$`)

// WithInert returns a provider that keeps unknown resource types and unknown
// properties as settings without effect, instead of refusing them. Examples are
// the type aws:cognito/userPool:UserPool and the property
// aws:ssm/parameter:Parameter.allowedPattern. It skips the names of other
// providers. A name that the provider knows has an effect, so it is an error.
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
			return nil, fmt.Errorf("-inert %s: the local cloud knows this type, so it has an effect: leave it out, or name a property that the local cloud does not know, as %s.PROPERTY", name, token)
		case known && k.properties.knows(property):
			return nil, fmt.Errorf("-inert %s: the local cloud knows this property: leave it out", name)
		case !known && property != "":
			return nil, fmt.Errorf("-inert %s: the local cloud does not know the type: name only the type, %s, to keep it with all its properties", name, token)
		case !known:
			q.kinds[token] = inertKind(token)
		}
		q.inert[name] = true
	}
	return &q, nil
}

// knows reports whether the schema has a property. The path has no indices.
func (s *schema) knows(path string) bool {
	for name := range strings.SplitSeq(path, ".") {
		for s.element != nil {
			s = s.element
		}
		if s.fields == nil {
			return true // an object with free names, such as tags
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

// withoutInert removes the problems of properties that are kept without effect.
// To the reason of every other unknown property it adds how to keep it.
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

// warnInert shows a warning at a resource whose type is kept without effect.
func (p *Provider) warnInert(ctx context.Context, token, urn string) {
	if p.inert[token] {
		connectionOf(ctx).warn(ctx, urn, fmt.Sprintf("%s is kept as settings without effect (-inert): the local cloud checks neither its properties nor rights on it; its only outputs are id, arn, name and its inputs", token))
	}
}

// inertOutputs are outputs that many types have. A value that the program gives
// wins.
type inertOutputs struct {
	ARN      string `json:"arn"`
	Endpoint string `json:"endpoint,omitempty"`
}

const userPool = "aws:cognito/userPool:UserPool"

// inertKind returns an unknown resource type: it accepts any inputs, makes
// every change in place, and needs no right.
func inertKind(token string) *kind {
	t := &Resource[map[string]any, inertOutputs]{
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
	return t.kind()
}

// inertARN returns an ARN in the form that most services use
// (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html).
func inertARN(token, region, account, id string) string {
	parts := strings.Split(token, ":")
	service, _, _ := strings.Cut(parts[1], "/")
	names := map[string]string{"cognito": "cognito-idp", "lb": "elasticloadbalancing", "opensearch": "es", "sfn": "states"}
	return arn.New(cmp.Or(names[service], strings.ToLower(service)), region, account, strings.ToLower(parts[2])+"/"+id)
}

// InertList splits a list at its commas, sorts it and removes duplicates.
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
