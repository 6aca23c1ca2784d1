package scheduler

import (
	"context"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"skiff/local/aws/arn"
	"skiff/local/aws/awserr"
	"skiff/local/aws/schedule"
	"skiff/local/engine/provider"
	"skiff/local/store"
)

// Token is the type token of a schedule.
const Token = "aws:scheduler/schedule:Schedule"

// Schedule holds the inputs of a schedule for a Lambda function. Other targets,
// groups other than default, and KMS keys are not supported.
type Schedule struct {
	Name                       string          `json:"name" aws:"replace"`
	GroupName                  string          `json:"groupName,omitempty" aws:"replace,computed"`
	Description                string          `json:"description,omitempty" aws:"idle"`
	ScheduleExpression         string          `json:"scheduleExpression" aws:"required"`
	ScheduleExpressionTimezone string          `json:"scheduleExpressionTimezone,omitempty"`
	StartDate                  string          `json:"startDate,omitempty"`
	EndDate                    string          `json:"endDate,omitempty"`
	State                      string          `json:"state,omitempty"`
	FlexibleTimeWindow         *FlexibleWindow `json:"flexibleTimeWindow" aws:"required,idle"`
	Target                     *Target         `json:"target" aws:"required"`
}

// FlexibleWindow is how long after its time a schedule may run. It has no
// effect here.
type FlexibleWindow struct {
	Mode                   string `json:"mode" aws:"required"`
	MaximumWindowInMinutes int    `json:"maximumWindowInMinutes,omitempty"`
}

// Target is the function that a schedule invokes, and the role whose rights it
// uses.
type Target struct {
	ARN              string       `json:"arn" aws:"required"`
	RoleARN          string       `json:"roleArn" aws:"required"`
	Input            string       `json:"input,omitempty"`
	RetryPolicy      *RetryPolicy `json:"retryPolicy,omitempty" aws:"idle"`
	DeadLetterConfig *DeadLetters `json:"deadLetterConfig,omitempty"`
}

// RetryPolicy applies to temporary failures of Lambda. It has no effect here,
// because calls here fail permanently or not at all.
type RetryPolicy struct {
	MaximumEventAgeInSeconds *int `json:"maximumEventAgeInSeconds,omitempty"`
	MaximumRetryAttempts     *int `json:"maximumRetryAttempts,omitempty"`
}

// DeadLetters is the queue for events that Lambda refuses.
type DeadLetters struct {
	ARN string `json:"arn" aws:"required"`
}

// Outputs holds the outputs and defaults that AWS adds to a schedule.
type Outputs struct {
	ARN                        string `json:"arn"`
	GroupName                  string `json:"groupName"`
	NamePrefix                 string `json:"namePrefix"`
	ScheduleExpressionTimezone string `json:"scheduleExpressionTimezone"`
	State                      string `json:"state"`
}

// Types returns the resource types of EventBridge Scheduler.
func (s *Scheduler) Types() []provider.Kind { return []provider.Kind{resourceType(s)} }

// resourceType returns the resource type of a schedule.
func resourceType(s *Scheduler) *provider.Resource[Schedule, Outputs] {
	return &provider.Resource[Schedule, Outputs]{
		Token: Token, Named: "name", MaxName: 64, Regional: true,
		Check: checkSchedule,
		ID:    func(_ provider.Call, in Schedule) string { return group(in) + "/" + in.Name },
		Create: func(_ context.Context, _ provider.Call, r *store.Record[Schedule]) error {
			r.State["begun"] = s.o.Now().UTC().Format(time.RFC3339Nano)
			return s.checkRole(*r)
		},
		Update: func(_ context.Context, _ provider.Call, old store.Record[Schedule], r *store.Record[Schedule]) error {
			if old.Inputs.ScheduleExpression != r.Inputs.ScheduleExpression || old.Inputs.State != r.Inputs.State {
				r.State["begun"] = s.o.Now().UTC().Format(time.RFC3339Nano)
			}
			return s.checkRole(*r)
		},
		Updated: func(store.Record[Schedule]) { s.runner.Wake() },
		Actions: actions,
		Describe: func(r store.Record[Schedule]) Outputs {
			return Outputs{
				ARN: scheduleARN(r), GroupName: group(r.Inputs),
				ScheduleExpressionTimezone: orDefault(r.Inputs.ScheduleExpressionTimezone, "UTC"), State: orDefault(r.Inputs.State, "ENABLED"),
			}
		},
	}
}

func orDefault(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}

// group returns the schedule's group, by default the one that every account
// has.
func group(in Schedule) string { return orDefault(in.GroupName, "default") }

func scheduleARN(r store.Record[Schedule]) string {
	return arn.New("scheduler", r.Region, r.Account, "schedule/"+group(r.Inputs)+"/"+r.Inputs.Name)
}

