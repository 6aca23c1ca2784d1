package inspect

import (
	"context"
	"maps"
	"slices"
	"time"

	"skiff/local/aws/iam"
	"skiff/local/aws/scheduler"
	"skiff/local/store"
)

// Schedule is a schedule of EventBridge Scheduler, or a rule of EventBridge with one.
type Schedule struct {
	Ref
	Rule                 bool
	Expression, Timezone string
	Disabled             bool
	Next                 time.Time // when it runs next while the cloud serves; zero if it does not
	Targets              []string  // ARNs
}

// Role is an IAM role with what it holds, and what of that was used.
type Role struct {
	Ref
	Functions []string // names of the functions that run with it
	Holdings  []iam.Holding
}

// Schedules are all schedules.
func (i *Inspector) Schedules() ([]Schedule, error) {
	all, err := store.List[scheduler.Schedule](i.o.Store, scheduler.Token)
	var list []Schedule
	for _, r := range all {
		list = append(list, Schedule{Ref: newRef(r.Inputs.Name, "", r.URN), Expression: r.Inputs.ScheduleExpression, Timezone: r.Inputs.ScheduleExpressionTimezone, Targets: []string{r.Inputs.Target.ARN}})
	}
	return list, err
}

// RunSchedule runs a schedule now.
func (i *Inspector) RunSchedule(ctx context.Context, name string) (Invocation, error) {
	r, err := i.o.Schedules.Run(ctx, name)
	return Invocation{RequestID: r.RequestID, Answer: string(r.Payload), Error: r.FunctionError}, err
}

// Roles are all roles.
func (i *Inspector) Roles() ([]Role, error) {
	uses, err := iam.ReadUses(i.o.UsesFile)
	if err != nil {
		return nil, err
	}
	held, err := i.o.Authority.Holdings(uses)
	var roles []Role
	for _, name := range slices.Sorted(maps.Keys(held)) {
		roles = append(roles, Role{Ref: newRef(name, "", ""), Holdings: held[name]})
	}
	return roles, err
}
