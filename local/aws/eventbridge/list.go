package eventbridge

import (
	"time"

	"skiff/local/store"
)

// Description is what a person sees of a rule with a schedule.
type Description struct {
	Name, ARN, URN string
	Expression     string
	Disabled       bool
	Next           time.Time // when it runs next; zero if it does not
	Targets        []string  // ARNs
}

// ListScheduled describes the rules with a schedule, by bus and name.
func (r *Rules) ListScheduled() ([]Description, error) {
	records, err := store.List[Rule](r.o.Store, RuleToken)
	if err != nil {
		return nil, err
	}
	var all []Description
	for _, rule := range records {
		in := rule.Inputs
		if in.ScheduleExpression == "" {
			continue
		}
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
