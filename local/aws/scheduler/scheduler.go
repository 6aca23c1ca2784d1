// Package scheduler emulates Amazon EventBridge Scheduler: schedules that
// invoke functions, each with the rights of its role.
//
// Schedules run while the cloud serves; missed times are not repeated. A
// schedule with a flexible window runs at the start of its window.
package scheduler

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/go-json-experiment/json"

	"skiff/local/aws/iam"
	"skiff/local/aws/lambda"
	"skiff/local/aws/schedule"
	"skiff/local/store"
)

// Functions invokes functions with the rights of a caller.
type Functions interface {
	// Send invokes a function asynchronously, with Lambda's retries.
	Send(c iam.Caller, function string, payload []byte) error

	// InvokeAs invokes a function and waits for its result.
	InvokeAs(ctx context.Context, c iam.Caller, function string, payload []byte) (lambda.Result, error)
}

// Queues sends messages to queues.
type Queues interface {
	Send(c iam.Caller, queueARN, body string, attributes map[string]string) error
}

// Options configures a Scheduler.
type Options struct {
	Store     *store.Store
	Authority *iam.Authority
	Functions Functions
	Queues    Queues
	Report    func(err error) // is called if a schedule cannot run; may be nil

	// Now and After are the clock. Nil means time.Now and time.After.
	Now   func() time.Time
	After func(time.Duration) <-chan time.Time
}

// Scheduler runs the schedules in a store. It is safe for concurrent use.
type Scheduler struct {
	o      Options
	runner *schedule.Runner
}

// New returns a scheduler for the schedules in a store. Start runs them.
func New(o Options) *Scheduler {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.After == nil {
		o.After = time.After
	}
	s := &Scheduler{o: o}
	s.runner = schedule.NewRunner(o.Now, o.After, s.runDue)
	return s
}

// Start runs the schedules from now on, until Close.
func (s *Scheduler) Start() { s.runner.Start() }

// Close prevents further runs.
func (s *Scheduler) Close() { s.runner.Close() }

// runDue starts each schedule that became due after since and no later than
// now, once. It returns when the next is due.
func (s *Scheduler) runDue(since, now time.Time) (next time.Time) {
	all, err := store.List[Schedule](s.o.Store, Token)
	if err != nil {
		s.report(fmt.Errorf("schedules: %w", err))
		return next
	}
	return schedule.RunDue(all, since, now, nextRun, func(r store.Record[Schedule], at time.Time) {
		if err := s.start(r, at); err != nil {
			s.report(fmt.Errorf("schedule %s: %w", r.Inputs.Name, err))
		}
	})
}

// nextRun returns when a schedule runs next, or the zero time if it does not.
func nextRun(r store.Record[Schedule], since time.Time) time.Time {
	in := r.Inputs
	e, err := schedule.Parse(in.ScheduleExpression, in.ScheduleExpressionTimezone)
	if err != nil || in.State == "DISABLED" {
		return time.Time{}
	}
	begun, _ := time.Parse(time.RFC3339Nano, r.State["begun"])
	_, onlyOnce := e.(schedule.Once)
	start, _ := date(in.StartDate)
	end, _ := date(in.EndDate)
	if onlyOnce { // at expressions ignore both dates
		start, end = time.Time{}, time.Time{}
	}
	first := begun
	if start.After(first) {
		first = start
	}
	// Times before the schedule began do not count, but its first time does.
	if since.Before(first) {
		since = first.Add(-1)
	}
	at := e.Next(since, first)
	if !end.IsZero() && at.After(end) {
		return time.Time{}
	}
	return at
}

func (s *Scheduler) report(err error) {
	if s.o.Report != nil {
		s.o.Report(err)
	}
}

// execution is one run of a schedule.
type execution struct {
	id   string
	at   time.Time // when it was due
	role iam.Caller
	body []byte
}

func newExecution(r store.Record[Schedule], at time.Time) (execution, error) {
	id := make([]byte, 8)
	_, _ = rand.Read(id) // never fails
	x := execution{id: hex.EncodeToString(id), at: at}
	// The session is named after the schedule, not the execution, because uses
	// are recorded by session.
	x.role = iam.Session(r.Inputs.Target.RoleARN, r.Inputs.Name)
	var err error
	if x.body, err = payload(r, x); err != nil {
		return x, err
	}
	return x, nil
}

