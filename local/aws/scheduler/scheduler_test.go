package scheduler

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"skiff/local/aws/iam"
	"skiff/local/aws/lambda"
	"skiff/local/engine/provider"
	"skiff/local/engine/provider/providertest"
	"skiff/local/store"
)

// TestRuns checks that a schedule runs once at each of its times while the
// scheduler runs. It does not run for times before it was created or while the
// scheduler was stopped.
func TestRuns(t *testing.T) {
	t.Parallel()
	f := newFake(t, "2026-01-01T09:30:00Z")
	r := f.declare(t, declared("cron(0 * * * ? *)"))
	f.Start()
	for _, test := range []struct{ now, want string }{
		{"2026-01-01T09:59:59Z", ""},
		{"2026-01-01T10:00:00Z", "10:00"},
		{"2026-01-01T10:00:30Z", ""},
		{"2026-01-01T11:00:59Z", "11:00"},
		{"2026-01-01T15:30:00Z", "12:00"}, // a laptop that slept
		{"2026-01-01T15:59:00Z", ""},
		{"2026-01-01T16:00:00Z", "16:00"},
	} {
		f.set(t, test.now)
		want := ""
		if test.want != "" {
			want = `{"at":"2026-01-01T` + test.want + `:00Z"}` + by
		}
		if got := strings.Join(f.take(&f.sent), ", "); got != want {
			t.Errorf("at %s: %s, want %s", test.now, got, want)
		}
	}
	disabled := r
	disabled.Inputs.State = "DISABLED"
	if err := resourceType(f.Scheduler).Update(t.Context(), provider.Call{}, r, &disabled); err != nil {
		t.Fatal(err)
	}
	f.save(t, disabled)
	f.set(t, "2026-01-01T17:00:00Z")
	if got := f.take(&f.sent); len(got) > 0 {
		t.Errorf("disabled, it ran: %s", got)
	}
	// Enabled again, it does not repeat the missed runs.
	f.set(t, "2026-01-01T17:30:00Z")
	f.mu.Lock()
	f.now = at(t, "2026-01-01T18:30:00Z") // runDue has not run since
	f.mu.Unlock()
	enabled := disabled
	enabled.Inputs.State = "ENABLED"
	if err := resourceType(f.Scheduler).Update(t.Context(), provider.Call{}, disabled, &enabled); err != nil {
		t.Fatal(err)
	}
	f.save(t, enabled)
	f.set(t, "2026-01-01T18:31:00Z")
	if got := f.take(&f.sent); len(got) > 0 {
		t.Errorf("enabled, it ran immediately: %s", got)
	}
}

// TestDates checks that a rate begins at the start date, or immediately without
// one, and that nothing runs after the end date.
func TestDates(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		start, end, want string
	}{
		{"", "", "10:00 10:20 10:40 11:00"},
		{"2026-01-01T10:30:00Z", "", "10:30 10:50"},
		{"", "2026-01-01T10:25:00Z", "10:00 10:20"},
	} {
		f := newFake(t, "2026-01-01T10:00:00Z")
		in := declared("rate(20 minutes)")
		in.StartDate, in.EndDate = test.start, test.end
		f.declare(t, in)
		f.Start()
		for minute := range 61 {
			f.set(t, fmt.Sprintf("2026-01-01T%02d:%02d:00Z", 10+minute/60, minute%60))
		}
		var got []string
		for _, line := range f.take(&f.sent) {
			got = append(got, line[len(`{"at":"2026-01-01T`):][:5])
		}
		if text := strings.Join(got, " "); text != test.want {
			t.Errorf("%+v: ran at %s", test, text)
		}
	}
}

