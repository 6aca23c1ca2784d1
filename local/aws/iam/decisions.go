package iam

// A question is a call that only the policies of the caller's role decide. The
// result stays the same until one of them changes.
type question struct {
	caller           Caller
	action, resource string
}

// decisions caches the results for one generation of the policies.
type decisions struct {
	generation uint64
	results    map[question]error
}

// maxDecisions limits the cache, which is emptied when full. Names such as log
// streams are unlimited.
const maxDecisions = 10_000

// questionOf reports whether only the caller's policies decide a call.
func questionOf(c Caller, r Request) (q question, alone bool) {
	return question{c, r.Action, r.Resource}, r.Policy == nil && r.Context == nil && r.Owner == ""
}

// policies returns the generation of the records that readRights reads.
func (a *Authority) policies() uint64 {
	return a.db.Generation(RoleToken, RolePolicyToken, PolicyToken, AttachmentToken)
}

// decided returns the cached result for a question.
func (a *Authority) decided(q question) (result error, known bool) {
	generation := a.policies()
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.decisions.generation != generation {
		return nil, false
	}
	result, known = a.decisions.results[q]
	return result, known
}

// keep caches a result. generation was read before the policies were.
func (a *Authority) keep(q question, generation uint64, result error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if d := &a.decisions; d.results == nil || d.generation != generation || len(d.results) >= maxDecisions {
		a.decisions = decisions{generation, map[question]error{}}
	}
	a.decisions.results[q] = result
}
