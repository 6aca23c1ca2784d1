package recording

import "testing"

// Prove checks that a rule holds for the stack, and that it fails for a clone
// that spoil breaks. A check that can never fail proves nothing.
func (s *Stack) Prove(t *testing.T, check func(*Stack) (offences []string), spoil func(*Stack)) {
	t.Helper()
	for _, failure := range s.prove(t, check, spoil) {
		t.Error(failure)
	}
}

func (s *Stack) prove(t *testing.T, check func(*Stack) []string, spoil func(*Stack)) (failures []string) {
	t.Helper()
	c := s.Clone(t)
	failures = append(failures, check(c)...)
	spoil(c)
	if len(check(c)) == 0 {
		failures = append(failures, "the rule also accepts the recording that breaks it")
	}
	return failures
}

// Set returns a spoil function that changes one input.
func Set(typ, name, property string, value any) func(*Stack) {
	return func(s *Stack) { s.Of(typ)[name].Inputs[property] = value }
}
