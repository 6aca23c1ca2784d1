package inspect

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"time"

	"skiff/local/aws/iam"
	"skiff/local/aws/lambda"
	"skiff/local/aws/scheduler"
	"skiff/local/store"
)

// Schedule is a schedule, or a rule of EventBridge with one.
type Schedule struct {
	Ref
	Expression string
	State      string
	Next       time.Time
	Target     string
}

// Role is a role with its rights.
type Role struct {
	Ref
	Rights []iam.Holding
	Denied []iam.Use
}

// Schedules are all schedules.
func (i *Inspector) Schedules() ([]Schedule, error) {
	all, err := store.List[scheduler.Schedule](i.o.Store, scheduler.Token)
	var list []Schedule
	for _, r := range all {
		s := Schedule{Ref: newRef(r.Inputs.Name, "", r.URN), Expression: r.Inputs.ScheduleExpression, State: r.Inputs.State}
		s.Target = r.Inputs.Target.ARN[strings.LastIndexByte(r.Inputs.Target.ARN, ':')+1:]
		list = append(list, s)
	}
	return list, err
}

// RunSchedule runs a schedule now.
func (i *Inspector) RunSchedule(ctx context.Context, name string) (lambda.Result, error) {
	if i.o.Schedules == nil {
		return lambda.Result{}, errors.New("no schedules")
	}
	return i.o.Schedules.Run(ctx, name)
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
		r := Role{Ref: newRef(name, "", ""), Rights: held[name]}
		for _, u := range uses {
			if u.Role == name && !u.Allowed {
				r.Denied = append(r.Denied, u)
			}
		}
		roles = append(roles, r)
	}
	return roles, err
}
