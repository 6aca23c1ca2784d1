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

// TestFilesAgree holds the two files of each stack to each other: the one that
// prepares its account, and the one that is deployed there.
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

// disagreements is a line for each setting of the deployed stack that does not
// fit bootstrap's.
func disagreements(t *testing.T, infra, bootstrap map[string]string, boundary string) (lines []string) {
	t.Helper()
	for _, pair := range []struct{ about, got, want string }{
		{"skiff:account", infra["skiff:account"], bootstrap["skiff-bootstrap:account"]},
		{"aws:region", infra["aws:region"], bootstrap["skiff-bootstrap:region"]},
		{"skiff:attachTo", infra["skiff:attachTo"], bootstrap["skiff-bootstrap:attachTo"]},
		{"skiff:permissionsBoundary", infra["skiff:permissionsBoundary"], boundary},
		{"the project", infraProject(t), bootstrap["skiff-bootstrap:project"]},
	} {
		if pair.got != pair.want {
			lines = append(lines, fmt.Sprintf("%s is %q, bootstrap's stack has %q", pair.about, pair.got, pair.want))
		}
	}
	covered := list(t, bootstrap["skiff-bootstrap:domains"])
	for _, key := range []string{"domain", "additionalDomains", "socketDomain", "zone"} {
		for _, name := range list(t, infra["skiff:"+key]) {
			if !slices.ContainsFunc(covered, func(domain string) bool { return name == domain || strings.HasSuffix(name, "."+domain) }) {
				lines = append(lines, fmt.Sprintf("skiff:%s %s is none of bootstrap's domains %v", key, name, covered))
			}
		}
	}
	zones := list(t, bootstrap["skiff-bootstrap:hostedZones"])
	if infra["skiff:domain"] != "" && infra["skiff:createZone"] == "true" && !slices.Contains(zones, "*") {
		lines = append(lines, fmt.Sprintf(`the stack makes its zone, whose id is none of bootstrap's hostedZones %v; that takes "*"`, zones))
	}
	return lines
}

// list is the names of a setting that is one, a list in JSON, or nothing.
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

// Each disagreement is one that the comparison finds.
func TestDisagreements(t *testing.T) {
	t.Parallel()
	const boundary = "arn:aws:iam::111111111111:policy/bootstrap/x"
	for _, test := range []struct {
		name             string
		infra, bootstrap map[string]string
		want             []string
	}{
		{"none", nil, nil, nil},
		{"account", map[string]string{"account": "1"}, nil, []string{`skiff:account is "1", bootstrap's stack has "111111111111"`}},
		{"region", nil, map[string]string{"region": "eu-west-1"}, []string{`aws:region is "eu-central-1", bootstrap's stack has "eu-west-1"`}},
		{"project", nil, map[string]string{"project": "web"}, []string{`the project is "` + infraProject(t) + `", bootstrap's stack has "web"`}},
		{"attached", map[string]string{"attachTo": "web/live"}, nil, []string{`skiff:attachTo is "web/live", bootstrap's stack has ""`}},
		{"boundary", map[string]string{"permissionsBoundary": ""}, nil, []string{`skiff:permissionsBoundary is "", bootstrap's stack has "` + boundary + `"`}},
		{"domain", map[string]string{"domain": "api.example.org"}, nil, []string{"skiff:domain api.example.org is none of bootstrap's domains [example.com]"}},
		{"socket", map[string]string{"socketDomain": "ws.example.com.org"}, nil, []string{"skiff:socketDomain ws.example.com.org is none of bootstrap's domains [example.com]"}},
		{"zone", map[string]string{"zone": "com"}, nil, []string{"skiff:zone com is none of bootstrap's domains [example.com]"}},
		{"more", map[string]string{"additionalDomains": `["*.example.com","evilexample.com"]`}, nil, []string{"skiff:additionalDomains evilexample.com is none of bootstrap's domains [example.com]"}},
		{"a zone it makes", nil, map[string]string{"hostedZones": `["Z1"]`}, []string{`the stack makes its zone, whose id is none of bootstrap's hostedZones [Z1]; that takes "*"`}},
		{"a zone that is there", map[string]string{"createZone": "false"}, map[string]string{"hostedZones": `["Z1"]`}, nil},
	} {
		infra := map[string]string{"aws:region": "eu-central-1", "skiff:account": "111111111111", "skiff:permissionsBoundary": boundary,
			"skiff:domain": "api.example.com", "skiff:additionalDomains": "[]", "skiff:zone": "example.com", "skiff:createZone": "true"}
		bootstrap := map[string]string{"skiff-bootstrap:account": "111111111111", "skiff-bootstrap:region": "eu-central-1",
			"skiff-bootstrap:project": infraProject(t), "skiff-bootstrap:domains": `["example.com"]`, "skiff-bootstrap:hostedZones": `["*"]`}
		for key, value := range test.infra {
			infra["skiff:"+key] = value
		}
		for key, value := range test.bootstrap {
			bootstrap["skiff-bootstrap:"+key] = value
		}
		if diff := cmp.Diff(test.want, disagreements(t, infra, bootstrap, boundary)); diff != "" {
			t.Errorf("%s: -want +got:\n%s", test.name, diff)
		}
	}
}
