package eventbridge

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"skiff/local/aws/arn"
	"skiff/local/aws/lambda"
	"skiff/local/aws/schedule"
	"skiff/local/store"
)

// runDue runs each rule that became due after since and no later than now,
// once. It returns when the next rule is due.
func (r *Rules) runDue(since, now time.Time) (next time.Time) {
	all, err := store.List[Rule](r.o.Store, RuleToken)
	if err != nil {
		r.report(fmt.Errorf("rules: %w", err))
		return next
	}
	return schedule.RunDue(all, since, now, nextRun, func(rule store.Record[Rule], at time.Time) {
		if err := r.fire(rule, at); err != nil {
			r.report(fmt.Errorf("rule %s: %w", rule.Inputs.Name, err))
		}
	})
}

// nextRun returns when a rule runs next, or the zero time if it does not. A
// rate runs first one interval after the rule was created, so targets exist by
// then; AWS does not document this.
func nextRun(rule store.Record[Rule], since time.Time) time.Time {
	if rule.Inputs.ScheduleExpression == "" || rule.Inputs.state() == disabled {
		return time.Time{}
	}
	e, err := parseSchedule(rule.Inputs.ScheduleExpression)
	if err != nil {
		return time.Time{}
	}
	begun, _ := time.Parse(time.RFC3339Nano, rule.State["begun"])
	if since.Before(begun) {
		since = begun
	}
	return e.Next(since, begun)
}

// scheduled returns the event of
// https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-run-lambda-schedule.html.
func scheduled(rule store.Record[Rule], at time.Time) ([]byte, error) {
	return encode(event{
		Version: "0", ID: uuid.NewString(), DetailType: "Scheduled Event", Source: "aws.events", Account: rule.Account,
		Time: stamp(at), Region: rule.Region, Resources: []string{ruleARN(rule)}, Detail: json.RawMessage("{}"),
	})
}

func (r *Rules) fire(rule store.Record[Rule], at time.Time) error {
	data, err := scheduled(rule, at)
	if err != nil {
		return err
	}
	return r.deliver(rule, data)
}

// Scheduled returns the sorted names of the scheduled rules.
func (r *Rules) Scheduled() ([]string, error) {
	all, err := store.List[Rule](r.o.Store, RuleToken)
	var names []string
	for _, rule := range all {
		if rule.Inputs.ScheduleExpression != "" {
			names = append(names, rule.Inputs.Name)
		}
	}
	slices.Sort(names)
	return names, err
}

// Run runs a scheduled rule now, even a disabled one, and returns the answer of
// its function. name is its name in AWS or in the Pulumi program; ok is false
// if no rule has it. A failed function is not retried. A rule with several
// targets returns an object with the target ids as keys; the value of a queue
// is null.
func (r *Rules) Run(ctx context.Context, name string) (result lambda.Result, ok bool, err error) {
	all, err := store.List[Rule](r.o.Store, RuleToken)
	if err != nil {
		return result, false, err
	}
	var found []store.Record[Rule]
	var names []string
	for _, rule := range all {
		if rule.Inputs.ScheduleExpression == "" {
			continue
		}
		if rule.Inputs.Name == name {
			result, err = r.runNow(ctx, rule)
			return result, true, err
		}
		if logicalName(rule) == name {
			found, names = append(found, rule), append(names, rule.Inputs.Name)
		}
	}
	switch len(found) {
	case 0:
		return result, false, nil
	case 1:
		result, err = r.runNow(ctx, found[0])
		return result, true, err
	}
	return result, true, fmt.Errorf("several rules have the name %s; use one of %s", name, strings.Join(names, ", "))
}

func (r *Rules) runNow(ctx context.Context, rule store.Record[Rule]) (lambda.Result, error) {
	fail := func(err error) (lambda.Result, error) {
		return lambda.Result{}, fmt.Errorf("rule %s: %w", rule.Inputs.Name, err)
	}
	data, err := scheduled(rule, r.o.Now())
	if err != nil {
		return fail(err)
	}
	targets, err := r.targetsOf(rule)
	if err != nil {
		return fail(err)
	}
	if len(targets) == 0 {
		return fail(fmt.Errorf("it has no target"))
	}
	answers := map[string]json.RawMessage{}
	for _, t := range targets {
		if arn.IsQueue(t.Inputs.ARN) {
			if err := r.send(rule, t, data); err != nil {
				return fail(fmt.Errorf("target %s: %w", t.Inputs.ARN, err))
			}
			answers[t.State["targetId"]] = json.RawMessage("null")
			continue
		}
		payload, err := t.Inputs.payload(rule, data, r.o.Now())
		if err != nil {
			return fail(err)
		}
		result, err := r.o.Functions.InvokeFor(ctx, service, ruleARN(rule), t.Inputs.ARN, payload)
		if err != nil {
			return fail(fmt.Errorf("target %s: %w", t.Inputs.ARN, err))
		}
		if len(targets) == 1 || result.FunctionError != "" {
			return result, nil
		}
		answers[t.State["targetId"]] = result.Payload
	}
	all, err := encode(answers)
	return lambda.Result{Payload: all}, err
}
