package iam

import (
	"errors"
	"fmt"

	"skiff/local/aws/awserr"
	"skiff/local/engine/provider"
	"skiff/local/store"
)

// rights holds the policies of one role, and its permissions boundary. boundary
// is nil if the role has none or if it is missing here.
type rights struct {
	policies []*Document
	boundary *Document
}

// decide combines the kinds of policies and returns which kind decided. Within
// one account, the caller's own policies or the resource's policy may allow a
// call; across accounts both must. The boundary limits both, except a resource
// policy that names the session itself.
//
// https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html#access_policies_boundaries-eval-logic
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
func (r rights) decide(c Caller, asked Request) (Decision, PolicyKind) {
	identity, boundary := Evaluate(r.policies, asked), Allow
	if r.boundary != nil {
		boundary = Evaluate([]*Document{r.boundary}, asked)
	}
	resource, named, same := ImplicitDeny, unnamed, true
	if asked.Policy != nil {
		resource, named = asked.Policy.evaluateFor(c, asked)
		same = sameAccount(c, asked)
	}
	switch {
	case identity == ExplicitDeny:
		return ExplicitDeny, IdentityBased
	case boundary == ExplicitDeny:
		return ExplicitDeny, PermissionsBoundary
	case resource == ExplicitDeny:
		return ExplicitDeny, ResourceBased
	case same && resource == Allow && named == bySession:
		return Allow, ResourceBased
	case identity != Allow && !(same && resource == Allow):
		return ImplicitDeny, IdentityBased
	case boundary != Allow:
		return ImplicitDeny, PermissionsBoundary
	case !same && resource != Allow:
		return ImplicitDeny, ResourceBased
	}
	return Allow, IdentityBased
}

// checkBoundary refuses a missing boundary, as AWS does, if the program runs
// with a role. A person may use a stack without its boundary; the first role of
// each missing boundary then logs a warning.
// https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateRole.html
func (a *Authority) checkBoundary(c provider.Call, r store.Record[Role]) error {
	boundary := r.Inputs.PermissionsBoundary
	if _, ok := awsPolicies()[boundary]; ok || boundary == "" {
		return nil
	}
	p, err := store.Get[Policy](a.db, PolicyToken, boundary)
	switch {
	case err == nil && p.Account == r.Account:
		return nil
	case err != nil && !errors.Is(err, store.ErrNotFound):
		return err
	case c.Caller != "":
		return awserr.New("NoSuchEntity", "Scope ARN: %s does not exist or is not attachable", boundary)
	}
	a.mu.Lock()
	warned := a.warned[boundary]
	a.warned[boundary] = true
	a.mu.Unlock()
	if !warned && c.Log != nil {
		c.Log(fmt.Sprintf("the permissions boundary %s is not in the local cloud and has no effect until it is: bring up the stack that creates it (go run ./local -C DIR -state STATE pulumi up --stack STACK)", boundary))
	}
	return nil
}
