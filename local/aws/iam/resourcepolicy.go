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

// evaluateFor decides a request by the policy of its resource. Toward is whom an
// Allow is for: the session itself counts more than its role does.
func (d *Document) evaluateFor(c Caller, r Request) (decision Decision, toward principalKind) {
	own, session := &Document{}, &Document{}
	for _, s := range d.Statement {
		by := s.names(c)
		// To name an account is to leave the decision to that account's own
		// policies: in its own account it allows nothing by itself.
		if by == nobody || by == byAccount && s.Effect == "Allow" && sameAccount(c, r) {
			continue
		}
		own.Statement = append(own.Statement, s)
		if by == bySession {
			session.Statement = append(session.Statement, s)
		}
	}
	decision, toward = Evaluate([]*Document{own}, r), byRole
	if decision == Allow && Evaluate([]*Document{session}, r) == Allow {
		toward = bySession
	}
	return decision, toward
}

// principalKind is how a statement names a caller.
type principalKind int

const (
	nobody principalKind = iota
	byAccount
	byRole
	bySession
)

// names tells how a statement names a caller. "*" counts as the role: it is not
// documented to count as more.
func (s statement) names(c Caller) principalKind {
	p, everyone := s.principal()
	most := nobody
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

// AllowsAccount tells whether the policy of a resource lets an account, or
// someone of it, make a call.
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

// Public tells whether the policy of a resource lets in everyone. A statement
// with a condition is taken to let in some
// (https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html#access-control-block-public-access-policy-status).
func (d *Document) Public() bool {
	return slices.ContainsFunc(d.Statement, func(s statement) bool {
		_, everyone := s.principal()
		return everyone && s.Effect == "Allow" && len(s.Condition) == 0
	})
}

// Outside is the first action or resource that the policy of a resource names
// and that a predicate does not take; "" if it takes all.
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
