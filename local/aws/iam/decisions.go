package iam

// A question is a call that the policies of the caller's role decide alone: they
// say the same to it until one of them changes.
type question struct {
	caller           Caller
	action, resource string
}

// decisions are what the policies of a generation have said.
type decisions struct {
	generation uint64
	said       map[question]error
}

// maxDecisions is how many are kept before all go: resources such as log streams
// come without end.
const maxDecisions = 10_000

// questionOf reports whether the caller's policies decide a call alone.
func questionOf(c Caller, r Request) (q question, alone bool) {
	return question{c, r.Action, r.Resource}, r.Policy == nil && r.Context == nil && r.Owner == ""
}

// policies is the generation of what readRights reads.
func (a *Authority) policies() uint64 {
	return a.db.Generation(RoleToken, RolePolicyToken, PolicyToken, AttachmentToken)
}

// decided returns the decision that is kept for a question.
func (a *Authority) decided(q question) (said error, known bool) {
	generation := a.policies()
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.decisions.generation != generation {
		return nil, false
	}
	said, known = a.decisions.said[q]
	return said, known
}

// keep keeps a decision of a generation that was read before the policies were.
func (a *Authority) keep(q question, generation uint64, said error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if d := &a.decisions; d.said == nil || d.generation != generation || len(d.said) >= maxDecisions {
		a.decisions = decisions{generation, map[question]error{}}
	}
	a.decisions.said[q] = said
}
