package cloud

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/protobuf/types/known/structpb"

	"skiff/local/aws/apigateway"
	"skiff/local/aws/cloudwatch"
	"skiff/local/aws/logs"
	"skiff/local/aws/sns"
)

const (
	account  = "222222222222"
	region   = "eu-west-1"
	topicARN = "arn:aws:sns:" + region + ":" + account + ":alarms"
	groupARN = "arn:aws:logs:" + region + ":" + account + ":log-group:/aws/vendedlogs/api"
)

// engine calls the AWS provider of a cloud, as Pulumi's engine does.
type engine struct {
	t      testing.TB
	client pulumirpc.ResourceProviderClient
}

// newEngine configures an aws.Provider resource with an account, default tags
// and a role.
func newEngine(t *testing.T, c *Cloud) *engine {
	t.Helper()
	providers, err := Join(t.Context(), c.Control, Program{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	e := &engine{t, connect(t, providers.AWS)}
	settings := e.properties(map[string]any{
		"region": region, "profile": "staging", "maxRetries": 25.0, "skipCredentialsValidation": false, "skipRegionValidation": true,
		"allowedAccountIds": []any{account}, "defaultTags": map[string]any{"tags": map[string]any{"Stack": "staging"}},
		"assumeRole": map[string]any{"roleArn": "arn:aws:iam::" + account + ":role/deploy"},
	})
	checked, err := e.client.CheckConfig(t.Context(), &pulumirpc.CheckRequest{News: settings})
	if err != nil || len(checked.Failures) > 0 {
		t.Fatalf("the settings are refused: %v, %v", checked, err)
	}
	if _, err := e.client.Configure(t.Context(), &pulumirpc.ConfigureRequest{Args: checked.Inputs}); err != nil {
		t.Fatal(err)
	}
	return e
}

func (e *engine) properties(m map[string]any) *structpb.Struct {
	e.t.Helper()
	s, err := structpb.NewStruct(m)
	if err != nil {
		e.t.Fatal(err)
	}
	return s
}

// up checks a resource and creates it.
func (e *engine) up(token, name string, inputs map[string]any) (id string, outputs map[string]any) {
	e.t.Helper()
	urn := "urn:pulumi:staging::project::" + token + "::" + name
	checked, err := e.client.Check(e.t.Context(), &pulumirpc.CheckRequest{Type: token, Urn: urn, Name: name, News: e.properties(inputs)})
	if err != nil || len(checked.Failures) > 0 {
		e.t.Fatalf("%s %s is refused: %v, %v", token, name, checked, err)
	}
	created, err := e.client.Create(e.t.Context(), &pulumirpc.CreateRequest{Type: token, Urn: urn, Properties: checked.Inputs})
	if err != nil {
		e.t.Fatalf("%s %s: %v", token, name, err)
	}
	return created.Id, created.Properties.AsMap()
}

func openCloud(t *testing.T) *Cloud {
	t.Helper()
	c, err := Open(Options{
		Dir: t.TempDir(), URL: "http://127.0.0.1:8080",
		Root: apigateway.Root{Project: "project", Stack: "staging"}, Cache: t.TempDir(), Stderr: io.Discard,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
	return c
}

// TestOperations creates alarms, a dashboard and access logs of an API, through
// a provider of another account, and finds a request in the access log.
func TestOperations(t *testing.T) {
	t.Parallel()
	c := openCloud(t)
	e := newEngine(t, c)

	who, err := e.client.Invoke(t.Context(), &pulumirpc.InvokeRequest{Tok: "aws:index/getCallerIdentity:getCallerIdentity"})
	if err != nil || who.Return.AsMap()["accountId"] != account {
		t.Errorf("the caller is %v, %v", who, err)
	}
	id, topic := e.up(sns.TopicToken, "alarms", map[string]any{"name": "alarms", "tags": map[string]any{"Own": "x"}})
	if tags, _ := topic["tagsAll"].(map[string]any); id != topicARN || topic["arn"] != topicARN || tags["Stack"] != "staging" || tags["Own"] != "x" {
		t.Errorf("topic %s: %v", id, topic)
	}
	if _, out := e.up(sns.SubscriptionToken, "mail", map[string]any{"topic": topicARN, "protocol": "email", "endpoint": "ops@example.com"}); out["pendingConfirmation"] != true || out["ownerId"] != account {
		t.Errorf("subscription %v", out)
	}
	_, alarm := e.up(cloudwatch.AlarmToken, "errors", map[string]any{
		"name": "errors", "comparisonOperator": "GreaterThanThreshold", "threshold": 0.0, "evaluationPeriods": 1.0,
		"namespace": "AWS/ApiGateway", "metricName": "5xx", "statistic": "Sum", "period": 60.0, "alarmActions": []any{topicARN},
	})
	if alarm["arn"] != "arn:aws:cloudwatch:"+region+":"+account+":alarm:errors" || alarm["actionsEnabled"] != true {
		t.Errorf("alarm %v", alarm)
	}
	_, board := e.up(cloudwatch.DashboardToken, "api", map[string]any{"dashboardName": "api", "dashboardBody": `{"widgets":[]}`})
	if board["dashboardArn"] != "arn:aws:cloudwatch::"+account+":dashboard/api" {
		t.Errorf("dashboard %v", board)
	}

	api, _ := e.up(apigateway.APIToken, "api", map[string]any{"protocolType": "HTTP"})
	e.up(apigateway.RouteToken, "GET /items", map[string]any{"apiId": api, "routeKey": "GET /items"})
	e.up(logs.Token, "access", map[string]any{"name": "/aws/vendedlogs/api"})
	limits := map[string]any{"throttlingBurstLimit": 5.0, "throttlingRateLimit": 2.5, "detailedMetricsEnabled": true}
	_, stage := e.up(apigateway.StageToken, "api", map[string]any{
		"apiId": api, "name": "$default", "autoDeploy": true, "defaultRouteSettings": limits,
		"routeSettings":     []any{map[string]any{"routeKey": "GET /items", "throttlingBurstLimit": 0.0, "throttlingRateLimit": 0.0}},
		"accessLogSettings": map[string]any{"destinationArn": groupARN, "format": "$context.accountId $context.requestId $context.status"},
	})
	if stage["executionArn"] != "arn:aws:execute-api:"+region+":"+account+":"+api+"/$default" {
		t.Errorf("stage %v", stage)
	}
	server := httptest.NewServer(c.Gateway().Handler)
	t.Cleanup(server.Close)
	response, err := http.Get(server.URL + "/items")
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	if err := c.groups.Flush(); err != nil {
		t.Error(err)
	}
	data, err := os.ReadFile(filepath.Join(c.o.Dir, "logs", "aws", "vendedlogs", "api.log"))
	want := `Z ` + api + `/\$default ` + account + ` ` + regexp.QuoteMeta(response.Header.Get("Apigw-Requestid")) + ` 429\n$`
	if err != nil || response.StatusCode != http.StatusTooManyRequests || !regexp.MustCompile(want).Match(data) {
		t.Errorf("answer %d, access log %q, %v; want %s", response.StatusCode, data, err, want)
	}
}

// TestRefusals checks the errors that the engine gets for unsupported
// properties.
func TestRefusals(t *testing.T) {
	t.Parallel()
	e := newEngine(t, openCloud(t))
	for _, test := range []struct {
		token  string
		inputs map[string]any
		want   string
	}{
		{cloudwatch.AlarmToken, map[string]any{"evaluationPeriods": 1.0}, "comparisonOperator threshold"},
		{cloudwatch.AlarmToken, map[string]any{"comparisonOperator": "GreaterThanThreshold", "threshold": 1.0, "evaluationPeriods": 1.0, "thresholdMetricId": "x"}, "thresholdMetricId"},
		{cloudwatch.DashboardToken, map[string]any{"dashboardName": "a", "dashboardBody": "{}"}, "dashboardBody"},
		{sns.TopicToken, map[string]any{"fifoTopic": true}, "fifoTopic"},
		{sns.SubscriptionToken, map[string]any{"topic": topicARN, "protocol": "sms", "endpoint": "1"}, "protocol"},
		{apigateway.StageToken, map[string]any{"apiId": "a", "defaultRouteSettings": map[string]any{"loggingLevel": "LOUD", "throttlingBurstLimit": 1.0, "throttlingRateLimit": 1.0}}, "defaultRouteSettings.loggingLevel"},
		{apigateway.StageToken, map[string]any{"apiId": "a", "routeSettings": []any{map[string]any{}}}, "routeSettings[0].routeKey routeSettings[0].throttlingBurstLimit routeSettings[0].throttlingRateLimit"},
		{apigateway.StageToken, map[string]any{"apiId": "a", "accessLogSettings": map[string]any{}}, "accessLogSettings.destinationArn accessLogSettings.format"},
	} {
		checked, err := e.client.Check(t.Context(), &pulumirpc.CheckRequest{Type: test.token, Name: "x", News: e.properties(test.inputs)})
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, f := range checked.Failures {
			got = append(got, f.Property)
		}
		if text := strings.Join(got, " "); text != test.want {
			t.Errorf("%s %v: refused for %q, want %q", test.token, test.inputs, text, test.want)
		}
	}
}