// TestDeadLetters checks that what Lambda refuses goes to the queue and is
// reported.
func TestDeadLetters(t *testing.T) {
	t.Parallel()
	f := newFake(t, "2026-01-01T09:59:00Z")
	in := declared("at(2026-01-01T10:00:00)")
	in.Target.DeadLetterConfig = &DeadLetters{queue}
	f.declare(t, in)
	f.refuse = &iam.Denied{Caller: "c", Request: iam.Request{Action: "lambda:InvokeFunction", Resource: function}}
	f.Start()
	f.set(t, "2026-01-01T10:00:00Z")
	want := []string{queue + ` {"at":"2026-01-01T10:00:00Z"} AccessDeniedException 2026-01-01T10:00:00Z`}
	if diff := cmp.Diff(want, f.take(&f.dead)); diff != "" {
		t.Errorf("dead letters (-want +got)\n%s", diff)
	}
	if reports := strings.Join(f.take(&f.reported), "\n"); !strings.Contains(reports, "schedule nightly: the event is now in the dead-letter queue "+queue) || !strings.Contains(reports, "lambda:InvokeFunction") {
		t.Errorf("reported %q", reports)
	}
	// For example, the scheduler may no longer assume the role.
	f.refuse = nil
	f.role(t, "schedule-group/other")
	in.Name, in.ScheduleExpression = "later", "at(2026-01-01T11:00:00)"
	r := store.Record[Schedule]{ID: "default/later", Account: "111111111111", Region: "eu-west-1", Inputs: in, State: map[string]string{}}
	if err := resourceType(f.Scheduler).Create(t.Context(), provider.Call{}, &r); err == nil || !strings.Contains(err.Error(), "ValidationException: The execution role you provide must allow AWS EventBridge Scheduler to assume the role") {
		t.Errorf("created with another's role: %v", err)
	}
	f.save(t, r)
	f.set(t, "2026-01-01T11:00:00Z")
	if dead, sent := f.take(&f.dead), f.take(&f.sent); len(dead) != 1 || len(sent) > 0 {
		t.Errorf("with another's role: dead %v, sent %v", dead, sent)
	}
}

// TestRun runs a schedule now by each of its names.
func TestRun(t *testing.T) {
	t.Parallel()
	f := newFake(t, "2026-01-01T09:59:00Z")
	if _, err := f.Run(t.Context(), "x"); err == nil || err.Error() != "there is no schedule x; the local cloud has no schedules" {
		t.Error(err)
	}
	in := declared("cron(0 10 * * ? *)")
	in.State, in.Target.Input = "DISABLED", ""
	f.declare(t, in)
	f.answer = lambda.Result{Payload: []byte(`"done"`)}
	for _, name := range []string{"nightly", "logical"} {
		result, err := f.Run(t.Context(), name)
		sent := f.take(&f.sent)
		if err != nil || string(result.Payload) != `"done"` || len(sent) != 1 || !strings.Contains(sent[0], `"resources":["arn:aws:scheduler:eu-west-1:111111111111:schedule/default/nightly"]`) ||
			!strings.Contains(sent[0], `"time":"2026-01-01T09:59:00Z"`) || !strings.HasSuffix(sent[0], by) {
			t.Errorf("%s: %s, %v; sent %s", name, result.Payload, err, sent)
		}
	}
	in.Name = "other"
	f.declare(t, in)
	if _, err := f.Run(t.Context(), "logical"); err == nil || !strings.Contains(err.Error(), "use one of nightly, other") {
		t.Error(err)
	}
	if _, err := f.Run(t.Context(), "x"); err == nil || err.Error() != "there is no schedule x; the schedules are nightly, other" {
		t.Error(err)
	}
	f.refuse = errors.New("function f: not found")
	if _, err := f.Run(t.Context(), "other"); err == nil || !strings.Contains(err.Error(), "schedule other: function f") {
		t.Error(err)
	}
}

