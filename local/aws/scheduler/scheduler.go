// Package scheduler stands for Amazon EventBridge Scheduler: schedules that
// invoke functions, each with the rights of its role.
//
// A schedule runs while the cloud serves; a time that passes meanwhile is not made
// up for. One with a flexible window runs at the window's start.
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

// Functions is what a schedule asks of Lambda, with the rights of a caller.
type Functions interface {
	// Send has a function run later, as often as Lambda tries it.
	Send(c iam.Caller, function string, payload []byte) error

	// InvokeAs runs a function to its end.
	InvokeAs(ctx context.Context, c iam.Caller, function string, payload []byte) (lambda.Result, error)
}

// Queues is what a schedule asks of SQS.
type Queues interface {
	Send(c iam.Caller, queueARN, body string, attributes map[string]string) error
}

// Options are what a Scheduler works with.
type Options struct {
	Store     *store.Store
	Authority *iam.Authority
	Functions Functions
	Queues    Queues
	Report    func(err error) // what keeps a schedule from running; may be nil

	// Now and After are the clock; nil for the real one.
	Now   func() time.Time
	After func(time.Duration) <-chan time.Time
}

// Scheduler runs the schedules of a store. It is safe for concurrent use.
type Scheduler struct {
	o      Options
	runner *schedule.Runner
}

// New holds the schedules of a store. Start runs them.
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

// Close starts no more runs.
func (s *Scheduler) Close() { s.runner.Close() }

// runDue starts the schedules whose time has come after since and up to now, each
// once, and returns when the next is due.
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

// nextRun is when a schedule runs next, the zero time if it does not.
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
	if onlyOnce { // which ignores both
		start, end = time.Time{}, time.Time{}
	}
	first := begun
	if start.After(first) {
		first = start
	}
	// What was due before the schedule began does not count, but its first time does.
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
	// Not of the id: what a role is used for is recorded by session.
	x.role = iam.Session(r.Inputs.Target.RoleARN, r.Inputs.Name)
	var err error
	if x.body, err = payload(r, x); err != nil {
		return x, err
	}
	return x, nil
}

// payload is the input of the target, with its keywords replaced
// (https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-schedule-context-attributes.html),
// or an event that says which schedule runs.
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

// start hands a run to Lambda. What Lambda does not take goes to the dead
// letters.
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
		return errors.Join(err, fmt.Errorf("dead letters in %s: %w", to, sent))
	}
	return fmt.Errorf("the event is in the queue %s: %w", to, err)
}

// deadLetter is the attributes of
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

// Run runs a schedule now and returns what the function answers: one that is
// disabled too. It takes the schedule's name or the one that the Pulumi program
// gives it. The function is not tried again if it fails.
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

// ErrNoSchedule is returned for a name that no schedule has.
var ErrNoSchedule = errors.New("there is no schedule")

// find is the schedule of a name. Stacks may give theirs the same logical name.
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
		return store.Record[Schedule]{}, fmt.Errorf("%s is the name of several schedules; name one of %s", name, strings.Join(matches, ", "))
	case len(all) == 0:
		return store.Record[Schedule]{}, fmt.Errorf("%w %s, nor any other", ErrNoSchedule, name)
	}
	return store.Record[Schedule]{}, fmt.Errorf("%w %s; there are %s", ErrNoSchedule, name, strings.Join(names, ", "))
}
