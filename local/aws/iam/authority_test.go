package iam

import (
	"errors"
	"strings"
	"sync"
	"testing"

	"skiff/local/engine/provider"
	"skiff/local/store"
)

const (
	account  = "111111111111"
	lambda   = "lambda.amazonaws.com"
	trust    = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"Service":"lambda.amazonaws.com"}}]}`
	readOnly = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"dynamodb:Get*","Resource":"*","Condition":{"StringEquals":{"aws:RequestedRegion":"eu-west-1","aws:PrincipalAccount":"111111111111"}}}]}`
	table    = "arn:aws:dynamodb:eu-west-1:111111111111:table/items"
)

func newAuthority(t *testing.T, record func(Use)) *Authority {
	t.Helper()
	db, err := store.Open(t.TempDir(), 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return NewAuthority(db, record)
}

// putRole declares a role and returns its ARN.
func putRole(t *testing.T, a *Authority, in Role) string {
	t.Helper()
	r := store.Record[Role]{ID: in.Name, Account: account, Inputs: in}
	if err := store.Put(a.db, RoleToken, in.Name, r); err != nil {
		t.Fatal(err)
	}
	return roleARNOf(r)
}

func putPolicy(t *testing.T, a *Authority, role, name, policy string) {
	t.Helper()
	r := store.Record[RolePolicy]{ID: role + ":" + name, Inputs: RolePolicy{Name: name, Role: role, Policy: policy}}
	if err := store.Put(a.db, RolePolicyToken, r.ID, r); err != nil {
		t.Fatal(err)
	}
}

func TestAuthorize(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	var uses []Use
	a := newAuthority(t, func(u Use) {
		mu.Lock()
		defer mu.Unlock()
		uses = append(uses, u)
	})
	caller := Session(putRole(t, a, Role{Name: "reader", Path: "/team/", AssumeRolePolicy: trust}), "get-item")
	if want := "arn:aws:sts::111111111111:assumed-role/reader/get-item"; caller.ARN != want {
		t.Fatalf("session %s, want %s", caller.ARN, want)
	}
	get := Request{Action: "dynamodb:GetItem", Resource: table}
	var denied *Denied
	if err := a.Authorize(caller, get); !errors.As(err, &denied) {
		t.Fatalf("without a policy: %v", err)
	}
	if want := "User: arn:aws:sts::111111111111:assumed-role/reader/get-item is not authorized to perform: dynamodb:GetItem on resource: " + table + " because no identity-based policy allows the dynamodb:GetItem action"; denied.Error() != want {
		t.Errorf("denied with\n%s\nwant\n%s", denied, want)
	}
	// A policy that is declared later applies immediately.
	putPolicy(t, a, "reader", "read", readOnly)
	for range 2 {
		if err := a.Authorize(caller, get); err != nil {
			t.Error(err)
		}
	}
	if err := a.Authorize(caller, Request{Action: "dynamodb:GetItem", Resource: strings.Replace(table, "eu-west-1", "us-east-1", 1)}); !errors.As(err, &denied) {
		t.Errorf("in another region: %v", err)
	}
	putPolicy(t, a, "reader", "no", `{"Statement":{"Effect":"Deny","Action":"*","Resource":"*"}}`)
	if err := a.Authorize(caller, get); !errors.As(err, &denied) || !strings.Contains(err.Error(), "with an explicit deny in an identity-based policy") {
		t.Errorf("after a Deny: %v", err)
	}
	want := []Use{
		{"reader", "get-item", "dynamodb:GetItem", table, false},
		{"reader", "get-item", "dynamodb:GetItem", table, true},
		{"reader", "get-item", "dynamodb:GetItem", strings.Replace(table, "eu-west-1", "us-east-1", 1), false},
	}
	if len(uses) != len(want) {
		t.Fatalf("recorded %v, want %v", uses, want)
	}
	for i := range want {
		if uses[i] != want[i] {
			t.Errorf("use %d is %v, want %v", i, uses[i], want[i])
		}
	}
}

// TestPassingIsOneUse checks that all log streams, and all connections, count
// as one use.
func TestPassingIsOneUse(t *testing.T) {
	t.Parallel()
	var uses []Use
	a := newAuthority(t, func(u Use) { uses = append(uses, u) })
	caller := Session(putRole(t, a, Role{Name: "r", AssumeRolePolicy: trust}), "f")
	for _, stream := range []string{"one", "two"} {
		a.Authorize(caller, Request{Action: "logs:PutLogEvents", Resource: "arn:aws:logs:r:1:log-group:g:log-stream:" + stream})
		a.Authorize(caller, Request{Action: "execute-api:ManageConnections", Resource: "arn:aws:execute-api:r:1:api/s/POST/@connections/" + stream})
	}
	if len(uses) != 2 || uses[0].Resource != "arn:aws:logs:r:1:log-group:g:log-stream:*" || uses[1].Resource != "arn:aws:execute-api:r:1:api/s/POST/@connections/*" {
		t.Errorf("recorded %v", uses)
	}
}

func TestCheckTrust(t *testing.T) {
	t.Parallel()
	form := func(statements string) string { return `{"Version":"2012-10-17","Statement":[` + statements + `]}` }
	const allow = `{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"Service":"lambda.amazonaws.com"}}`
	const from = `{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"Service":"lambda.amazonaws.com"},"Condition":{"StringEquals":{"aws:SourceAccount":"%"}}}`
	tests := []struct {
		name, policy string
		want         bool
	}{
		{"named", trust, true},
		{"one of several", form(strings.Replace(allow, `"lambda.amazonaws.com"`, `["ec2.amazonaws.com","lambda.amazonaws.com"]`, 1)), true},
		{"wildcard action", form(strings.Replace(allow, "sts:AssumeRole", "sts:*", 1)), true},
		{"from this account", form(strings.Replace(from, "%", account, 1)), true},
		{"from another account", form(strings.Replace(from, "%", "222222222222", 1)), false},
		{"another service", form(strings.Replace(allow, "lambda", "ec2", 1)), false},
		{"another action", form(strings.Replace(allow, "sts:AssumeRole", "sts:TagSession", 1)), false},
		{"an account", form(strings.Replace(allow, `{"Service":"lambda.amazonaws.com"}`, `{"AWS":"111111111111"}`, 1)), false},
		{"every account", form(strings.Replace(allow, `{"Service":"lambda.amazonaws.com"}`, `"*"`, 1)), false},
		{"denied", form(allow + "," + strings.Replace(allow, "Allow", "Deny", 1)), false},
		{"another denied", form(allow + "," + strings.Replace(strings.Replace(allow, "Allow", "Deny", 1), "lambda", "ec2", 1)), true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			a := newAuthority(t, nil)
			role := putRole(t, a, Role{Name: "r", AssumeRolePolicy: test.policy})
			err := a.CheckTrust(role, lambda, map[string][]string{"aws:SourceAccount": {account}})
			if (err == nil) != test.want {
				t.Errorf("trust: %v, want %v", err, test.want)
			}
			if err != nil && !strings.Contains(err.Error(), "the role r cannot be assumed by "+lambda) {
				t.Errorf("error %v", err)
			}
		})
	}
	a := newAuthority(t, nil)
	if err := a.CheckTrust("arn:aws:iam::111111111111:role/none", lambda, nil); err == nil || !strings.Contains(err.Error(), "role/none does not exist") {
		t.Errorf("a missing role: %v", err)
	}
}

