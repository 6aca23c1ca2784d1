package cloud

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsevents "github.com/aws/aws-sdk-go-v2/service/eventbridge"
	eventtypes "github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	awslambda "github.com/aws/aws-sdk-go-v2/service/lambda"

	"skiff/local/aws/eventbridge"
	"skiff/local/aws/iam"
	"skiff/local/aws/lambda"
	"skiff/local/aws/logs"
)

// declareFunction brings up the tests' function, which prints, and returns its ARN.
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

// permit lets a service invoke the function for a resource.
func permit(e *engine, service, source string) {
	e.up(lambda.PermissionToken, service, map[string]any{"action": "lambda:InvokeFunction", "function": "f", "principal": service + ".amazonaws.com", "sourceArn": source, "statementId": service})
}

// TestRules: a function runs by an event that is put, when a person asks for a rule
// with a schedule, and when one invokes it with an SDK.
func TestRules(t *testing.T) {
	t.Parallel()
	seen := &lines{}
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
	result, err := RunSchedule(t.Context(), c.Control, "nightly")
	if err != nil || string(result.Payload) != "null" || strings.Count(seen.String(), "f: scheduled\n") != 1 {
		t.Errorf("run now: %s, %v\n%s", result.Payload, err, seen)
	}
	if _, err := RunSchedule(t.Context(), c.Control, "daily"); err == nil || !strings.Contains(err.Error(), "there is no schedule daily, nor any other; nor is it a rule with a schedule: there are project-nightly") {
		t.Errorf("a rule that is not there: %v", err)
	}
	functions := awslambda.New(awslambda.Options{Region: region, BaseEndpoint: endpoint("LAMBDA"), Credentials: keys})
	if out, err := functions.Invoke(t.Context(), &awslambda.InvokeInput{FunctionName: aws.String("f"), Payload: []byte(`{"do":"raw","text":"1"}`)}); err != nil || string(out.Payload) != "1" {
		t.Errorf("invoked: %+v, %v", out, err)
	}
}
