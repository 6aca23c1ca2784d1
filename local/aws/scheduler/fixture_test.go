package scheduler

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"skiff/local/aws/iam"
	"skiff/local/aws/lambda"
	"skiff/local/engine/provider"
	"skiff/local/store"
)

const (
	function = "arn:aws:lambda:eu-west-1:111111111111:function:f"
	role     = "arn:aws:iam::111111111111:role/r"
	queue    = "arn:aws:sqs:eu-west-1:111111111111:dead"
)

// fake is a cloud with a function, a queue, and a clock that a test sets.
type fake struct {
	*Scheduler
	mu       sync.Mutex
	now      time.Time
	ticks    chan time.Time
	sent     []string // what the function got, and from whom
	dead     []string
	reported []string
	refuse   error
	answer   lambda.Result
}

func newFake(t *testing.T, begins string) *fake {
	t.Helper()
	db, err := store.Open(t.TempDir(), 0)
	if err != nil {
		t.Fatal(err)
	}
	f := &fake{now: at(t, begins), ticks: make(chan time.Time)}
	f.Scheduler = New(Options{
		Store: db, Authority: iam.NewAuthority(db, nil), Functions: f, Queues: (*deadQueue)(f),
		Report: func(err error) { f.note(&f.reported, err.Error()) }, Now: f.clock, After: func(time.Duration) <-chan time.Time { return f.ticks },
	})
	t.Cleanup(func() {
		f.Close()
		db.Close()
	})
	f.role(t, "schedule-group/default")
	return f
}

// role declares a role that the scheduler of a source may assume.
func (f *fake) role(t *testing.T, source string) {
	t.Helper()
	trust := fmt.Sprintf(`{"Statement":{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"Service":"scheduler.amazonaws.com"},"Condition":{"ArnEquals":{"aws:SourceArn":"arn:aws:scheduler:eu-west-1:111111111111:%s"}}}}`, source)
	if err := store.Put(f.o.Store, iam.RoleToken, "r", store.Record[iam.Role]{ID: "r", Account: "111111111111", Inputs: iam.Role{Name: "r", AssumeRolePolicy: trust}}); err != nil {
		t.Fatal(err)
	}
}

func (f *fake) clock() time.Time {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.now
}

// set sets the clock and waits until runDue has run.
func (f *fake) set(t *testing.T, now string) {
	t.Helper()
	f.mu.Lock()
	f.now = at(t, now)
	f.mu.Unlock()
	f.ticks <- time.Time{}
	f.ticks <- time.Time{} // runDue has started what was due
}

func (f *fake) note(list *[]string, text string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	*list = append(*list, text)
}

// take empties a list.
func (f *fake) take(list *[]string) []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	all := *list
	*list = nil
	return all
}

func (f *fake) Send(c iam.Caller, function string, payload []byte) error {
	if f.refuse != nil {
		return f.refuse
	}
	f.note(&f.sent, string(payload)+" "+c.ARN)
	return nil
}

func (f *fake) InvokeAs(_ context.Context, c iam.Caller, function string, payload []byte) (lambda.Result, error) {
	return f.answer, f.Send(c, function, payload)
}

type deadQueue fake

func (q *deadQueue) Send(_ iam.Caller, queueARN, body string, attributes map[string]string) error {
	f := (*fake)(q)
	f.note(&f.dead, queueARN+" "+body+" "+attributes["ERROR_CODE"]+" "+attributes["SCHEDULED_TIME"])
	return nil
}

func at(t *testing.T, text string) time.Time {
	t.Helper()
	when, err := time.Parse(time.RFC3339, text)
	if err != nil {
		t.Fatal(err)
	}
	return when
}

func declared(expression string) Schedule {
	return Schedule{Name: "nightly", ScheduleExpression: expression, FlexibleTimeWindow: &FlexibleWindow{Mode: "OFF"},
		Target: &Target{ARN: function, RoleARN: role, Input: `{"at":"<aws.scheduler.scheduled-time>"}`}}
}

// declare creates a schedule as the provider does.
func (f *fake) declare(t *testing.T, in Schedule) store.Record[Schedule] {
	t.Helper()
	kind := resourceType(f.Scheduler)
	r := store.Record[Schedule]{ID: "default/" + in.Name, URN: "urn:pulumi:s::p::" + Token + "::logical", Account: "111111111111", Region: "eu-west-1", Inputs: in, State: map[string]string{}}
	if err := kind.Create(t.Context(), provider.Call{}, &r); err != nil {
		t.Fatal(err)
	}
	f.save(t, r)
	return r
}

func (f *fake) save(t *testing.T, r store.Record[Schedule]) {
	t.Helper()
	if err := store.Put(f.o.Store, Token, r.ID, r); err != nil {
		t.Fatal(err)
	}
}

const by = " arn:aws:sts::111111111111:assumed-role/r/nightly"
