package eventbridge

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"skiff/local/aws/iam"
	"skiff/local/engine/provider"
	"skiff/local/engine/provider/providertest"
)

func sessionOfRole() iam.Caller { return iam.Session("arn:aws:iam::"+account+":role/r", "f") }

func pointer[T any](v T) *T { return &v }

func wantProblem(t *testing.T, in any, problems []provider.Problem, want string) {
	t.Helper()
	if want == "" && len(problems) > 0 || want != "" && (len(problems) != 1 || problems[0].Property != want) {
		t.Errorf("%+v: problems %v, want %q", in, problems, want)
	}
}

func TestCheckRule(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		in   Rule
		want string
	}{
		{Rule{}, ""},
		{Rule{Name: "a.b-c_d", EventPattern: `{"source":[{"wildcard":"x*"}]}`, ScheduleExpression: "rate(1 minute)", State: trails}, ""},
		{Rule{ScheduleExpression: "cron(0 10 * * ? *)", IsEnabled: pointer(false)}, ""},
		{Rule{Name: "a/b"}, "name"},
		{Rule{Description: strings.Repeat("x", 513)}, "description"},
		{Rule{EventBusName: "arn:aws:events:eu-west-1:111111111111:event-bus/b"}, "eventBusName"},
		{Rule{EventPattern: `{"source":"x"}`}, "eventPattern"},
		{Rule{EventPattern: `{"source":["` + strings.Repeat("x", 2048) + `"]}`}, "eventPattern"},
		{Rule{ScheduleExpression: "rate(1 minutes)"}, "scheduleExpression"},
		{Rule{ScheduleExpression: "rate(5 minute)"}, "scheduleExpression"},
		{Rule{ScheduleExpression: "at(2026-01-01T00:00:00)"}, "scheduleExpression"},
		{Rule{ScheduleExpression: "cron(0 10 * * *)"}, "scheduleExpression"},
		{Rule{ScheduleExpression: "rate(2 hours)", EventBusName: "b"}, "scheduleExpression"},
		{Rule{State: "ON"}, "state"},
		{Rule{State: enabled, IsEnabled: pointer(true)}, "isEnabled"},
	} {
		wantProblem(t, test.in, checkRule(test.in), test.want)
	}
}

func TestCheckTarget(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		in   Target
		want string
	}{
		{Target{}, ""},
		{Target{ARN: functionARN, Rule: "r", Input: "{}", RetryPolicy: &RetryPolicy{pointer(60), pointer(0)}, DeadLetterConfig: &DeadLetters{queueARN}}, ""},
		{Target{ARN: queueARN, InputTransformer: &Transformer{map[string]string{"id": "$.detail.items[0].id"}, `"<id> <aws.events.rule-name>"`}}, ""},
		{Target{ARN: "arn:aws:sns:eu-west-1:111111111111:t"}, "arn"},
		{Target{ARN: queueARN + ".fifo"}, "arn"},
		{Target{TargetID: "a b"}, "targetId"},
		{Target{Rule: "a b"}, "rule"},
		{Target{EventBusName: "a b"}, "eventBusName"},
		{Target{DeadLetterConfig: &DeadLetters{functionARN}}, "deadLetterConfig.arn"},
		{Target{RetryPolicy: &RetryPolicy{pointer(59), nil}}, "retryPolicy.maximumEventAgeInSeconds"},
		{Target{RetryPolicy: &RetryPolicy{nil, pointer(186)}}, "retryPolicy.maximumRetryAttempts"},
		{Target{Input: "x"}, "input"},
		{Target{Input: "{}", InputPath: "$.detail"}, "input"},
		{Target{InputPath: "$['detail']"}, "inputPath"},
		{Target{InputTransformer: &Transformer{nil, `<id>`}}, "inputTransformer.inputTemplate"},
		{Target{InputTransformer: &Transformer{map[string]string{"id": "detail"}, `<id>`}}, "inputTransformer.inputPaths.id"},
		{Target{InputTransformer: &Transformer{map[string]string{"awsX": "$.a"}, `{}`}}, "inputTransformer.inputPaths.awsX"},
	} {
		wantProblem(t, test.in, checkTarget(test.in), test.want)
	}
	wantProblem(t, "default", checkBus(Bus{Name: "default"}), "name")
	wantProblem(t, "a/b", checkBus(Bus{Name: "a/b"}), "name")
}

