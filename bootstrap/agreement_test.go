package main

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestFilesAgree compares the two files of each stack: bootstrap's, and the
// file of the stack that is deployed.
func TestFilesAgree(t *testing.T) {
	t.Parallel()
	compared := 0
	for _, stack := range ownStacks(t) {
		if _, err := os.Stat("../Pulumi." + stack + ".yaml"); err != nil {
			continue
		}
		compared++
		boundary, _ := recordOwn(t, stack).Outputs["permissionsBoundary"].(string)
		if len(deployed(t)) == 0 { // no stack is deployed with bootstrap's roles
			boundary = ""
		}
		for _, line := range disagreements(t, infraSettings(t, stack), ownSettings(t, stack), boundary) {
			t.Errorf("Pulumi.%s.yaml: %s", stack, line)
		}
	}
	if compared == 0 {
		t.Skip("no stack has a file both here and in the folder above")
	}
}

// disagreements returns a line for each setting of the deployed stack that does
// not fit bootstrap's.
func disagreements(t *testing.T, infra, bootstrap map[string]string, boundary string) (lines []string) {
	t.Helper()
	for _, pair := range []struct{ about, got, want string }{
		{theirs(t, "account"), infra[theirs(t, "account")], bootstrap[ours(t, "account")]},
		{"aws:region", infra["aws:region"], bootstrap[ours(t, "region")]},
		{theirs(t, "attachTo"), infra[theirs(t, "attachTo")], bootstrap[ours(t, "attachTo")]},
		{theirs(t, "permissionsBoundary"), infra[theirs(t, "permissionsBoundary")], boundary},
		{"the project", infraProject(t), bootstrap[ours(t, "project")]},
	} {
		if pair.got != pair.want {
			lines = append(lines, fmt.Sprintf("%s is %q, but bootstrap's stack has %q", pair.about, pair.got, pair.want))
		}
	}
	covered := list(t, bootstrap[ours(t, "domains")])
	for _, key := range []string{"domain", "additionalDomains", "socketDomain", "zone"} {
		for _, name := range list(t, infra[theirs(t, key)]) {
			if !slices.ContainsFunc(covered, func(domain string) bool { return name == domain || strings.HasSuffix(name, "."+domain) }) {
				lines = append(lines, fmt.Sprintf(theirs(t, "")+":%s %s is not in bootstrap's domains %v", key, name, covered))
			}
		}
	}
	zones := list(t, bootstrap[ours(t, "hostedZones")])
	if infra[theirs(t, "domain")] != "" && infra[theirs(t, "createZone")] == "true" && !slices.Contains(zones, "*") {
		lines = append(lines, fmt.Sprintf(`the stack creates its zone, whose id cannot be in bootstrap's hostedZones %v; set it to "*"`, zones))
	}
	return lines
}

// list returns the names in a setting that is empty, one name or a JSON list.
func list(t *testing.T, setting string) (names []string) {
	t.Helper()
	switch {
	case setting == "":
		return nil
	case !strings.HasPrefix(setting, "["):
		return []string{setting}
	}
	if err := json.Unmarshal([]byte(setting), &names); err != nil {
		t.Fatal(err)
	}
	return names
}

// TestDisagreements checks that the comparison finds each disagreement.
func TestDisagreements(t *testing.T) {
	t.Parallel()
	const boundary = "arn:aws:iam::111111111111:policy/bootstrap/x"
	for _, test := range []struct {
		name             string
		infra, bootstrap map[string]string
		want             []string
	}{
		{"none", nil, nil, nil},
		{"account", map[string]string{"account": "1"}, nil, []string{`PROJECT:account is "1", but bootstrap's stack has "111111111111"`}},
		{"region", nil, map[string]string{"region": "eu-west-1"}, []string{`aws:region is "eu-central-1", but bootstrap's stack has "eu-west-1"`}},
		{"project", nil, map[string]string{"project": "web"}, []string{`the project is "` + infraProject(t) + `", but bootstrap's stack has "web"`}},
		{"attached", map[string]string{"attachTo": "web/live"}, nil, []string{`PROJECT:attachTo is "web/live", but bootstrap's stack has ""`}},
		{"boundary", map[string]string{"permissionsBoundary": ""}, nil, []string{`PROJECT:permissionsBoundary is "", but bootstrap's stack has "` + boundary + `"`}},
		{"domain", map[string]string{"domain": "api.example.org"}, nil, []string{"PROJECT:domain api.example.org is not in bootstrap's domains [example.com]"}},
		{"socket", map[string]string{"socketDomain": "ws.example.com.org"}, nil, []string{"PROJECT:socketDomain ws.example.com.org is not in bootstrap's domains [example.com]"}},
		{"zone", map[string]string{"zone": "com"}, nil, []string{"PROJECT:zone com is not in bootstrap's domains [example.com]"}},
		{"more", map[string]string{"additionalDomains": `["*.example.com","evilexample.com"]`}, nil, []string{"PROJECT:additionalDomains evilexample.com is not in bootstrap's domains [example.com]"}},
		{"a zone that the stack creates", nil, map[string]string{"hostedZones": `["Z1"]`}, []string{`the stack creates its zone, whose id cannot be in bootstrap's hostedZones [Z1]; set it to "*"`}},
		{"an existing zone", map[string]string{"createZone": "false"}, map[string]string{"hostedZones": `["Z1"]`}, nil},
	} {
		infra := map[string]string{"aws:region": "eu-central-1", theirs(t, "account"): "111111111111", theirs(t, "permissionsBoundary"): boundary,
			theirs(t, "domain"): "api.example.com", theirs(t, "additionalDomains"): "[]", theirs(t, "zone"): "example.com", theirs(t, "createZone"): "true"}
		bootstrap := map[string]string{ours(t, "account"): "111111111111", ours(t, "region"): "eu-central-1",
			ours(t, "project"): infraProject(t), ours(t, "domains"): `["example.com"]`, ours(t, "hostedZones"): `["*"]`}
		for key, value := range test.infra {
			infra[theirs(t, key)] = value
		}
		for key, value := range test.bootstrap {
			bootstrap[ours(t, key)] = value
		}
		for i := range test.want {
			test.want[i] = strings.ReplaceAll(test.want[i], "PROJECT", infraProject(t))
		}
		if diff := cmp.Diff(test.want, disagreements(t, infra, bootstrap, boundary)); diff != "" {
			t.Errorf("%s: -want +got:\n%s", test.name, diff)
		}
	}
}
