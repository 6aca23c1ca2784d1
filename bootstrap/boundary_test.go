package main

import (
	"regexp"
	"strings"
	"testing"
)

// TestBoundaryHoldsWhatFunctionsHave checks that the boundary allows everything
// that the policies in infra's goldens allow. Otherwise AWS would refuse
// functions their rights.
func TestBoundaryHoldsWhatFunctionsHave(t *testing.T) {
	t.Parallel()
	for _, stack := range deployed(t) {
		s, boundary, checks := ownInfra(t, stack), boundaryOf(t, recordOwn(t, stack)), 0
		for _, d := range append(s.of("aws:iam/rolePolicy:RolePolicy"), s.of(policyType)...) {
			for _, r := range s.granted(d) {
				if checks++; !allowed(t, boundary, r) {
					t.Errorf("%s: %s %s allows %s on %s, but the boundary does not", stack, d.typ, d.name, r.action, r.resource)
				}
				if other := s.foreign(r.resource); other != r.resource && allowed(t, boundary, request{r.action, other, nil}) {
					t.Errorf("%s: the boundary allows %s on %s", stack, r.action, other)
				}
			}
		}
		if t.Logf("%s: %d checks", stack, checks); checks == 0 {
			t.Errorf("%s: no action is found in infra's golden", stack)
		}
	}
}

// granted returns each action of a policy with each of its resources.
func (s infraStack) granted(d declared) (all []request) {
	var actions []string
	part := ""
	for line := range strings.Lines(d.text) {
		line = strings.TrimSpace(line)
		name, value, found := strings.Cut(line, ": ")
		switch {
		case strings.HasSuffix(line, ":"):
			if part = line; part == "Action:" {
				actions = nil
			}
		case part == "Action:" && strings.HasPrefix(line, "- "):
			actions = append(actions, line[len("- "):])
		case found && name == "Resource", part == "Resource:" && strings.HasPrefix(line, "- "):
			if name != "Resource" {
				value = line[len("- "):]
			}
			for _, action := range actions {
				all = append(all, request{action, s.resource(value), nil})
			}
		}
	}
	return all
}

// resource returns the ARN in AWS for an ARN in infra's golden. The latter
// contains a service, a kind, a logical name and a rest. A star for a stream or
// a connection becomes an example.
func (s infraStack) resource(arn string) string {
	mocked := regexp.MustCompile(`^arn:aws:([a-z0-9-]+):mock:[0-9]+:([A-Za-z]+)/([^/:]+)(.*)$`)
	match := mocked.FindStringSubmatch(arn)
	if match == nil {
		return arn
	}
	service, kind, name, rest := match[1], match[2], match[3], match[4]
	if service == "execute-api" {
		return s.arn(service, "a1/"+name+strings.Replace(rest, "*", "c1", 1))
	}
	for _, d := range s.resources {
		if strings.HasPrefix(d.typ, "aws:"+service+"/"+kind+":") && d.name == name {
			return s.arnOf(d) + strings.Replace(rest, ":*", ":log-stream:s", 1)
		}
	}
	return arn
}
