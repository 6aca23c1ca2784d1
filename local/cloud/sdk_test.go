package cloud

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"skiff/local/aws/apigateway"
	"skiff/local/aws/dynamodb"
	"skiff/local/aws/s3"
	"skiff/local/aws/secretsmanager"
	"skiff/local/aws/sqs"
	"skiff/local/aws/ssm"
	"skiff/local/process/npm"
)

// missing skips a test for which something is not installed. CI has all of it, and
// says so in this variable.
func missing(t *testing.T, what string) {
	t.Helper()
	if os.Getenv("SKIFF_TEST_SDKS") == "required" {
		t.Fatal(what)
	}
	t.Skip(what)
}

// openCalled opens a cloud whose gateway answers, with one resource of each service
// that can be called, and returns what the scripts of testdata/sdk want to know.
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

	e := newEngine(t, c)
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
	data, err := json.Marshal(map[string]any{
		"table": "items", "stream": table["streamArn"], "queue": queue, "bucket": bucket, "parameter": "/project/p", "secret": "s",
		"connections": strings.Replace(out["apiEndpoint"].(string), "ws://", "http://", 1) + "/live",
	})
	if err != nil {
		t.Fatal(err)
	}
	return c, string(data)
}

// wantRoundTrips is what the scripts print of each service: of those that are
// absent, what the SDK shows of the refusal.
func wantRoundTrips() map[string]string {
	return map[string]string{
		"dynamodb": "hello", "streams": "a list", "s3": "hello", "presigned": "by URL", "secretsmanager": "hello", "sqs": "hello", "ssm": "hello",
		"sts": "arn:aws:iam::000000000000:user/administrator", "connections": "GoneException", "looked up": "",
		"kinesis": "Kinesis Data Streams, kinesis (ListStreams)", "cloudwatch": "CloudWatch, monitoring (PutMetricData)",
		"ec2": "EC2, ec2 (DescribeInstances)", "ses": "SES, ses (ListIdentities)", "bedrock": "Bedrock, bedrock (POST /model/m/converse)",
		"rekognition": "Rekognition, rekognition (ListCollections)", "cognito": "Cognito user pools, cognito-idp (InitiateAuth)",
		"stepfunctions": "Step Functions, states (StartSyncExecution)", "route53": "Route 53, route53 (GET /2013-04-01/hostedzone)",
	}
}

// roundTrips runs a script as `exec` runs a command, and compares what it prints of
// each service.
func roundTrips(t *testing.T, least int, command ...string) {
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
	seen, want := 0, wantRoundTrips()
	for lines := bufio.NewScanner(bytes.NewReader(out)); lines.Scan(); seen++ {
		var got struct{ Service, Value, Error string }
		if err := json.Unmarshal(lines.Bytes(), &got); err != nil {
			t.Fatalf("%v: %s", err, lines.Bytes())
		}
		expected, known := want[got.Service]
		switch {
		case !known:
			t.Errorf("nothing is expected of %s", got.Service)
		case strings.Contains(expected, " ("): // absent
			if !strings.Contains(got.Error, "the local cloud does not have the service "+expected) || !strings.Contains(got.Error, "NotImplemented") {
				t.Errorf("%s is refused with %q, not for %q", got.Service, got.Error, expected)
			}
		case got.Service == "connections":
			if !strings.Contains(got.Error, expected) {
				t.Errorf("connections: %q", got.Error)
			}
		case got.Error != "" || got.Value != expected:
			t.Errorf("%s: %q %s, want %q", got.Service, got.Value, got.Error, expected)
		}
	}
	if seen < least {
		t.Errorf("%d services were called\n%s\n%s", seen, out, &complaints)
	}
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
	// A module is looked for beside the script.
	dir := t.TempDir()
	script := filepath.Join(dir, "roundtrips.mjs")
	if err := os.Symlink(filepath.Join(home, "node_modules"), filepath.Join(dir, "node_modules")); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(script, read("roundtrips.mjs"), 0o600); err != nil {
		t.Fatal(err)
	}
	roundTrips(t, 12, "node", script)
}

// TestPython calls every service with boto3.
func TestPython(t *testing.T) {
	t.Parallel()
	python, err := exec.LookPath("python3")
	if err != nil {
		missing(t, "there is no python3")
	}
	// What pyenv puts on PATH looks for the real one below HOME.
	out, err := exec.Command(python, "-c", "import boto3, sys; print(sys.executable)").CombinedOutput()
	if err != nil {
		missing(t, "python3 has no boto3: "+string(out))
	}
	roundTrips(t, 19, strings.TrimSpace(string(out)), filepath.Join("testdata", "sdk", "roundtrips.py"))
}