// TestTransform fills templates with strings, objects and missing values.
func TestTransform(t *testing.T) {
	t.Parallel()
	rule := ruleIn(region, account, Rule{Name: "r"})
	paths := map[string]string{"id": "$.detail.id", "list": "$.detail.list", "first": "$.detail.list[0]", "no": "$.detail.no"}
	const event = `{"detail":{"id":"a\"b","list":[1.50,{"x":"y"}]}}`
	for template, want := range map[string]string{
		`{"id":<id>,"l":<list>,"n":<no>}`:     `{"id":"a\"b","l":[1.50,{"x":"y"}],"n":null}`,
		`"id <id>, <first>, <no>, <list>"`:    `"id a\"b, 1.50, , [1.50,{\"x\":\"y\"}]"`,
		`{"r":"<aws.events.rule-name>"}`:      `{"r":"r"}`,
		`{"e":<aws.events.event.json>}`:       `{"e":` + event + `}`,
		`{"t":<aws.events.rule-arn>,"a":"<"}`: `{"t":"` + ruleARN(rule) + `","a":"<"}`,
	} {
		got, err := Target{ARN: functionARN, InputTransformer: &Transformer{paths, template}}.payload(rule, []byte(event), time.Now())
		if err != nil || string(got) != want {
			t.Errorf("%s: %s, %v, want %s", template, got, err, want)
		}
	}
	if _, err := (Target{ARN: functionARN, InputTransformer: &Transformer{paths, "plain <id>"}}).payload(rule, []byte(event), time.Now()); err == nil || codeOf(err) != "INVALID_JSON" {
		t.Errorf("no JSON for a function: %v", err)
	}
}

// TestScheduledRule checks that a rule runs when it is due and on demand.
func TestScheduledRule(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	rule := f.rule(Rule{Name: "nightly", ScheduleExpression: "cron(0 11 * * ? *)"})
	f.rule(Rule{Name: "off", ScheduleExpression: "rate(1 minute)", IsEnabled: pointer(false)})
	f.target(Target{Rule: "nightly", TargetID: "f", ARN: functionARN})
	f.target(Target{Rule: "off", TargetID: "f", ARN: functionARN})
	f.Start()
	f.ticks <- f.time() // runDue has run once
	f.mu.Lock()
	f.now = time.Date(2026, 1, 1, 11, 0, 0, 0, time.UTC)
	f.mu.Unlock()
	f.ticks <- f.time()
	f.ticks <- f.time() // the due rule has run
	f.Close()
	got := f.taken()
	_, data, _ := strings.Cut(got, functionARN+" ")
	var e struct {
		ID, Time, Source string
		DetailType       string `json:"detail-type"`
		Resources        []string
		Detail           map[string]any
	}
	if json.Unmarshal([]byte(data), &e) != nil || e.DetailType != "Scheduled Event" || e.Source != "aws.events" || e.Time != "2026-01-01T11:00:00Z" || len(e.Resources) != 1 || e.Resources[0] != ruleARN(rule) || e.Detail == nil {
		t.Errorf("the function got %s", got)
	}
	every := ruleIn(region, account, Rule{ScheduleExpression: "rate(2 hours)"})
	every.State = map[string]string{"begun": "2026-01-01T10:00:00Z"}
	if next := nextRun(every, f.time().Add(-24*time.Hour)); stamp(next) != "2026-01-01T12:00:00Z" {
		t.Errorf("a rate runs first at %s", next)
	}
	if _, ok, err := f.Run(t.Context(), "none"); ok || err != nil {
		t.Errorf("a missing rule runs: %v", err)
	}
	result, ok, err := f.Run(t.Context(), "nightly")
	if err != nil || !ok || string(result.Payload) != `"ran"` || !strings.Contains(f.taken(), "Scheduled Event") {
		t.Errorf("run now: %s, %v", result.Payload, err)
	}
	f.queue("q", ruleARN(rule))
	f.target(Target{Rule: "nightly", TargetID: "q", ARN: queueARN})
	result, _, err = f.Run(t.Context(), "nightly")
	if err != nil || string(result.Payload) != `{"f":"ran","q":null}` || len(f.messages(queueARN)) != 1 {
		t.Errorf("run now with two targets: %s, %v", result.Payload, err)
	}
	if _, _, err := f.Run(t.Context(), "logical"); err == nil || !strings.Contains(err.Error(), "several rules") {
		t.Errorf("a logical name of two: %v", err)
	}
}

