package cloud

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"skiff/local/aws/apigateway"
	"skiff/local/aws/dynamodb"
	"skiff/local/aws/eventbridge"
	"skiff/local/aws/s3"
	"skiff/local/aws/secretsmanager"
	"skiff/local/aws/sns"
	"skiff/local/aws/sqs"
	"skiff/local/aws/ssm"
	"skiff/local/process/npm"
)

// missing skips a test if something is not installed. In CI everything is
// installed and a variable says so, so there the test fails.
func missing(t *testing.T, what string) {
	t.Helper()
	if os.Getenv("SKIFF_TEST_SDKS") == "required" {
		t.Fatal(what)
	}
	t.Skip(what)
}

// openCalled opens a cloud with a gateway and one resource of each service, and
// returns the resources for the scripts of testdata/sdk.
func openCalled(t *testing.T) (c *Cloud, resources string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	cache, err := npm.CacheDir()
	if err != nil {
		t.Fatal(err)
	}
	c, err = Open(Options{Dir: t.TempDir(), URL: "http://" + l.Addr().String(), Root: apigateway.Root{Project: "project", Stack: "staging"}, Cache: cache, Stderr: io.Discard})
	if err != nil {
		t.Fatal(err)
	}
	gateway := c.Gateway()
	go gateway.Serve(c.Listen(l))
	t.Cleanup(func() { gateway.Close(); c.Close() })

	return c, declareCalled(newEngineIn(t, c, program(t)))
}

// declareCalled creates one resource of each service, and returns their names
// as JSON.
func declareCalled(e *engine) string {
	_, table := e.up(dynamodb.Token, "items", map[string]any{
		"name": "items", "hashKey": "id", "billingMode": "PAY_PER_REQUEST", "attributes": []any{map[string]any{"name": "id", "type": "S"}},
		"streamEnabled": true, "streamViewType": "NEW_IMAGE",
	})
	queue, _ := e.up(sqs.Token, "jobs", map[string]any{"name": "jobs"})
	bucket, _ := e.up(s3.BucketToken, "uploads", map[string]any{})
	e.up(ssm.Token, "p", map[string]any{"name": "/project/p", "type": "String", "value": "hello"})
	e.up(secretsmanager.Token, "s", map[string]any{"name": "s"})
	api, out := e.up(apigateway.APIToken, "sockets", map[string]any{"protocolType": "WEBSOCKET", "routeSelectionExpression": "$request.body.action"})
	e.up(apigateway.StageToken, "sockets", map[string]any{"apiId": api, "name": "live"})
	messages, messagesARN := declareTarget(e, "messages", "sns")
	_, topic := e.up(sns.TopicToken, "changes", map[string]any{"name": "changes"})
	e.up(sns.SubscriptionToken, "messages", map[string]any{"topic": topic["arn"], "protocol": "sqs", "endpoint": messagesARN, "rawMessageDelivery": true})
	events, eventsARN := declareTarget(e, "events", "events")
	e.up(eventbridge.RuleToken, "orders", map[string]any{"name": "orders", "eventPattern": `{"source":["shop"]}`})
	e.up(eventbridge.TargetToken, "orders", map[string]any{"rule": "orders", "arn": eventsARN})
	data, err := json.Marshal(map[string]any{
		"table": "items", "stream": table["streamArn"], "queue": queue, "bucket": bucket, "parameter": "/project/p", "secret": "s",
		"connections": strings.Replace(out["apiEndpoint"].(string), "ws://", "http://", 1) + "/live",
		"function":    declareFunction(e), "topic": topic["arn"], "messages": messages, "events": events,
	})
	if err != nil {
		e.t.Fatal(err)
	}
	return string(data)
}

// declareTarget creates a queue that a service may send to.
func declareTarget(e *engine, name, service string) (url, arn string) {
	url, queue := e.up(sqs.Token, name, map[string]any{"name": name})
	arn = queue["arn"].(string)
	e.up(sqs.PolicyToken, name, map[string]any{"queueUrl": url, "policy": `{"Statement":{"Effect":"Allow","Principal":{"Service":"` + service + `.amazonaws.com"},"Action":"sqs:SendMessage","Resource":"` + arn + `"}}`})
	return url, arn
}

// wantRoundTrips returns what every script prints for each service, keyed by
// the suffix of its variable, and for features that several services share.
func wantRoundTrips() map[string]string {
	return map[string]string{
		"dynamodb": "hello", "dynamodbstreams": "a list", "eventbridge": "hello", "lambda": "hello", "s3": "hello", "presigned": "by URL",
		"secretsmanager": "hello", "sns": "hello", "sqs": "hello", "ssm": "hello", "sts": "arn:aws:iam::000000000000:user/administrator",
		"connections": "GoneException", "looked up": "",
	}
}

// wantRefusals returns the SDKs' errors for services that the cloud does not
// have. A script calls some of them.
func wantRefusals() map[string]string {
	return map[string]string{
		"kinesis": "Kinesis Data Streams, kinesis (ListStreams)", "cloudwatch": "CloudWatch, monitoring (PutMetricData)", "kms": "KMS, kms (ListKeys)",
		"ec2": "EC2, ec2 (DescribeInstances)", "ses": "SES, ses (ListIdentities)", "bedrock": "Bedrock, bedrock (POST /model/m/converse)",
		"rekognition": "Rekognition, rekognition (ListCollections)", "cognito": "Cognito user pools, cognito-idp (InitiateAuth)",
		"stepfunctions": "Step Functions, states (StartSyncExecution)", "route53": "Route 53, route53 (GET /2013-04-01/hostedzone)",
	}
}