func TestCheckRole(t *testing.T) {
	t.Parallel()
	long := strings.Replace(trust, "sts:AssumeRole", "sts:"+strings.Repeat("A", 2048), 1)
	spaced := strings.Replace(trust, ",", ","+strings.Repeat(" \n", 2000), 1)
	tests := []struct {
		name string
		in   Role
		want string
	}{
		{"plain", Role{Name: "a+=,.@-_", Path: "/a/b/", AssumeRolePolicy: spaced, MaxSessionDuration: 3600}, ""},
		{"not known yet", Role{}, ""},
		{"name", Role{Name: "a b"}, "name"},
		{"long name", Role{Name: strings.Repeat("a", 65)}, "name"},
		{"path", Role{Path: "team"}, "path"},
		{"policy", Role{AssumeRolePolicy: "{}"}, "assumeRolePolicy"},
		{"long policy", Role{AssumeRolePolicy: long}, "assumeRolePolicy"},
		{"session", Role{MaxSessionDuration: 60}, "maxSessionDuration"},
		{"boundary", Role{PermissionsBoundary: "arn:aws:iam::111111111111:role/x"}, "permissionsBoundary"},
		{"description", Role{Description: strings.Repeat("é", 1001)}, "description"},
	}
	for _, test := range tests {
		wantProblem(t, test.name, checkRole(test.in), test.want)
	}
	wantProblem(t, "policy", checkRolePolicy(RolePolicy{Name: "p", Policy: readOnly}), "")
	wantProblem(t, "policy name", checkRolePolicy(RolePolicy{Name: "p/"}), "name")
	wantProblem(t, "policy document", checkRolePolicy(RolePolicy{Policy: trust}), "policy")
}

