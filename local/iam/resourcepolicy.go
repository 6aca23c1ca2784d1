package iam

import (
	"slices"
	"strings"
)

// withResource joins what the caller's own policies say with what the
// resource's says. Within one account either may allow; across accounts both
// must
// (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html).
func withResource(identity, resource Decision, sameAccount bool) (decision Decision, byResource bool) {
	switch {
	case identity == ExplicitDeny:
		return ExplicitDeny, false
	case resource == ExplicitDeny:
		return ExplicitDeny, true
	case sameAccount && (identity == Allow || resource == Allow):
		return Allow, identity != Allow
	case sameAccount || identity != Allow:
		return ImplicitDeny, false
	}
	return resource, true
}

func sameAccount(c Caller, resource string) bool {
	account, _ := splitRole(resource)
	return account == c.Account()
}

// evaluateFor decides a request by the policy of its resource.
func (d *Document) evaluateFor(c Caller, r Request) Decision {
	own := &Document{}
	for _, s := range d.Statement {
		named, byAccount := s.names(c)
		// To name an account is to leave the decision to that account's own
		// policies: in its own account it allows nothing by itself.
		if named || byAccount && (s.Effect == "Deny" || !sameAccount(c, r.Resource)) {
			own.Statement = append(own.Statement, s)
		}
	}
	return Evaluate([]*Document{own}, r)
}

// names tells whether a statement is about a caller, itself or by its account.
func (s statement) names(c Caller) (named, byAccount bool) {
	p, everyone := s.principal()
	if everyone {
		return true, false
	}
	for _, name := range p.AWS {
		switch {
		case name == c.RoleARN || name == c.ARN:
			named = true
		case name == c.Account() || strings.HasPrefix(name, "arn:") && strings.HasSuffix(name, "::"+c.Account()+":root"):
			byAccount = true
		}
	}
	return named, byAccount
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
