package main

import (
	"encoding/json"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"skiff/infra/recording"
)

// actionsOf returns the actions that a role may perform, sorted.
func actionsOf(t *testing.T, rec *recording.Stack, role string) []string {
	t.Helper()
	set := map[string]bool{}
	for _, p := range policiesOf(t, rec, role) {
		for _, s := range p.Statement {
			if s.Effect == "Allow" {
				for _, action := range s.Action {
					set[action] = true
				}
			}
		}
	}
	return slices.Sorted(maps.Keys(set))
}

// TestActionsAreThoseOfTheTypes checks that the roles have exactly the actions
// that infra's resource types need.
func TestActionsAreThoseOfTheTypes(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ name, domains string }{
		{"with a domain", `["staging.example.com"]`}, {"without", `[]`},
	} {
		reads, writes := map[string]bool{}, map[string]bool{}
		for typ, n := range needs() {
			if _, domain := domainNeeds()[typ]; domain && test.domains == "[]" {
				continue
			}
			for _, part := range n {
				for _, action := range part.reads {
					reads[action], writes[action] = true, true
				}
				for _, action := range part.writes {
					writes[action] = true
				}
			}
		}
		rec := record(t, "staging", "domains", test.domains)
		for role, want := range map[string]map[string]bool{"preview": reads, "deploy": writes} {
			got := actionsOf(t, rec, role)
			for _, action := range got {
				if !want[action] {
					t.Errorf("%s: %s may %s, which no resource type needs", test.name, role, action)
				}
			}
			for action := range want {
				if !slices.Contains(got, action) {
					t.Errorf("%s: %s may not %s", test.name, role, action)
				}
			}
		}
	}
}

// knownAction is AWS's documentation of an action: the ARNs that it can be
// limited to, with ${name} for variable parts, and its condition keys, except
// keys of all actions.
type knownAction struct{ Resources, Conditions []string }

func knownActions(t *testing.T) map[string]knownAction {
	t.Helper()
	text, err := os.ReadFile("testdata/iam-actions.json")
	if err != nil {
		t.Fatal(err)
	}
	var known map[string]knownAction
	if err := json.Unmarshal(text, &known); err != nil {
		t.Fatal(err)
	}
	return known
}

// TestActionsAreKnownToIAM checks that every action exists in IAM and supports
// its resource and its condition. Only actions without resources have "*".
func TestActionsAreKnownToIAM(t *testing.T) {
	t.Parallel()
	known := knownActions(t)
	known["apigateway:TagResource"] = known["apigateway:POST"] // AWS requires it but does not list it
	variable := regexp.MustCompile(`\\\$\\\{[^}]*\}`)
	global := []string{"aws:RequestedRegion", "aws:SecureTransport"}
	for name, p := range record(t, "staging").Of(policyType) {
		for _, s := range parse(t, p.Inputs["policy"]).Statement {
			for _, action := range slices.Concat(s.Action, s.NotAction) {
				about, ok := known[action]
				if strings.HasSuffix(action, ":*") && s.Effect == "Deny" {
					continue
				}
				if !ok {
					t.Errorf("%s: IAM has no action %s", name, action)
				}
				if s.Effect == "Deny" {
					continue
				}
				for operator, keys := range s.Condition {
					for key := range keys {
						if !slices.Contains(about.Conditions, key) && !slices.Contains(global, key) {
							t.Errorf("%s: %s does not support the condition key %s (%s)", name, action, key, operator)
						}
					}
				}
				for _, resource := range s.Resource {
					fits := resource == "*" && len(about.Resources) == 0
					for _, arn := range about.Resources {
						pattern := variable.ReplaceAllString(regexp.QuoteMeta(arn), ".+")
						fits = fits || regexp.MustCompile("^"+pattern+"$").MatchString(resource)
					}
					if !fits {
						t.Errorf("%s: %s cannot be limited to %s", name, action, resource)
					}
				}
			}
		}
	}
}

// TestSizes checks that the policies fit with the longest names and eight
// domains.
func TestSizes(t *testing.T) {
	t.Parallel()
	long := "a" + strings.Repeat("b", maxPrefix-len("a-production"))
	rec := record(t, "production", "project", long, "region", "ap-northeast-1", "gitlabProject", strings.Repeat("g", 100)+"/"+strings.Repeat("p", 100),
		"domains", `[`+strings.Repeat(`"one-of-many.example.com",`, 7)+`"the-last.example.com"]`)
	for name, p := range rec.Of(policyType) {
		text := p.Inputs["policy"].(string)
		t.Logf("%s has %d characters of %d", name, len(text), maxPolicy)
		if len(text) > maxPolicy {
			t.Errorf("%s has %d characters, but IAM accepts at most %d", name, len(text), maxPolicy)
		}
		if strings.ContainsFunc(text, func(r rune) bool { return r > 0xff }) {
			t.Errorf("%s has characters that IAM does not accept", name)
		}
		if n := len(input(p, "name")); n > 128 {
			t.Errorf("%s: the name has %d characters", name, n)
		}
	}
	for name, r := range rec.Of(roleType) {
		if n := len(input(r, "name")); n > 64 {
			t.Errorf("%s: the name has %d characters", name, n)
		}
	}
	if len(rec.Of(policyType)) != 10 {
		t.Errorf("%d policies", len(rec.Of(policyType)))
	}
}
