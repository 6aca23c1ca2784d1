package iam

import (
	"errors"
	"strings"

	"skiff/local/aws/awserr"
	"skiff/local/engine/provider"
	"skiff/local/store"
)

// Permit decides an action of a Pulumi program that runs with the session of a
// role. The uses of all its sessions are recorded as one: each job of a
// pipeline has a session of its own.
func (a *Authority) Permit(session string, action provider.Action) error {
	c, err := a.programOf(session)
	if err != nil {
		return err
	}
	return denied(a.Authorize(c, Request{Action: action.Name, Resource: action.Resource, Context: action.Context}))
}

// Assume takes another role for a program, and returns the ARN of its session.
// The caller needs the right to take it, and the role has to trust the caller
// (https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html).
func (a *Authority) Assume(session, roleARN, name string) (string, error) {
	c, err := a.programOf(session)
	if err != nil {
		return "", err
	}
	refused := awserr.New("AccessDenied", "User: %s is not authorized to perform: sts:AssumeRole on resource: %s", c.ARN, roleARN)
	r, err := a.role(roleARN)
	if errors.Is(err, store.ErrNotFound) {
		return "", refused
	}
	if err != nil {
		return "", err
	}
	asked := Request{Action: "sts:AssumeRole", Resource: roleARN, Context: map[string][]string{
		"aws:PrincipalArn": {c.RoleARN}, "aws:PrincipalAccount": {c.Account()}, "aws:SecureTransport": {"true"},
	}}
	trusted, err := admits(r, func(s statement) bool { return s.names(c) != nobody }, asked)
	if err != nil {
		return "", err
	}
	if !trusted {
		return "", refused
	}
	// Trust in the account leaves the decision to the caller's own policies.
	if asked.Policy, err = Parse(r.Inputs.AssumeRolePolicy, true); err != nil {
		return "", err
	}
	if err := a.Authorize(c, asked); err != nil {
		return "", denied(err)
	}
	return Session(roleARN, name).ARN, nil
}

// programOf is the caller that a program's session is, as long as its role is
// there. The ARN of a session has no path, and that of its role may have one.
func (a *Authority) programOf(session string) (Caller, error) {
	account, _ := splitRole(session)
	_, role, _ := strings.Cut(session, ":assumed-role/")
	role, _, _ = strings.Cut(role, "/")
	r, err := store.Get[Role](a.db, RoleToken, role)
	if errors.Is(err, store.ErrNotFound) || err == nil && r.Account != account {
		return Caller{}, awserr.New("InvalidClientTokenId", "The security token included in the request is invalid: the role of %s is gone", session)
	}
	return Caller{RoleARN: roleARNOf(r), ARN: session, program: true}, err
}

// denied is the error of a call by the name that most of AWS's services give it.
func denied(err error) error {
	if _, ok := errors.AsType[*Denied](err); ok {
		return awserr.New("AccessDenied", "%w", err)
	}
	return err
}
