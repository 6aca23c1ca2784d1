package iam

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"skiff/local/engine/provider"
	"skiff/local/store"
)

// TestPermit checks what a program may do with its role, and that the uses of
// all jobs are recorded as one.
func TestPermit(t *testing.T) {
	t.Parallel()
	var uses []Use
	a := newAuthority(t, func(u Use) { uses = append(uses, u) })
	a.Recorded([]Use{{Role: "deploy", Action: "dynamodb:GetItem", Resource: table, Allowed: true}})
	putRole(t, a, Role{Name: "deploy", Path: "/bootstrap/", AssumeRolePolicy: trust})
	putPolicy(t, a, "deploy", "p", `{"Statement":[{"Effect":"Allow","Action":"dynamodb:*","Resource":"*"},{"Effect":"Allow","Action":"acm:RequestCertificate","Resource":"*",`+
		`"Condition":{"ForAllValues:StringLike":{"acm:DomainNames":["*.example.com"]},"StringEquals":{"aws:RequestedRegion":"eu-west-1"}}}]}`)
	const session = "arn:aws:sts::" + account + ":assumed-role/deploy/gitlab-"
	names := func(names ...string) map[string][]string {
		return map[string][]string{"acm:DomainNames": names, "aws:RequestedRegion": {"eu-west-1"}}
	}
	for _, test := range []struct {
		session string
		action  provider.Action
		want    string
	}{
		{session + "1", provider.Action{Name: "dynamodb:DescribeTable", Resource: table}, ""},
		{session + "2", provider.Action{Name: "dynamodb:DescribeTable", Resource: table}, ""},
		{session + "2", provider.Action{Name: "dynamodb:GetItem", Resource: table}, ""},
		{session + "2", provider.Action{Name: "acm:RequestCertificate", Resource: "*", Context: names("a.example.com", "b.example.com")}, ""},
		{session + "3", provider.Action{Name: "acm:RequestCertificate", Resource: "*", Context: names("a.example.com", "example.org")},
			"AccessDenied: User: " + session + "3 is not authorized to perform: acm:RequestCertificate on resource: * because no identity-based policy allows the acm:RequestCertificate action"},
		{"arn:aws:sts::222222222222:assumed-role/deploy/gitlab-1", provider.Action{Name: "dynamodb:DescribeTable", Resource: table}, "InvalidClientTokenId: "},
		{"arn:aws:sts::" + account + ":assumed-role/gone/gitlab-1", provider.Action{Name: "dynamodb:DescribeTable", Resource: table}, "InvalidClientTokenId: "},
	} {
		err := a.Permit(test.session, test.action)
		if test.want == "" && err != nil || test.want != "" && (err == nil || !strings.HasPrefix(err.Error(), test.want)) {
			t.Errorf("%s, %s: %v, want %q", test.session, test.action.Name, err, test.want)
		}
	}
	want := []Use{
		{Role: "deploy", Action: "dynamodb:DescribeTable", Resource: table, Allowed: true},
		{Role: "deploy", Action: "acm:RequestCertificate", Resource: "*", Allowed: true},
		{Role: "deploy", Action: "acm:RequestCertificate", Resource: "*"},
	}
	if diff := cmp.Diff(want, uses); diff != "" {
		t.Errorf("recorded (-want +got)\n%s", diff)
	}
}

// TestAssume checks which callers may assume a role, by its trust policy and by
// their own policies.
func TestAssume(t *testing.T) {
	t.Parallel()
	const session, other, foreign = "arn:aws:sts::" + account + ":assumed-role/deploy/job", "arn:aws:iam::" + account + ":role/other", "arn:aws:iam::222222222222:role/foreign"
	const deploy, all = `{"AWS":"arn:aws:iam::` + account + `:role/bootstrap/deploy"}`, `{"AWS":"` + account + `"}`
	for _, test := range []struct {
		name, effect, role, principal string
		want                          string
	}{
		{"trusted by name", "", other, deploy, ""},
		{"trusted by account, without the right", "", other, all, "because no identity-based policy allows the sts:AssumeRole action"},
		{"trusted by account, with the right", "Allow", other, all, ""},
		{"not trusted, with the right", "Allow", other, `{"Service":"lambda.amazonaws.com"}`, "is not authorized to perform: sts:AssumeRole on resource: " + other},
		{"trusted, and denied", "Deny", other, deploy, "with an explicit deny in an identity-based policy"},
		{"of another account, without the right", "", foreign, deploy, "because no identity-based policy allows the sts:AssumeRole action"},
		{"of another account, with the right", "Allow", foreign, all, ""},
		{"a missing role", "Allow", other + "2", deploy, "is not authorized to perform: sts:AssumeRole on resource: " + other + "2"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			a := newAuthority(t, nil)
			putRole(t, a, Role{Name: "deploy", Path: "/bootstrap/", AssumeRolePolicy: trust})
			if test.effect != "" {
				putPolicy(t, a, "deploy", "p", `{"Statement":{"Effect":"`+test.effect+`","Action":"sts:AssumeRole","Resource":"*"}}`)
			}
			for _, role := range []string{other, foreign} {
				account, name := splitRole(role)
				r := store.Record[Role]{ID: name, Account: account, Inputs: Role{Name: name, AssumeRolePolicy: `{"Statement":{"Effect":"Allow","Action":"sts:AssumeRole","Principal":` + test.principal + `}}`}}
				if err := store.Put(a.db, RoleToken, name, r); err != nil {
					t.Fatal(err)
				}
			}
			got, err := a.Assume(session, test.role, "x")
			of, name := splitRole(test.role)
			if test.want == "" && (err != nil || got != "arn:aws:sts::"+of+":assumed-role/"+name+"/x") {
				t.Errorf("assume %s: %v", got, err)
			}
			if test.want != "" && (err == nil || !strings.HasPrefix(err.Error(), "AccessDenied: User: "+session+" is not") || !strings.HasSuffix(err.Error(), test.want)) {
				t.Errorf("assume %s: %v, want %q", got, err, test.want)
			}
		})
	}
}

func TestReadUses(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "calls.jsonl")
	if uses, err := ReadUses(file); err != nil || uses != nil {
		t.Errorf("of none: %v, %v", uses, err)
	}
	if err := os.WriteFile(file, []byte(`{"Role":"r","Action":"a:B","Resource":"*","Allowed":true}`+"\n"+`{"Role":"r","Ac`), 0o600); err != nil {
		t.Fatal(err)
	}
	uses, err := ReadUses(file)
	if diff := cmp.Diff([]Use{{Role: "r", Action: "a:B", Resource: "*", Allowed: true}}, uses); err != nil || diff != "" {
		t.Errorf("%v\n%s", err, diff)
	}
}
