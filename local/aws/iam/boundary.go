package iam

import (
	"errors"
	"fmt"

	"skiff/local/aws/awserr"
	"skiff/local/engine/provider"
	"skiff/local/store"
)

// rights are what the policies of one role say: those it holds, and its
// permissions boundary, nil where it has none that is held here.
type rights struct {
	policies []*Document
	boundary *Document
}

// decide joins what the kinds of policies say to a request, and names the one
// that decides. Within one account the caller's own policies or the resource's
// may allow; across accounts both must. The boundary bounds what either allows,
// but for a resource's policy that names the session itself.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html#access_policies_boundaries-eval-logic
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
func (r rights) decide(c Caller, asked Request) (Decision, PolicyKind) {
	identity, boundary := Evaluate(r.policies, asked), Allow
	if r.boundary != nil {
		boundary = Evaluate([]*Document{r.boundary}, asked)
	}
	resource, toward, same := ImplicitDeny, nobody, true
	if asked.Policy != nil {
		resource, toward = asked.Policy.evaluateFor(c, asked)
		same = sameAccount(c, asked)
	}
	switch {
	case identity == ExplicitDeny:
		return ExplicitDeny, IdentityBased
	case boundary == ExplicitDeny:
		return ExplicitDeny, PermissionsBoundary
	case resource == ExplicitDeny:
		return ExplicitDeny, ResourceBased
	case same && resource == Allow && toward == bySession:
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

// checkBoundary refuses a boundary that is not held here, as AWS does, to a
// program with a role. A person may rehearse a stack without what bounds it: a
// line beside the first role of each boundary says so.
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
	told := a.told[boundary]
	a.told[boundary] = true
	a.mu.Unlock()
	if !told && c.Log != nil {
		c.Log(fmt.Sprintf("the permissions boundary %s is not in the local cloud and bounds nothing until it is: bring up the stack that makes it (go run ./local -C DIR -state STATE pulumi up --stack STACK)", boundary))
	}
	return nil
}
