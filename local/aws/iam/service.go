package iam

import "slices"

// AuthorizeService decides a call that a service, such as events.amazonaws.com,
// makes itself. Only the resource's policy decides. The error is a *Denied. A
// statement for everyone includes services
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

// ForSource returns the condition keys of a service's call on behalf of a
// resource.
func ForSource(sourceARN, account string) map[string][]string {
	return map[string][]string{"aws:SourceArn": {sourceARN}, "aws:SourceAccount": {account}, "aws:SecureTransport": {"true"}}
}
