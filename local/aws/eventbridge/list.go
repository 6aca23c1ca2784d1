package eventbridge

import (
	"time"

	"skiff/local/store"
)

// Description is what a person sees of a rule.
type Description struct {
	Name, ARN, URN string
	Expression     string // of the schedule; "" for a rule with an event pattern only
	Disabled       bool
	Next           time.Time // when it runs next; zero if it does not
	Targets        []string  // ARNs
}

// List describes the rules, by bus and name.
func (r *Rules) List() ([]Description, error) {
	records, err := store.List[Rule](r.o.Store, RuleToken)
	if err != nil {
		return nil, err
	}
	var all []Description
	for _, rule := range records {
		in := rule.Inputs
		d := Description{
			Name: in.Name, ARN: ruleARN(rule), URN: rule.URN, Expression: in.ScheduleExpression,
			Disabled: in.state() == disabled, Next: nextRun(rule, r.o.Now()),
		}
		targets, err := r.targetsOf(rule)
		if err != nil {
			return nil, err
		}
		for _, t := range targets {
			d.Targets = append(d.Targets, t.Inputs.ARN)
		}
		all = append(all, d)
	}
	return all, nil
}
