package inspect

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"skiff/local/aws/lambda"
	"skiff/local/aws/scheduler"
)

// Schedule is a schedule of EventBridge Scheduler, or a scheduled rule of
// EventBridge.
type Schedule struct {
	Ref
	Rule                 bool
	Expression, Timezone string
	Disabled             bool
	Next                 time.Time // next run while the cloud serves; zero if there is none
	Targets              []string  // ARNs
}

// Schedules returns all schedules and scheduled rules, sorted by name.
func (i *Inspector) Schedules() ([]Schedule, error) {
	schedules, err := i.o.Schedules.List()
	if err != nil {
		return nil, err
	}
	rules, err := i.o.Rules.List()
	if err != nil {
		return nil, err
	}
	all := make([]Schedule, 0, len(schedules)+len(rules))
	for _, d := range schedules {
		all = append(all, Schedule{newRef(d.Name, d.ARN, d.URN), false, d.Expression, d.Timezone, d.Disabled, d.Next, []string{d.Target}})
	}
	for _, d := range rules {
		if d.Expression != "" {
			all = append(all, Schedule{newRef(d.Name, d.ARN, d.URN), true, d.Expression, "", d.Disabled, d.Next, d.Targets})
		}
	}
	return all, nil
}

// RunSchedule runs the schedule with the name, or else the rule, and returns
// the function's answer.
func (i *Inspector) RunSchedule(ctx context.Context, name string) (Invocation, error) {
	result, err := i.o.Schedules.Run(ctx, name)
	if !errors.Is(err, scheduler.ErrNoSchedule) {
		return invocationOf("", result), err
	}
	result, ok, failed := i.o.Rules.Run(ctx, name)
	if ok || failed != nil {
		return invocationOf("", result), failed
	}
	if names, failed := i.o.Rules.Scheduled(); failed == nil && len(names) > 0 {
		err = fmt.Errorf("%w; the rules with a schedule are %s", err, strings.Join(names, ", "))
	}
	return Invocation{}, err
}

func invocationOf(function string, r lambda.Result) Invocation {
	return Invocation{
		Function: function, RequestID: r.RequestID, Answer: string(r.Payload), Error: r.FunctionError,
		Duration: milliseconds(r.Duration), Init: milliseconds(r.Init), Log: string(r.Log),
	}
}
