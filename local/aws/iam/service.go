package iam

import "slices"

// AuthorizeService decides a call that a service, such as events.amazonaws.com,
// makes by itself, for which the policy of the resource alone counts: a call that
// it does not allow is a *Denied. A statement for everyone is for services, too
// (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html).
func AuthorizeService(service string, r Request) error {
	about := &Document{}
	if r.Policy != nil {
		for _, s := range r.Policy.Statement {
			p, everyone := s.principal()
			if everyone || slices.Contains(p.Service, service) {
				about.Statement = append(about.Statement, s)
			}
		}
	}
	decision := Evaluate([]*Document{about}, r)
	if decision == Allow {
		return nil
	}
	return &Denied{Caller: service, Request: r, Explicit: decision == ExplicitDeny, By: ResourceBased}
}

// ForSource is the condition keys of a call that a service makes for a resource.
func ForSource(sourceARN, account string) map[string][]string {
	return map[string][]string{"aws:SourceArn": {sourceARN}, "aws:SourceAccount": {account}, "aws:SecureTransport": {"true"}}
}
