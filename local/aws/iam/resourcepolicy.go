package iam

import (
	"slices"
	"strings"
)

func sameAccount(c Caller, r Request) bool {
	account := r.Owner
	if account == "" {
		account, _ = splitRole(r.Resource)
	}
	return account == c.Account()
}

// evaluateFor decides a request by the resource's policy. named is how an Allow
// names the caller: naming the session counts more than naming its role.
func (d *Document) evaluateFor(c Caller, r Request) (decision Decision, named principalKind) {
	own, session := &Document{}, &Document{}
	for _, s := range d.Statement {
		by := s.names(c)
		// A statement that names an account leaves the decision to the policies
		// of that account. Within the same account it allows nothing by itself.
		if by == unnamed || by == byAccount && s.Effect == "Allow" && sameAccount(c, r) {
			continue
		}
		own.Statement = append(own.Statement, s)
		if by == bySession {
			session.Statement = append(session.Statement, s)
		}
	}
	decision, named = Evaluate([]*Document{own}, r), byRole
	if decision == Allow && Evaluate([]*Document{session}, r) == Allow {
		named = bySession
	}
	return decision, named
}

// principalKind is how a statement names a caller.
type principalKind int

const (
	unnamed principalKind = iota
	byAccount
	byRole
	bySession
)

// names returns how a statement names a caller. "*" counts as naming the role:
// no AWS page says that it counts as more.
func (s statement) names(c Caller) principalKind {
	p, everyone := s.principal()
	most := unnamed
	if everyone {
		most = byRole
	}
	for _, name := range p.AWS {
		switch {
		case name == c.ARN:
			return bySession
		case name == c.RoleARN:
			most = byRole
		case name == c.Account() || strings.HasPrefix(name, "arn:") && strings.HasSuffix(name, "::"+c.Account()+":root"):
			most = max(most, byAccount)
		}
	}
	return most
}

// AllowsAccount reports whether a resource policy allows a call by an account,
// or by anyone in it.
func (d *Document) AllowsAccount(account string, r Request) bool {
	return slices.ContainsFunc(d.Statement, func(s statement) bool {
		return s.Effect == "Allow" && s.applies(r) && s.namesAccount(account)
	})
}

func (s statement) namesAccount(account string) bool {
	p, everyone := s.principal()
	return everyone || slices.ContainsFunc(p.AWS, func(name string) bool {
		of, _ := splitRole(name)
		return name == account || of == account
	})
}

// Public reports whether a resource policy allows everyone. A statement with a
// condition counts as not public
// (https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html#access-control-block-public-access-policy-status).
func (d *Document) Public() bool {
	return slices.ContainsFunc(d.Statement, func(s statement) bool {
		_, everyone := s.principal()
		return everyone && s.Effect == "Allow" && len(s.Condition) == 0
	})
}

// Outside returns the first action or resource in a resource policy for which
// the predicate is false, or "".
func (d *Document) Outside(action, resource func(string) bool) string {
	for _, s := range d.Statement {
		for _, name := range slices.Concat(s.Action, s.NotAction) {
			if !action(name) {
				return name
			}
		}
		for _, name := range slices.Concat(s.Resource, s.NotResource) {
			if !resource(name) {
				return name
			}
		}
	}
	return ""
}