// roundTrips runs a script, given as to exec.Command, and compares its output
// for each service. The script must call all services, and as many absent ones
// as refusals says.
func roundTrips(t *testing.T, refusals int, command ...string) {
	t.Helper()
	c, resources := openCalled(t)
	cmd := exec.CommandContext(t.Context(), command[0], command[1:]...)
	cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + trap(t), "AWS_REGION=" + region, "AWS_DEFAULT_REGION=" + region, "RESOURCES=" + resources}, c.Operator...)
	var complaints bytes.Buffer
	cmd.Stderr = &complaints
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v\n%s\n%s", err, out, &complaints)
	}
	want, absent := wantRoundTrips(), wantRefusals()
	for _, s := range c.called() {
		if name := strings.ReplaceAll(strings.ToLower(s.variable), "_", ""); want[name] == "" {
			t.Errorf("nothing is expected of %s, %s", name, s.name)
		}
	}
	for line := range bytes.Lines(out) {
		var got roundTrip
		if err := json.Unmarshal(line, &got); err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		if refusal := absent[got.Service]; refusal != "" {
			got.refused(t, refusal)
			refusals--
			continue
		}
		got.compare(t, want)
		delete(want, got.Service)
	}
	for service := range want {
		t.Errorf("%s is not called\n%s\n%s", service, out, &complaints)
	}
	if refusals != 0 {
		t.Errorf("%d services more than expected are absent\n%s", -refusals, out)
	}
}

// roundTrip is one line of a script's output.
type roundTrip struct{ Service, Value, Error string }

func (r roundTrip) refused(t *testing.T, want string) {
	t.Helper()
	if !strings.Contains(r.Error, "the local cloud does not have the service "+want) || !strings.Contains(r.Error, "NotImplemented") {
		t.Errorf("%s is refused with %q, not for %q", r.Service, r.Error, want)
	}
}

func (r roundTrip) compare(t *testing.T, all map[string]string) {
	t.Helper()
	want, known := all[r.Service]
	switch {
	case !known:
		t.Errorf("%s is called twice, or nothing is expected of it", r.Service)
	case r.Service == "connections":
		if !strings.Contains(r.Error, want) {
			t.Errorf("connections: %q", r.Error)
		}
	case r.Error != "" || r.Value != want:
		t.Errorf("%s: %q %s, want %q", r.Service, r.Value, r.Error, want)
	}
}

// TestGo calls every service with the SDK for Go, version 2.
func TestGo(t *testing.T) {
	t.Parallel()
	binary := filepath.Join(t.TempDir(), "sdk")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", binary, "./testdata/sdk").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	roundTrips(t, 1, binary)
}

// TestJavaScript calls every service with the SDK for JavaScript, version 3.
func TestJavaScript(t *testing.T) {
	t.Parallel()
	cache, err := npm.CacheDir()
	if err != nil {
		t.Fatal(err)
	}
	read := func(name string) []byte {
		data, err := os.ReadFile(filepath.Join("testdata", "sdk", name))
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	home, err := npm.Package{
		Name: "sdk-round-trips", Module: "@aws-sdk/client-sqs", Purpose: "the SDK for JavaScript, for a test",
		Manifest: read("package.json"), Lock: read("package-lock.json"),
	}.Install(t.Context(), cache, t.Output())
	if err != nil {
		missing(t, "the SDK for JavaScript cannot be installed: "+err.Error())
	}
	// Node resolves modules beside the script.
	dir := t.TempDir()
	script := filepath.Join(dir, "roundtrips.mjs")
	if err := os.Symlink(filepath.Join(home, "node_modules"), filepath.Join(dir, "node_modules")); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(script, read("roundtrips.mjs"), 0o600); err != nil {
		t.Fatal(err)
	}
	roundTrips(t, 3, "node", script)
}

// TestPython calls every service with boto3.
func TestPython(t *testing.T) {
	t.Parallel()
	python := pythonSDK(t)
	roundTrips(t, 9, python, filepath.Join("testdata", "sdk", "roundtrips.py"))
}

// pythonSDK returns the path of a Python that has boto3: the one on PATH, or
// Debian's. Older versions than 1.28, such as Debian 12's, do not read
// AWS_ENDPOINT_URL and call AWS itself
// (https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html).
func pythonSDK(t *testing.T) (path string) {
	t.Helper()
	// The pyenv shim on PATH needs HOME to find the real interpreter.
	const ask = "import boto3, sys; print(sys.executable, *boto3.__version__.split('.')[:2])"
	said := ""
	for _, python := range []string{"python3", "/usr/bin/python3"} {
		out, err := exec.Command(python, "-c", ask).CombinedOutput()
		if err != nil {
			said += fmt.Sprintf("%s: %v %s\n", python, err, out)
			continue
		}
		var major, minor int
		if _, err := fmt.Sscan(string(out), &path, &major, &minor); err != nil {
			t.Fatalf("%s says %q: %v", python, out, err)
		}
		if major > 1 || minor >= 28 {
			return path
		}
		said = fmt.Sprintf("boto3 %d.%d knows no AWS_ENDPOINT_URL", major, minor)
	}
	if strings.HasPrefix(said, "boto3") {
		t.Skip(said)
	}
	missing(t, "no Python has boto3: "+said)
	return ""
}
