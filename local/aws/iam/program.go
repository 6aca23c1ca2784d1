package iam

import (
	"errors"
	"strings"

	"skiff/local/aws/awserr"
	"skiff/local/engine/provider"
	"skiff/local/store"
)

// Permit authorizes an action of a Pulumi program that runs with a session of a
// role. The uses of all sessions are recorded as one, because each job of a
// pipeline has its own session.
func (a *Authority) Permit(session string, action provider.Action) error {
	c, err := a.programOf(session)
	if err != nil {
		return err
	}
	return denied(a.Authorize(c, Request{Action: action.Name, Resource: action.Resource, Context: action.Context}))
}

// Assume assumes another role for a program, and returns the ARN of the new
// session. The caller needs the right to assume the role, and the role must
// trust the caller
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
	trusted, err := admits(r, func(s statement) bool { return s.namesCaller(c) != unnamed }, asked)
	if err != nil {
		return "", err
	}
	if !trusted {
		return "", refused
	}
	// If the role trusts the account, the caller's own policies decide.
	if asked.Policy, err = Parse(r.Inputs.AssumeRolePolicy, true); err != nil {
		return "", err
	}
	if err := a.Authorize(c, asked); err != nil {
		return "", denied(err)
	}
	return Session(roleARN, name).ARN, nil
}

// programOf returns the caller of a program's session while its role exists.
// The ARN of a session leaves out the path of the role.
func (a *Authority) programOf(session string) (Caller, error) {
	account, _ := splitRole(session)
	_, role, _ := strings.Cut(session, ":assumed-role/")
	role, _, _ = strings.Cut(role, "/")
	r, err := store.Get[Role](a.db, RoleToken, role)
	if errors.Is(err, store.ErrNotFound) || err == nil && r.Account != account {
		return Caller{}, awserr.New("InvalidClientTokenId", "The security token included in the request is invalid: the role of the session %s no longer exists", session)
	}
	return Caller{RoleARN: roleARNOf(r), ARN: session, program: true}, err
}

// denied turns a *Denied into AccessDenied, the code that most AWS services
// use.
func denied(err error) error {
	if _, ok := errors.AsType[*Denied](err); ok {
		return awserr.New("AccessDenied", "%w", err)
	}
	return err
}
