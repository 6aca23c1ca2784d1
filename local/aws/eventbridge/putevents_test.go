package eventbridge

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/aws/smithy-go"

	"skiff/local/aws/lambda"
	"skiff/local/store"
)

// TestPutEvents checks that an event reaches the function and the queue of the
// rules that it matches, and no other target.
func TestPutEvents(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	orders := f.rule(Rule{Name: "orders", EventPattern: `{"source":["shop"],"detail":{"total":[{"numeric":[">",10]}]}}`})
	f.rule(Rule{Name: "off", EventPattern: `{"source":["shop"]}`, State: disabled})
	f.target(Target{Rule: "orders", TargetID: "f", ARN: functionARN})
	f.target(Target{Rule: "off", TargetID: "f", ARN: functionARN})
	f.target(Target{Rule: "orders", TargetID: "q", ARN: queueARN, InputPath: "$.detail"})
	f.queue("q", ruleARN(orders))
	f.put("shop", `{"total":10}`)
	f.put("other", `{"total":11}`)
	f.put("shop", `{"total":11}`)
	prefix := service + " " + ruleARN(orders) + " " + functionARN + " "
	got := f.taken()
	var e map[string]any
	if !strings.HasPrefix(got, prefix) || json.Unmarshal([]byte(got[len(prefix):]), &e) != nil {
		t.Fatalf("the function got %s", got)
	}
	if e["version"] != "0" || e["account"] != account || e["region"] != region || e["detail-type"] != "order" || e["time"] != "2026-01-01T10:00:00Z" || len(e["resources"].([]any)) != 0 {
		t.Errorf("the function got %s", got)
	}
	if m := f.messages(queueARN); len(m) != 1 || m[0].Body != `{"total":11}` || m[0].Attributes["SenderId"] != service {
		t.Errorf("the queue has %+v", m)
	}
}

// TestCustomBus checks that rules of a bus get only its events, and that an
// event for a missing bus succeeds.
func TestCustomBus(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	_, err := declare(f, rules(f.Rules), Rule{Name: "r", EventBusName: "shop", EventPattern: `{"source":["x"]}`})
	if err == nil || !strings.Contains(err.Error(), "ResourceNotFoundException: Event bus shop does not exist") {
		t.Errorf("a rule of a missing bus: %v", err)
	}
	bus, err := declare(f, buses(f.Rules), Bus{Name: "shop"})
	must(t, err)
	f.rule(Rule{Name: "r", EventBusName: "shop", EventPattern: `{"source":["x"]}`})
	f.target(Target{Rule: "r", EventBusName: "shop", TargetID: "f", ARN: functionARN, Input: `{"custom":true}`})
	entry := func(bus string) types.PutEventsRequestEntry {
		return types.PutEventsRequestEntry{Source: aws.String("x"), DetailType: aws.String("y"), Detail: aws.String("{}"), EventBusName: &bus}
	}
	out, err := f.client.PutEvents(t.Context(), &sdk.PutEventsInput{Entries: []types.PutEventsRequestEntry{entry("default"), entry("none"), entry("shop"), entry(busARN(region, account, "shop"))}})
	if err != nil || out.FailedEntryCount != 0 {
		t.Fatalf("%+v, %v", out, err)
	}
	if got := f.taken(); strings.Count(got, `rule/shop/r `+functionARN+` {"custom":true}`) != 2 || strings.Count(got, "\n") != 1 {
		t.Errorf("the function got %s", got)
	}
	if !strings.Contains(f.reports(), "an event of x is dropped: ResourceNotFoundException: Event bus none") {
		t.Errorf("reported %s", f.reports())
	}
	if err := f.deleteBus(t.Context(), f.call, bus); err == nil {
		t.Error("a bus with a rule is deleted")
	}
}

