package iam

import (
	"strings"
	"testing"

	"skiff/local/engine/provider"
	"skiff/local/store"
)

const bound = "arn:aws:iam::" + account + ":policy/bootstrap/bound"

// putManaged declares a managed policy.
func putManaged(t *testing.T, a *Authority, policyARN, policy string) {
	t.Helper()
	account, name := splitRole(policyARN)
	r := store.Record[Policy]{ID: policyARN, Account: account, Inputs: Policy{Name: name, Policy: policy}}
	if err := store.Put(a.db, PolicyToken, r.ID, r); err != nil {
		t.Fatal(err)
	}
}

// TestBoundary checks what a role with a boundary may do.
func TestBoundary(t *testing.T) {
	t.Parallel()
	const queue, foreign = "arn:aws:sqs:eu-west-1:" + account + ":q", "arn:aws:sqs:eu-west-1:222222222222:q"
	const role, session = `{"AWS":"arn:aws:iam::` + account + `:role/r"}`, `{"AWS":"arn:aws:sts::` + account + `:assumed-role/r/f"}`
	const none, everything = "", `{"Effect":"Allow","Action":"*","Resource":"*"}`
	const deny, elsewhere = `{"Effect":"Deny","Action":"sqs:*","Resource":"*"},` + everything, `{"Effect":"Allow","Action":"s3:*","Resource":"*"}`
	const byBoundary, byDeny = "because no permissions boundary allows the sqs:SendMessage action", "with an explicit deny in a permissions boundary"
	for _, test := range []struct{ name, identity, boundary, queue, principal, want string }{
		{"both allow", everything, everything, queue, none, ""},
		{"the boundary allows nothing", everything, elsewhere, queue, none, byBoundary},
		{"the boundary alone allows", elsewhere, everything, queue, none, "because no identity-based policy allows the sqs:SendMessage action"},
		{"neither allows", elsewhere, elsewhere, queue, none, "no identity-based policy"},
		{"the boundary denies", everything, deny, queue, none, byDeny},
		{"the role's policy denies", deny, everything, queue, none, "with an explicit deny in an identity-based policy"},
		{"the queue lets the role in", elsewhere, elsewhere, queue, role, byBoundary},
		{"the queue lets everyone in", elsewhere, elsewhere, queue, `"*"`, byBoundary},
		{"the queue lets the role in, and the boundary", elsewhere, everything, queue, role, ""},
		{"the queue lets the session in", elsewhere, elsewhere, queue, session, ""},
		{"the queue lets the session in, and the boundary denies", everything, deny, queue, session, byDeny},
		{"a queue of another account", everything, everything, foreign, session, ""},
		{"a queue of another account, out of bounds", everything, elsewhere, foreign, session, byBoundary},
		{"a missing boundary", everything, none, queue, none, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			a := newAuthority(t, nil)
			caller := Session(putRole(t, a, Role{Name: "r", AssumeRolePolicy: trust, PermissionsBoundary: bound}), "f")
			putPolicy(t, a, "r", "p", `{"Statement":[`+test.identity+`]}`)
			if test.boundary != none {
				putManaged(t, a, bound, `{"Statement":[`+test.boundary+`]}`)
			}
			asked := Request{Action: "sqs:SendMessage", Resource: test.queue}
			if test.principal != none {
				var err error
				if asked.Policy, err = ParseResource(`{"Statement":{"Effect":"Allow","Principal":` + test.principal + `,"Action":"sqs:*","Resource":"*"}}`); err != nil {
					t.Fatal(err)
				}
			}
			err := a.Authorize(caller, asked)
			if test.want == "" && err != nil || test.want != "" && (err == nil || !strings.HasSuffix(err.Error(), test.want) && !strings.Contains(err.Error(), test.want)) {
				t.Errorf("decided %v, want %q", err, test.want)
			}
		})
	}
}

// TestBoundaryIsMissing creates roles whose boundary is missing. A person gets
// one warning; a program with a role is refused.
func TestBoundaryIsMissing(t *testing.T) {
	t.Parallel()
	a := newAuthority(t, nil)
	roles, _ := resourceTypes(a)
	var lines []string
	person := provider.Call{Account: account, Log: func(line string) { lines = append(lines, line) }}
	job := person
	job.Caller = "arn:aws:sts::" + account + ":assumed-role/deploy/job"
	make := func(c provider.Call, boundary string) error {
		return roles.Create(t.Context(), c, &store.Record[Role]{ID: "r", Account: account, Inputs: Role{Name: "r", PermissionsBoundary: boundary}})
	}
	for _, boundary := range []string{"", bound, bound, bound + "2"} {
		if err := make(person, boundary); err != nil {
			t.Error(err)
		}
	}
	if len(lines) != 2 || !strings.Contains(lines[0], bound+" is not in the local cloud") || !strings.Contains(lines[1], bound+"2 is not") {
		t.Errorf("a person gets the warnings %q", lines)
	}
	const want = "NoSuchEntity: Scope ARN: " + bound + " does not exist or is not attachable"
	if err := make(job, bound); err == nil || err.Error() != want {
		t.Errorf("a role creates one: %v", err)
	}
	was := store.Record[Role]{ID: "r", Account: account, Inputs: Role{Name: "r"}}
	is := was
	is.Inputs.PermissionsBoundary = bound
	if err := roles.Update(t.Context(), job, was, &is); err == nil || err.Error() != want {
		t.Errorf("an update by a role: %v", err)
	}
	if err := roles.Update(t.Context(), job, is, &is); err != nil {
		t.Errorf("a boundary that stays: %v", err)
	}
	putManaged(t, a, bound, readOnly)
	if err := make(job, bound); err != nil {
		t.Errorf("a boundary that exists: %v", err)
	}
	putManaged(t, a, strings.Replace(bound, account, "222222222222", 1), readOnly)
	if err := make(job, strings.Replace(bound, account, "222222222222", 1)); err == nil {
		t.Error("a boundary of another account is accepted")
	}
}