func TestCheck(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		change func(*Schedule)
		want   string
	}{
		{func(*Schedule) {}, ""},
		{func(in *Schedule) { *in = Schedule{} }, ""}, // nothing is known in a preview
		{func(in *Schedule) { in.Name = "a b" }, "name"},
		{func(in *Schedule) { in.GroupName = "g" }, "groupName"},
		{func(in *Schedule) { in.Description = strings.Repeat("x", 513) }, "description"},
		{func(in *Schedule) { in.ScheduleExpression = "cron(61 * * * ? *)" }, "scheduleExpression"},
		{func(in *Schedule) { in.ScheduleExpressionTimezone = "CET/Berlin" }, "scheduleExpressionTimezone"},
		{func(in *Schedule) { in.StartDate = "tomorrow" }, "startDate"},
		{func(in *Schedule) { in.StartDate, in.EndDate = "2026-01-02T00:00:00Z", "2026-01-01T00:00:00Z" }, "endDate"},
		{func(in *Schedule) { in.State = "ON" }, "state"},
		{func(in *Schedule) { in.FlexibleTimeWindow.Mode = "ON" }, "flexibleTimeWindow.mode"},
		{func(in *Schedule) { in.FlexibleTimeWindow.Mode = "FLEXIBLE" }, "flexibleTimeWindow.maximumWindowInMinutes"},
		{func(in *Schedule) { in.FlexibleTimeWindow.MaximumWindowInMinutes = 1 }, "flexibleTimeWindow.maximumWindowInMinutes"},
		{func(in *Schedule) { in.Target.ARN = queue }, "target.arn"},
		{func(in *Schedule) { in.Target.RoleARN = "r" }, "target.roleArn"},
		{func(in *Schedule) { in.Target.Input = "{" }, "target.input"},
		{func(in *Schedule) { n := 186; in.Target.RetryPolicy = &RetryPolicy{MaximumRetryAttempts: &n} }, "target.retryPolicy.maximumRetryAttempts"},
		{func(in *Schedule) { n := 59; in.Target.RetryPolicy = &RetryPolicy{MaximumEventAgeInSeconds: &n} }, "target.retryPolicy.maximumEventAgeInSeconds"},
		{func(in *Schedule) { in.Target.DeadLetterConfig = &DeadLetters{queue + ".fifo"} }, "target.deadLetterConfig.arn"},
	} {
		in := declared("rate(1 day)")
		test.change(&in)
		problems := checkSchedule(in)
		if test.want == "" && len(problems) > 0 || test.want != "" && (len(problems) != 1 || problems[0].Property != test.want) {
			t.Errorf("problems %v, want %q", problems, test.want)
		}
	}
}

// TestReplacements follows the schema in internal/service/scheduler of
// terraform-provider-aws 5.100.0 and the names in provider/resources.go of
// pulumi-aws.
func TestReplacements(t *testing.T) {
	t.Parallel()
	providertest.CheckReplacements(t, providertest.Schema{Type: resourceType(New(Options{})), Replaces: "groupName,computed name", DeletedFirst: "name",
		Updates: "description endDate flexibleTimeWindow scheduleExpression scheduleExpressionTimezone startDate state target"})
}

func TestActions(t *testing.T) {
	t.Parallel()
	f := newFake(t, "2026-01-01T09:59:00Z")
	const on, pass = " arn:aws:scheduler:eu-west-1:111111111111:schedule/default/nightly", "iam:PassRole " + role + " iam:PassedToService=scheduler.amazonaws.com"
	with := func(expression string) map[string]any {
		return map[string]any{"name": "nightly", "scheduleExpression": expression, "flexibleTimeWindow": map[string]any{"mode": "OFF"}, "target": map[string]any{"arn": function, "roleArn": role}}
	}
	want := map[provider.Verb][]string{
		provider.Create: {pass, "scheduler:CreateSchedule" + on, "scheduler:GetSchedule" + on},
		provider.Read:   {"scheduler:GetSchedule" + on},
		provider.Update: {pass, "scheduler:UpdateSchedule" + on, "scheduler:GetSchedule" + on},
		provider.Delete: {"scheduler:DeleteSchedule" + on},
	}
	if diff := cmp.Diff(want, providertest.Asked(t, f.o.Store, resourceType(f.Scheduler), with("rate(1 day)"), with("rate(2 days)"))); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}
