package scheduler

import (
	"time"

	"skiff/local/store"
)

// Description is what a person sees of a schedule.
type Description struct {
	Name, ARN, URN       string
	Expression, Timezone string
	Disabled             bool
	Next                 time.Time // when it runs next; zero if it does not
	Target               string    // ARN
}

// List describes the schedules, by name.
func (s *Scheduler) List() ([]Description, error) {
	records, err := store.List[Schedule](s.o.Store, Token)
	if err != nil {
		return nil, err
	}
	all := make([]Description, 0, len(records))
	for _, r := range records {
		in := r.Inputs
		all = append(all, Description{
			Name: in.Name, ARN: scheduleARN(r), URN: r.URN, Expression: in.ScheduleExpression, Timezone: in.ScheduleExpressionTimezone,
			Disabled: in.State == "DISABLED", Next: nextRun(r, s.o.Now()), Target: in.Target.ARN,
		})
	}
	return all, nil
}