func wantProblem(t *testing.T, name string, problems []provider.Problem, property string) {
	t.Helper()
	if property == "" && len(problems) > 0 || property != "" && (len(problems) != 1 || problems[0].Property != property) {
		t.Errorf("%s: problems %v, want %q", name, problems, property)
	}
}

func TestRolePolicies(t *testing.T) {
	t.Parallel()
	a := newAuthority(t, nil)
	create := func(role, name string, size int) error {
		return a.createRolePolicy(t.Context(), provider.Call{}, &store.Record[RolePolicy]{ID: role + ":" + name, Inputs: RolePolicy{Name: name, Role: role, Policy: strings.Repeat("x", size)}})
	}
	if err := create("none", "p", 1); err == nil || !strings.Contains(err.Error(), "NoSuchEntity: the role with name none") {
		t.Errorf("policy of a missing role: %v", err)
	}
	putRole(t, a, Role{Name: "r", AssumeRolePolicy: trust})
	putPolicy(t, a, "r", "first", strings.Repeat("x", 10000))
	if err := create("r", "second", 240); err != nil {
		t.Error(err)
	}
	if err := create("r", "second", 241); err == nil || !strings.Contains(err.Error(), "LimitExceeded: the inline policies of role r have 10241 characters; at most 10240") {
		t.Errorf("policies above the limit: %v", err)
	}
	if err := create("r", "first", 10240); err != nil {
		t.Errorf("a policy in place of itself: %v", err)
	}
}

func TestDeleteRole(t *testing.T) {
	t.Parallel()
	a := newAuthority(t, nil)
	for _, force := range []bool{false, true} {
		in := Role{Name: "r", AssumeRolePolicy: trust, ForceDetachPolicies: force}
		putRole(t, a, in)
		putPolicy(t, a, "r", "p", readOnly)
		err := a.deleteRole(t.Context(), provider.Call{}, store.Record[Role]{ID: "r", Inputs: in})
		_, found := store.Get[RolePolicy](a.db, RolePolicyToken, "r:p")
		if force && (err != nil || !errors.Is(found, store.ErrNotFound)) {
			t.Errorf("forced: %v; the policy: %v", err, found)
		}
		if !force && (err == nil || !strings.Contains(err.Error(), "DeleteConflict: cannot delete role r: its policy p")) {
			t.Errorf("with a policy: %v", err)
		}
	}
}

func TestDescribeRole(t *testing.T) {
	t.Parallel()
	out := describeRole(store.Record[Role]{ID: "r", Account: account, Inputs: Role{Name: "r"}})
	if out.ARN != "arn:aws:iam::111111111111:role/r" || out.Path != "/" || out.MaxSessionDuration != 3600 || len(out.UniqueID) != 21 {
		t.Errorf("described as %+v", out)
	}
}
