package cloud

import (
	"io"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsevents "github.com/aws/aws-sdk-go-v2/service/eventbridge"
	eventtypes "github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	awslambda "github.com/aws/aws-sdk-go-v2/service/lambda"
	awssns "github.com/aws/aws-sdk-go-v2/service/sns"

	"skiff/local/aws/apigateway"
	"skiff/local/aws/eventbridge"
	"skiff/local/aws/iam"
	"skiff/local/aws/lambda"
	"skiff/local/aws/logs"
	"skiff/local/aws/sns"
)

// declareFunction creates the test function, which prints, and returns its ARN.
func declareFunction(e *engine) string {
	_, role := e.up(iam.RoleToken, "f", map[string]any{"name": "f", "assumeRolePolicy": `{"Statement":{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"Service":"lambda.amazonaws.com"}}}`})
	e.up(iam.RolePolicyToken, "f", map[string]any{"name": "f", "role": "f", "policy": `{"Statement":{"Effect":"Allow","Action":"logs:*","Resource":"*"}}`})
	e.up(logs.Token, "f", map[string]any{"name": "/aws/lambda/f"})
	_, function := e.up(lambda.FunctionToken, "f", map[string]any{
		"name": "f", "role": role["arn"], "handler": "bootstrap", "runtime": "provided.al2023", "timeout": 5.0,
		"code": map[string]any{"4dabf18193072939515e22adb298388d": "0def7320c3a5731c473e5ecbe6d01bc7", "hash": "h", "path": "f.zip"},
	})
	return function["arn"].(string)
}

// permit allows a service to invoke the function on behalf of a resource.
func permit(e *engine, service, source string) {
	e.up(lambda.PermissionToken, service, map[string]any{"action": "lambda:InvokeFunction", "function": "f", "principal": service + ".amazonaws.com", "sourceArn": source, "statementId": service})
}

// TestRules checks what invokes a function: an event, a scheduled rule that a
// person runs, a message of a topic, and an SDK.
func TestRules(t *testing.T) {
	t.Parallel()
	seen := &shownLines{}
	c := openStreams(t, t.TempDir(), seen)
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
	e := newEngineIn(t, c, program(t))
	function := declareFunction(e)
	_, orders := e.up(eventbridge.RuleToken, "orders", map[string]any{"name": "orders", "eventPattern": `{"source":["shop"]}`})
	e.up(eventbridge.TargetToken, "orders", map[string]any{"rule": "orders", "arn": function, "inputTransformer": map[string]any{
		"inputPaths": map[string]any{"id": "$.detail.id"}, "inputTemplate": `{"do":"print","text":"order <id>\n"}`}})
	e.up(eventbridge.RuleToken, "nightly", map[string]any{"name": "project-nightly", "scheduleExpression": "rate(1 day)"})
	e.up(eventbridge.TargetToken, "nightly", map[string]any{"rule": "project-nightly", "arn": function, "input": `{"do":"print","text":"scheduled\n"}`})

	endpoint, keys := operator(c)
	client := awsevents.New(awsevents.Options{Region: region, BaseEndpoint: endpoint("EVENTBRIDGE"), Credentials: keys})
	put := func(id string) {
		t.Helper()
		out, err := client.PutEvents(t.Context(), &awsevents.PutEventsInput{Entries: []eventtypes.PutEventsRequestEntry{{Source: aws.String("shop"), DetailType: aws.String("order"), Detail: aws.String(`{"id":"` + id + `"}`)}}})
		if err != nil || out.FailedEntryCount != 0 {
			t.Fatalf("%+v, %v", out, err)
		}
	}
	put("a1")
	seen.await(t, "the event that no permission lets through", func(text string) bool {
		return strings.Contains(text, "eventbridge: rule orders: target "+function+": an event is dropped")
	})
	permit(e, "events", strings.Replace(orders["arn"].(string), "orders", "*", 1))
	put("b2")
	seen.await(t, "the event", func(text string) bool { return strings.Contains(text, "f: order b2\n") })
	if strings.Contains(seen.String(), "order a1") {
		t.Error("the function got an event before it had a permission")
	}
	result, err := c.Inspector().RunSchedule(t.Context(), "nightly")
	if err != nil || string(result.Answer) != "null" {
		t.Errorf("run now: %s, %v\n%s", result.Answer, err, seen)
	}
	seen.await(t, "the run", func(text string) bool { return strings.Count(text, "f: scheduled\n") == 1 })
	if _, err := c.Inspector().RunSchedule(t.Context(), "daily"); err == nil || !strings.Contains(err.Error(), "there is no schedule daily; the local cloud has no schedules; the rules with a schedule are project-nightly") {
		t.Errorf("a rule that is not there: %v", err)
	}
	topicARN := "arn:aws:sns:" + region + ":" + account + ":changes"
	e.up(sns.TopicToken, "changes", map[string]any{"name": "changes"})
	e.up(sns.SubscriptionToken, "f", map[string]any{"topic": topicARN, "protocol": "lambda", "endpoint": function})
	permit(e, "sns", topicARN)
	topics := awssns.New(awssns.Options{Region: region, BaseEndpoint: endpoint("SNS"), Credentials: keys})
	if _, err := topics.Publish(t.Context(), &awssns.PublishInput{TopicArn: &topicARN, Message: aws.String("published words")}); err != nil {
		t.Fatal(err)
	}
	seen.await(t, "the message", func(text string) bool {
		return strings.Contains(text, `f: record {"EventSource":"aws:sns"`) && strings.Contains(text, `"Message":"published words"`)
	})
	functions := awslambda.New(awslambda.Options{Region: region, BaseEndpoint: endpoint("LAMBDA"), Credentials: keys})
	if out, err := functions.Invoke(t.Context(), &awslambda.InvokeInput{FunctionName: aws.String("f"), Payload: []byte(`{"do":"raw","text":"1"}`)}); err != nil || string(out.Payload) != "1" {
		t.Errorf("invoked: %+v, %v", out, err)
	}
}

// TestRulesRun checks that a scheduled rule runs when its time comes. The clock
// advances two minutes once the rule exists.
func TestRulesRun(t *testing.T) {
	t.Parallel()
	seen := &shownLines{}
	var forward atomic.Int64
	c, err := Open(Options{
		Dir: t.TempDir(), URL: "http://127.0.0.1:8080", Root: apigateway.Root{Project: "project", Stack: "staging"}, Cache: t.TempDir(), Stderr: io.Discard,
		Lines: seen, Now: func() time.Time { return time.Now().Add(time.Duration(forward.Load())) },
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
	if err := c.RunSchedules(); err != nil {
		t.Fatal(err)
	}
	e := newEngineIn(t, c, program(t))
	function := declareFunction(e)
	_, rule := e.up(eventbridge.RuleToken, "often", map[string]any{"name": "often", "scheduleExpression": "rate(1 minute)"})
	permit(e, "events", rule["arn"].(string))
	e.up(eventbridge.TargetToken, "often", map[string]any{"rule": "often", "arn": function, "input": `{"do":"print","text":"a minute is over\n"}`})
	forward.Store(int64(2 * time.Minute))
	seen.await(t, "the run of the rule", func(text string) bool { return strings.Contains(text, "f: a minute is over\n") })
}