// TestPutEventsRefusals checks the errors of calls and of entries.
func TestPutEventsRefusals(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	good := types.PutEventsRequestEntry{Source: aws.String("x"), DetailType: aws.String("y"), Detail: aws.String("{}")}
	with := func(change func(*types.PutEventsRequestEntry)) types.PutEventsRequestEntry {
		e := good
		change(&e)
		return e
	}
	out, err := f.client.PutEvents(t.Context(), &sdk.PutEventsInput{Entries: []types.PutEventsRequestEntry{
		good, with(func(e *types.PutEventsRequestEntry) { e.Source = nil }), with(func(e *types.PutEventsRequestEntry) { e.Detail = aws.String("[1]") }),
		with(func(e *types.PutEventsRequestEntry) { e.Source = aws.String("aws.s3") }), with(func(e *types.PutEventsRequestEntry) { e.DetailType = nil }),
	}})
	must(t, err)
	var codes []string
	for _, e := range out.Entries {
		codes = append(codes, aws.ToString(e.ErrorCode))
	}
	if text := strings.Join(codes, " "); out.FailedEntryCount != 4 || text != " InvalidArgument MalformedDetail NotAuthorizedForSource InvalidArgument" {
		t.Errorf("%d failed: %s", out.FailedEntryCount, text)
	}
	refused := func(name, code string, entries ...types.PutEventsRequestEntry) {
		t.Helper()
		_, err := f.client.PutEvents(t.Context(), &sdk.PutEventsInput{Entries: append([]types.PutEventsRequestEntry{}, entries...)})
		if api, ok := errors.AsType[smithy.APIError](err); !ok || api.ErrorCode() != code {
			t.Errorf("%s: %v, want %s", name, err, code)
		}
	}
	refused("none", "ValidationException", []types.PutEventsRequestEntry{}...)
	refused("too many", "ValidationException", make([]types.PutEventsRequestEntry, 11)...)
	refused("too large", "ValidationException", with(func(e *types.PutEventsRequestEntry) {
		e.Detail = aws.String(`{"a":"` + strings.Repeat("x", 1<<20) + `"}`)
	}))
	refused("another account's bus", "AccessDeniedException", with(func(e *types.PutEventsRequestEntry) {
		e.EventBusName = aws.String("arn:aws:events:eu-west-1:222222222222:event-bus/default")
	}))
	f.allow("events:PutEvents", "arn:aws:events:eu-west-1:111111111111:event-bus/other")
	refused("without the right", "AccessDeniedException", good)
	_, err = f.client.ListRules(t.Context(), &sdk.ListRulesInput{})
	if refused, ok := errors.AsType[smithy.APIError](err); !ok || refused.ErrorCode() != "UnknownOperationException" {
		t.Errorf("another operation: %v", err)
	}
}

// TestDeadLetters checks that a refused event goes to the dead-letter queue
// with the reason, and is reported without such a queue.
func TestDeadLetters(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	rule := f.rule(Rule{Name: "r", EventPattern: `{"source":["x"]}`})
	f.target(Target{Rule: "r", TargetID: "q", ARN: queueARN})
	f.put("x", `{}`)
	if len(f.messages(queueARN)) != 0 || !strings.Contains(f.reports(), "rule r: target "+queueARN+": an event is dropped") {
		t.Errorf("a queue without a policy; reported %s", f.reports())
	}
	f.queue("q", strings.Replace(ruleARN(rule), "/r", "/other", 1))
	f.put("x", `{}`)
	if len(f.messages(queueARN)) != 0 {
		t.Error("a queue that allows another rule has a message")
	}
	f.queue("dead", ruleARN(rule))
	f.target(Target{Rule: "r", TargetID: "f", ARN: functionARN, DeadLetterConfig: &DeadLetters{deadARN}})
	for _, test := range []struct {
		err  error
		code string
	}{{lambda.ErrNoPermission, "NO_PERMISSIONS"}, {store.ErrNotFound, "NO_RESOURCE"}} {
		f.refuses = test.err
		f.put("x", `{"n":1}`)
		m := f.messages(deadARN)
		if len(m) != 1 || *m[0].MessageAttributes["ERROR_CODE"].StringValue != test.code || *m[0].MessageAttributes["RULE_ARN"].StringValue != ruleARN(rule) || !strings.Contains(m[0].Body, `"detail":{"n":1}`) {
			t.Fatalf("%v: the dead letters are %+v", test.err, m)
		}
		must(t, f.queues.Delete(sessionOfRole(), deadARN, []string{m[0].ReceiptHandle}))
	}
	f.refuses = errors.New("the disk is full")
	out, err := f.client.PutEvents(t.Context(), &sdk.PutEventsInput{Entries: []types.PutEventsRequestEntry{{Source: aws.String("x"), DetailType: aws.String("y"), Detail: aws.String("{}"), Time: aws.Time(time.Unix(0, 0))}}})
	if err != nil || out.FailedEntryCount != 1 || aws.ToString(out.Entries[0].ErrorCode) != "InternalFailure" {
		t.Errorf("an event that was not stored counts as put: %+v, %v", out, err)
	}
}
