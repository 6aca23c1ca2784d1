package iam

import "strings"

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