// TestRuleRefusals checks refusals that depend on more than the inputs.
func TestRuleRefusals(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	refused := func(name, want string, err error) {
		t.Helper()
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", name, err, want)
		}
	}
	_, err := declare(f, rules(f.Rules), Rule{Name: "r"})
	refused("a rule of nothing", "EventPattern or ScheduleExpression must be specified", err)
	_, err = declare(f, targets(f.Rules), Target{Rule: "r", ARN: functionARN})
	refused("a target of a missing rule", "ResourceNotFoundException: Rule r does not exist on EventBus default", err)
	rule := f.rule(Rule{Name: "r", EventPattern: `{"source":["x"]}`})
	for _, id := range []string{"1", "2", "3", "4", "5"} {
		f.target(Target{Rule: "r", TargetID: id, ARN: functionARN})
	}
	f.target(Target{Rule: "r", TargetID: "5", ARN: queueARN}) // again, as after a crash
	_, err = declare(f, targets(f.Rules), Target{Rule: "r", TargetID: "6", ARN: functionARN})
	refused("a sixth target", "LimitExceededException", err)
	refused("a rule with targets", "Rule can't be deleted since it has targets", f.deleteRule(t.Context(), f.call, rule))
}

func TestActions(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	r := providertest.New(f.db)
	r.Add(buses(f.Rules), rules(f.Rules), targets(f.Rules))
	const bus, rule = "arn:aws:events:eu-west-1:111111111111:event-bus/shop", "arn:aws:events:eu-west-1:111111111111:rule/shop/r"
	run := func(token string, steps ...providertest.Step) { t.Helper(); r.Run(t, token, steps...) }
	run(BusToken,
		providertest.Step{Verb: provider.Create, In: providertest.Inputs{"name": "shop", "tags": providertest.Inputs{"a": "b"}}, Want: []string{"events:CreateEventBus " + bus, "events:TagResource " + bus}},
		providertest.Step{Verb: provider.Read, Want: []string{"events:DescribeEventBus " + bus, "events:ListTagsForResource " + bus}},
		providertest.Step{Verb: provider.Update, In: providertest.Inputs{"name": "shop", "description": "x"}, Want: []string{"events:UntagResource " + bus, "events:UpdateEventBus " + bus}},
	)
	run(RuleToken,
		providertest.Step{Verb: provider.Create, In: providertest.Inputs{"name": "r", "eventBusName": "shop", "eventPattern": `{"source":["x"]}`}, Want: []string{"events:PutRule " + rule}},
		providertest.Step{Verb: provider.Read, Want: []string{"events:DescribeRule " + rule, "events:ListTagsForResource " + rule}},
		providertest.Step{Verb: provider.Update, In: providertest.Inputs{"name": "r", "eventBusName": "shop", "eventPattern": `{"source":["y"]}`}, Want: []string{"events:PutRule " + rule}},
	)
	run(TargetToken,
		providertest.Step{Verb: provider.Create, In: providertest.Inputs{"rule": "r", "eventBusName": "shop", "targetId": "f", "arn": functionARN}, Want: []string{"events:PutTargets " + rule}},
		providertest.Step{Verb: provider.Read, Want: []string{"events:ListTargetsByRule " + rule}},
		providertest.Step{Verb: provider.Delete, Want: []string{"events:RemoveTargets " + rule}},
	)
	run(RuleToken,
		providertest.Step{Verb: provider.Create, In: providertest.Inputs{"name": "r", "eventBusName": "shop", "eventPattern": `{"source":["y"]}`}, Want: []string{"events:PutRule " + rule}},
		providertest.Step{Verb: provider.Delete, Want: []string{"events:DeleteRule " + rule}},
	)
}

// TestReplacements follows the schemas in internal/service/events of
// terraform-provider-aws 5.100.0 and the names in provider/resources.go of
// pulumi-aws.
func TestReplacements(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	providertest.CheckReplacements(t,
		providertest.Schema{Type: buses(f.Rules), Replaces: "name", DeletedFirst: "name", Updates: "description tags"},
		providertest.Schema{Type: rules(f.Rules), Replaces: "eventBusName,default=default name", DeletedFirst: "name",
			Updates: "description eventPattern forceDestroy,default=false isEnabled scheduleExpression state tags"},
		providertest.Schema{Type: targets(f.Rules), Replaces: "eventBusName,default=default rule targetId,computed",
			Updates: "arn deadLetterConfig forceDestroy,default=false input inputPath inputTransformer retryPolicy"},
	)
}