// payload returns the target's input with its keywords replaced
// (https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-schedule-context-attributes.html).
// Without an input it is an event that names the schedule.
func payload(r store.Record[Schedule], x execution) ([]byte, error) {
	due := x.at.UTC().Format(time.RFC3339)
	if in := r.Inputs.Target.Input; in != "" {
		return []byte(strings.NewReplacer(
			"<aws.scheduler.schedule-arn>", scheduleARN(r), "<aws.scheduler.scheduled-time>", due,
			"<aws.scheduler.execution-id>", x.id, "<aws.scheduler.attempt-number>", "1",
		).Replace(in)), nil
	}
	return json.Marshal(map[string]any{
		"version": "0", "id": x.id, "detail-type": "Scheduled Event", "source": "aws.scheduler", "account": r.Account,
		"time": due, "region": r.Region, "resources": []string{scheduleARN(r)}, "detail": "{}",
	}, json.Deterministic(true))
}

// start sends a run to Lambda. If Lambda refuses it, it goes to the dead-letter
// queue.
func (s *Scheduler) start(r store.Record[Schedule], at time.Time) error {
	x, err := newExecution(r, at)
	if err != nil {
		return err
	}
	if err = s.checkRole(r); err == nil {
		err = s.o.Functions.Send(x.role, r.Inputs.Target.ARN, x.body)
	}
	if err == nil || r.Inputs.Target.DeadLetterConfig == nil {
		return err
	}
	to := r.Inputs.Target.DeadLetterConfig.ARN
	if sent := s.o.Queues.Send(x.role, to, string(x.body), deadLetter(r, x, err)); sent != nil {
		return errors.Join(err, fmt.Errorf("dead-letter queue %s: %w", to, sent))
	}
	return fmt.Errorf("the event is now in the dead-letter queue %s: %w", to, err)
}

// deadLetter returns the attributes of
// https://docs.aws.amazon.com/scheduler/latest/UserGuide/configuring-schedule-dlq.html.
func deadLetter(r store.Record[Schedule], x execution, err error) map[string]string {
	code := "AWS.Scheduler.InternalServerError"
	if _, denied := errors.AsType[*iam.Denied](err); denied {
		code = "AccessDeniedException"
	} else if errors.Is(err, store.ErrNotFound) {
		code = "ResourceNotFoundException"
	}
	return map[string]string{
		"ERROR_CODE": code, "ERROR_MESSAGE": err.Error(), "EXECUTION_ID": x.id, "IS_PAYLOAD_TRUNCATED": "false", "RETRY_ATTEMPTS": "0",
		"SCHEDULED_TIME": x.at.UTC().Format(time.RFC3339), "SCHEDULE_ARN": scheduleARN(r), "TARGET_ARN": r.Inputs.Target.ARN,
	}
}

// Run runs a schedule now, even a disabled one, and returns the function's
// answer. name is its name in AWS or in the Pulumi program. A failed function
// is not retried.
func (s *Scheduler) Run(ctx context.Context, name string) (lambda.Result, error) {
	r, err := s.find(name)
	if err != nil {
		return lambda.Result{}, err
	}
	x, err := newExecution(r, s.o.Now())
	if err != nil {
		return lambda.Result{}, err
	}
	if err := s.checkRole(r); err != nil {
		return lambda.Result{}, fmt.Errorf("schedule %s: %w", r.Inputs.Name, err)
	}
	result, err := s.o.Functions.InvokeAs(ctx, x.role, r.Inputs.Target.ARN, x.body)
	if err != nil {
		return result, fmt.Errorf("schedule %s: %w", r.Inputs.Name, err)
	}
	return result, nil
}

// ErrNoSchedule means that no schedule has a name.
var ErrNoSchedule = errors.New("there is no schedule")

// find returns the schedule with a name. Several stacks may use the same
// logical name.
func (s *Scheduler) find(name string) (store.Record[Schedule], error) {
	all, err := store.List[Schedule](s.o.Store, Token)
	if err != nil {
		return store.Record[Schedule]{}, err
	}
	var found []store.Record[Schedule]
	var names, matches []string
	for _, r := range all {
		names = append(names, r.Inputs.Name)
		if r.Inputs.Name == name {
			return r, nil
		}
		if logicalName(r) == name {
			found, matches = append(found, r), append(matches, r.Inputs.Name)
		}
	}
	slices.Sort(names)
	switch {
	case len(found) == 1:
		return found[0], nil
	case len(found) > 1:
		return store.Record[Schedule]{}, fmt.Errorf("several schedules have the name %s; use one of %s", name, strings.Join(matches, ", "))
	case len(all) == 0:
		return store.Record[Schedule]{}, fmt.Errorf("%w %s; the local cloud has no schedules", ErrNoSchedule, name)
	}
	return store.Record[Schedule]{}, fmt.Errorf("%w %s; the schedules are %s", ErrNoSchedule, name, strings.Join(names, ", "))
}