// checkRole refuses a role that the service may not assume. aws:SourceArn is
// the schedule's group
// (https://docs.aws.amazon.com/scheduler/latest/UserGuide/cross-service-confused-deputy-prevention.html).
func (s *Scheduler) checkRole(r store.Record[Schedule]) error {
	context := map[string][]string{
		"aws:SourceAccount": {r.Account},
		"aws:SourceArn":     {arn.New("scheduler", r.Region, r.Account, "schedule-group/"+group(r.Inputs))},
	}
	if err := s.o.Authority.CheckTrust(r.Inputs.Target.RoleARN, "scheduler.amazonaws.com", context); err != nil {
		return awserr.New("ValidationException", "The execution role you provide must allow AWS EventBridge Scheduler to assume the role: %w", err)
	}
	return nil
}

var (
	nameForm = regexp.MustCompile(`^[0-9a-zA-Z_.-]{1,64}$`)
	roleForm = regexp.MustCompile(`^arn:aws:iam::\d{12}:role/[\w+=,.@/-]+$`)
)

// checkSchedule reports what
// https://docs.aws.amazon.com/scheduler/latest/APIReference/API_CreateSchedule.html
// rejects.
func checkSchedule(in Schedule) []provider.Problem {
	var problems provider.Problems
	if in.Name != "" && !nameForm.MatchString(in.Name) {
		problems.Add("name", "%q must be 1 to 64 letters, digits and _.-", in.Name)
	}
	if g := group(in); g != "default" {
		problems.Add("groupName", "the local cloud has only the group default, not %q", g)
	}
	problems.MaxCharacters("description", in.Description, 512)
	if _, err := schedule.LoadZone(in.ScheduleExpressionTimezone); err != nil {
		problems.Add("scheduleExpressionTimezone", "%v", err)
	} else if in.ScheduleExpression != "" {
		if _, err := schedule.Parse(in.ScheduleExpression, in.ScheduleExpressionTimezone); err != nil {
			problems.Add("scheduleExpression", "Invalid Schedule Expression %s: %v", in.ScheduleExpression, err)
		}
	}
	start, startErr := date(in.StartDate)
	end, endErr := date(in.EndDate)
	for property, err := range map[string]error{"startDate": startErr, "endDate": endErr} {
		if err != nil {
			problems.Add(property, "%v", err)
		}
	}
	if startErr == nil && endErr == nil && !start.IsZero() && !end.IsZero() && !start.Before(end) {
		problems.Add("endDate", "%s is not after the start date %s", in.EndDate, in.StartDate)
	}
	problems.OneOf("state", in.State, "ENABLED", "DISABLED")
	return append(append(problems, checkWindow(in.FlexibleTimeWindow)...), checkTarget(in.Target)...)
}

// date parses a start or end date; "" gives the zero time.
func date(text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return at, fmt.Errorf("%q is not a time such as 2030-01-01T01:00:00Z", text)
	}
	return at, nil
}

func checkWindow(w *FlexibleWindow) []provider.Problem {
	if w == nil || w.Mode == "" {
		return nil
	}
	var problems provider.Problems
	problems.OneOf("flexibleTimeWindow.mode", w.Mode, "OFF", "FLEXIBLE")
	switch n := w.MaximumWindowInMinutes; {
	case w.Mode == "FLEXIBLE":
		problems.Within("flexibleTimeWindow.maximumWindowInMinutes", n, 1, 1440, "")
	case w.Mode == "OFF" && n != 0:
		problems.Add("flexibleTimeWindow.maximumWindowInMinutes", "needs the mode FLEXIBLE")
	}
	return problems
}

func checkTarget(t *Target) []provider.Problem {
	if t == nil {
		return nil
	}
	var problems provider.Problems
	if t.ARN != "" && !arn.IsFunction(t.ARN) {
		problems.Add("target.arn", "%q is not the ARN of a Lambda function, the only target that the local cloud supports", t.ARN)
	}
	if t.RoleARN != "" && !roleForm.MatchString(t.RoleARN) {
		problems.Add("target.roleArn", "%q is not the ARN of a role", t.RoleARN)
	}
	if t.Input != "" && !jsontext.Value(t.Input).IsValid() {
		problems.Add("target.input", "must be JSON, because the target is a Lambda function")
	}
	if p := t.RetryPolicy; p != nil {
		if n := p.MaximumEventAgeInSeconds; n != nil {
			problems.Within("target.retryPolicy.maximumEventAgeInSeconds", *n, 60, 86400, "")
		}
		if n := p.MaximumRetryAttempts; n != nil {
			problems.Within("target.retryPolicy.maximumRetryAttempts", *n, 0, 185, "")
		}
	}
	if d := t.DeadLetterConfig; d != nil && d.ARN != "" && !arn.IsQueue(d.ARN) {
		problems.Add("target.deadLetterConfig.arn", "%q is not the ARN of a standard queue", d.ARN)
	}
	return problems
}

// logicalName returns the schedule's name in the Pulumi program.
func logicalName(r store.Record[Schedule]) string {
	return r.URN[strings.LastIndexByte(r.URN, ':')+1:]
}
