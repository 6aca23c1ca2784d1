package iam

import (
	"encoding/json"
	"fmt"
	"slices"

	"skiff/local/store"
)

// CheckTrust refuses a role that a service, such as lambda.amazonaws.com, may
// not assume. context holds the condition keys of the call.
func (a *Authority) CheckTrust(roleARN, service string, context map[string][]string) error {
	r, err := a.role(roleARN)
	if err != nil {
		return err
	}
	about := func(s statement) bool { return s.namesService(service) }
	allowed, err := admits(r, about, Request{Action: "sts:AssumeRole", Context: context})
	if err == nil && !allowed {
		err = fmt.Errorf("the role %s cannot be assumed by %s: its trust policy does not allow it", r.ID, service)
	}
	return err
}

// role returns the role with an ARN, which includes the path.
func (a *Authority) role(roleARN string) (store.Record[Role], error) {
	roles, err := store.List[Role](a.db, RoleToken)
	if err != nil {
		return store.Record[Role]{}, err
	}
	for _, r := range roles {
		if roleARNOf(r) == roleARN {
			return r, nil
		}
	}
	return store.Record[Role]{}, fmt.Errorf("the role %s does not exist: %w", roleARN, store.ErrNotFound)
}

// admits reports whether the trust policy of a role allows a request. Only the
// statements for which about is true count.
func admits(r store.Record[Role], about func(statement) bool, asked Request) (bool, error) {
	d, err := Parse(r.Inputs.AssumeRolePolicy, true)
	if err != nil {
		return false, err
	}
	d.Statement = slices.DeleteFunc(d.Statement, func(s statement) bool { return !about(s) })
	return Evaluate([]*Document{d}, asked) == Allow, nil
}

// principal holds the names of a statement's principals, by their types.
type principal struct{ AWS, Service, Federated words }

func (s statement) principal() (p principal, everyone bool) {
	if string(s.Principal) == `"*"` {
		return p, true
	}
	err := json.Unmarshal(s.Principal, &p)
	return p, err == nil && slices.Contains(p.AWS, "*")
}

// namesService reports whether a statement is about a service. "*" means every
// account, and no service.
func (s statement) namesService(service string) bool {
	p, _ := s.principal()
	return slices.Contains(p.Service, service)
}

// namesProvider reports whether a statement is about the users of an identity
// provider. A Deny for everyone includes them; an Allow for everyone does not,
// because they belong to no account.
func (s statement) namesProvider(providerARN string) bool {
	p, everyone := s.principal()
	return everyone && s.Effect == "Deny" || slices.Contains(p.Federated, providerARN)
}
