package cloud

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsdynamodb "github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams"
	awssqs "github.com/aws/aws-sdk-go-v2/service/sqs"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"

	"skiff/local/aws/apigateway"
	"skiff/local/aws/dynamodb"
	"skiff/local/aws/iam"
	"skiff/local/aws/lambda"
	"skiff/local/aws/logs"
	"skiff/local/aws/scheduler"
	"skiff/local/aws/sqs"
	"skiff/local/process/npm"
)

// shownLines collects what the terminal of a cloud shows.
type shownLines struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *shownLines) Write(data []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(data)
}

func (l *shownLines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// await waits until the terminal shows what ok accepts.
func (l *shownLines) await(t *testing.T, what string, ok func(text string) bool) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !ok(l.String()); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not within a minute: %s\n%s", what, l)
		}
	}
}

// openStreams opens the cloud in a folder, with an engine for items.
func openStreams(t testing.TB, dir string, seen io.Writer) *Cloud {
	t.Helper()
	cache, err := npm.CacheDir()
	if err != nil {
		t.Fatal(err)
	}
	c, err := Open(Options{Dir: dir, URL: "http://127.0.0.1:8080", Root: apigateway.Root{Project: "project", Stack: "staging"}, Cache: cache, Stderr: io.Discard, Lines: seen})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// program returns a folder with the zip of the test function.
func program(t *testing.T) string { return zipped(t, "../aws/lambda/testdata/function") }

// zipped returns a folder with the zip of a function's package.
func zipped(t *testing.T, of string) string {
	t.Helper()
	dir := t.TempDir()
	binary := filepath.Join(dir, "bootstrap")
	build := exec.Command("go", "build", "-tags", "lambda.norpc", "-o", binary, of)
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	zipFile(t, binary, filepath.Join(dir, "f.zip"))
	return dir
}

// zipFile writes the zip of a function whose bootstrap is a binary.
func zipFile(t testing.TB, binary, to string) {
	t.Helper()
	data, err := os.ReadFile(binary)
	if err != nil {
		t.Fatal(err)
	}
	var file bytes.Buffer
	z := zip.NewWriter(&file)
	h := &zip.FileHeader{Name: "bootstrap", Method: zip.Deflate}
	h.SetMode(0o755)
	entry, err := z.CreateHeader(h)
	if err == nil {
		_, err = entry.Write(data)
	}
	if err := errors.Join(err, z.Close(), os.WriteFile(to, file.Bytes(), 0o600)); err != nil {
		t.Fatal(err)
	}
}

// operator returns a person's endpoints and keys, for the SDK's clients.
func operator(c *Cloud) (endpoint func(service string) *string, keys aws.CredentialsProvider) {
	env := func(name string) string {
		i := slices.IndexFunc(c.Operator, func(v string) bool { return strings.HasPrefix(v, name+"=") })
		return c.Operator[i][len(name)+1:]
	}
	return func(service string) *string { return aws.String(env("AWS_ENDPOINT_URL_" + service)) },
		aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: env("AWS_ACCESS_KEY_ID"), SecretAccessKey: env("AWS_SECRET_ACCESS_KEY"), SessionToken: env("AWS_SESSION_TOKEN")}, nil
		})
}

// putAsk puts an item that asks the function to do something.
func putAsk(t *testing.T, c *Cloud, id, what string) {
	t.Helper()
	endpoint, keys := operator(c)
	client := awsdynamodb.New(awsdynamodb.Options{Region: region, BaseEndpoint: endpoint("DYNAMODB"), Credentials: keys})
	item := map[string]types.AttributeValue{"id": &types.AttributeValueMemberS{Value: id}, "do": &types.AttributeValueMemberS{Value: what}}
	if _, err := client.PutItem(t.Context(), &awsdynamodb.PutItemInput{TableName: aws.String("items"), Item: item}); err != nil {
		t.Fatal(err)
	}
}

// declareStreams creates a table with a stream, a function that reads it, a
// queue for failed records, and a schedule. It returns the ARN of the stream.
func declareStreams(e *engine) string {
	trust := func(service string) string {
		return `{"Statement":{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"Service":"` + service + `"}}}`
	}
	_, role := e.up(iam.RoleToken, "f", map[string]any{"name": "f", "assumeRolePolicy": trust("lambda.amazonaws.com")})
	e.up(iam.RolePolicyToken, "f", map[string]any{"name": "f", "role": "f", "policy": `{"Statement":[
		{"Effect":"Allow","Action":["dynamodb:GetRecords","dynamodb:GetShardIterator","dynamodb:DescribeStream"],"Resource":"arn:aws:dynamodb:` + region + `:` + account + `:table/items/stream/*"},
		{"Effect":"Allow","Action":"dynamodb:ListStreams","Resource":"*"},{"Effect":"Allow","Action":"sqs:SendMessage","Resource":"*"},{"Effect":"Allow","Action":"logs:*","Resource":"*"}]}`})
	e.up(logs.Token, "f", map[string]any{"name": "/aws/lambda/f"})
	_, function := e.up(lambda.FunctionToken, "f", map[string]any{
		"name": "f", "role": role["arn"], "handler": "bootstrap", "runtime": "provided.al2023", "timeout": 5.0,
		"code": map[string]any{"4dabf18193072939515e22adb298388d": "0def7320c3a5731c473e5ecbe6d01bc7", "hash": "h", "path": "f.zip"},
	})
	_, table := e.up(dynamodb.Token, "items", map[string]any{
		"name": "items", "hashKey": "id", "billingMode": "PAY_PER_REQUEST", "attributes": []any{map[string]any{"name": "id", "type": "S"}},
		"streamEnabled": true, "streamViewType": "NEW_AND_OLD_IMAGES",
	})
	_, queue := e.up(sqs.Token, "failed", map[string]any{"name": "failed"})
	e.up(lambda.EventSourceMappingToken, "items", map[string]any{
		"eventSourceArn": table["streamArn"], "functionName": "f", "startingPosition": "LATEST", "functionResponseTypes": []any{"ReportBatchItemFailures"},
		"maximumRetryAttempts": 1.0, "bisectBatchOnFunctionError": true, "maximumBatchingWindowInSeconds": 1.0,
		"destinationConfig": map[string]any{"onFailure": map[string]any{"destinationArn": queue["arn"]}},
	})
	_, runs := e.up(iam.RoleToken, "runs", map[string]any{"name": "runs", "assumeRolePolicy": trust("scheduler.amazonaws.com")})
	e.up(iam.RolePolicyToken, "runs", map[string]any{"name": "runs", "role": "runs", "policy": `{"Statement":{"Effect":"Allow","Action":"lambda:InvokeFunction","Resource":"` + function["arn"].(string) + `"}}`})
	e.up(scheduler.Token, "nightly", map[string]any{
		"name": "project-nightly", "scheduleExpression": "rate(1 day)", "flexibleTimeWindow": map[string]any{"mode": "OFF"},
		"target": map[string]any{"arn": function["arn"], "roleArn": runs["arn"], "input": `{"do":"print","text":"scheduled\n"}`},
	})
	return table["streamArn"].(string)
}

// given matches the function's log line for a record, and captures the key.
var given = regexp.MustCompile(`(?m)^f: record .*"Keys":\{"id":\{"S":"(\w+)"\}\}`)

func timesGiven(text string) map[string]int {
	n := map[string]int{}
	for _, m := range given.FindAllStringSubmatch(text, -1) {
		n[m[1]]++
	}
	return n
}

// TestStreamsAndSchedules checks that changes of items reach the function, and
// that only the record that fails goes to the queue. It reopens the cloud,
// which resumes the stream. A schedule runs at its time and on demand.
func TestStreamsAndSchedules(t *testing.T) {
	t.Parallel()
	dir, seen := t.TempDir(), &shownLines{}
	c := openStreams(t, dir, seen)
	if err := c.RunSchedules(); err != nil {
		t.Fatal(err)
	}
	e := newEngineIn(t, c, program(t))
	stream := declareStreams(e)
	seen.await(t, "the rate that begins now", func(text string) bool { return strings.Contains(text, "f: scheduled\n") })

	const good, bad = `{"do":"print","text":"good\n"}`, `{"do":"error","text":"poisoned"}`
	putAsk(t, c, "a", good)
	seen.await(t, "the first change", func(text string) bool { return timesGiven(text)["a"] == 1 && strings.Contains(text, "f: good") })
	for _, want := range []string{`"eventSourceARN":"` + stream + `"`, `"awsRegion":"` + region + `"`, `"eventName":"INSERT"`, `"NewImage":{`} {
		if !strings.Contains(seen.String(), want) {
			t.Errorf("the event does not have %s\n%s", want, seen)
		}
	}
	for id, what := range map[string]string{"b": good, "c": good, "d": bad, "e": good} {
		putAsk(t, c, id, what)
	}
	endpoint, keys := operator(c)
	queue := awssqs.New(awssqs.Options{Region: region, BaseEndpoint: endpoint("SQS"), Credentials: keys})
	out, err := queue.ReceiveMessage(t.Context(), &awssqs.ReceiveMessageInput{QueueUrl: aws.String("http://127.0.0.1/" + account + "/failed"), WaitTimeSeconds: 20})
	if err != nil || len(out.Messages) != 1 || !strings.Contains(*out.Messages[0].Body, `"batchSize":1,"streamArn":"`+stream+`"`) {
		t.Fatalf("the queue has %v, %v\n%s", out, err, seen)
	}
	seen.await(t, "the changes beside the one that fails", func(text string) bool {
		n := timesGiven(text)
		return n["b"] > 0 && n["c"] > 0 && n["e"] > 0
	})
	result, err := c.Inspector().RunSchedule(t.Context(), "nightly")
	if err != nil || string(result.Answer) != "null" {
		t.Errorf("run now: %s, %v\n%s", result.Answer, err, seen)
	}
	seen.await(t, "the run", func(text string) bool { return strings.Count(text, "f: scheduled\n") == 2 })
	if _, err := c.Inspector().RunSchedule(t.Context(), "daily"); err == nil || !strings.Contains(err.Error(), "there is no schedule daily; the schedules are project-nightly") {
		t.Errorf("a schedule that is not there: %v", err)
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}

	before := timesGiven(seen.String())
	c = openStreams(t, dir, seen)
	t.Cleanup(func() { c.Close() })
	putAsk(t, c, "z", good)
	seen.await(t, "the change after the restart", func(text string) bool { return timesGiven(text)["z"] == 1 })
	after := timesGiven(seen.String())
	for id := range before {
		if after[id] != before[id] {
			t.Errorf("%s came again after the restart", id)
		}
	}
	endpoint, keys = operator(c)
	streams := dynamodbstreams.New(dynamodbstreams.Options{Region: region, BaseEndpoint: endpoint("DYNAMODB_STREAMS"), Credentials: keys})
	if d, err := streams.DescribeStream(t.Context(), &dynamodbstreams.DescribeStreamInput{StreamArn: &stream}); err != nil || d.StreamDescription.StreamStatus != "ENABLED" {
		t.Errorf("described %v, %v", d, err)
	}
}

// newEngineIn returns the engine of a program in a folder.
func newEngineIn(t testing.TB, c *Cloud, dir string) *engine {
	t.Helper()
	providers, err := Join(t.Context(), c.Control, Program{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	e := &engine{t, connect(t, providers.AWS)}
	if _, err := e.client.Configure(t.Context(), &pulumirpc.ConfigureRequest{Args: e.properties(map[string]any{"region": region, "allowedAccountIds": []any{account}})}); err != nil {
		t.Fatal(err)
	}
	return e
}

// TestStreamPreview checks when a preview knows a stream's ARN: not if the
// update enables the stream, but if it changes something else.
func TestStreamPreview(t *testing.T) {
	t.Parallel()
	e := newEngine(t, openCloud(t))
	plain := map[string]any{"name": "items", "hashKey": "id", "billingMode": "PAY_PER_REQUEST", "attributes": []any{map[string]any{"name": "id", "type": "S"}}}
	with := func(name string, value any) map[string]any {
		all := map[string]any{name: value}
		for k, v := range plain {
			all[k] = v
		}
		return all
	}
	olds := with("streamArn", "")
	for change, known := range map[string]bool{"streamEnabled": false, "deletionProtectionEnabled": true} {
		r, err := e.client.Update(t.Context(), &pulumirpc.UpdateRequest{Type: dynamodb.Token, Id: "items", Urn: "urn:pulumi:staging::project::" + dynamodb.Token + "::items",
			Preview: true, Olds: e.properties(olds), News: e.properties(with(change, true))})
		if err != nil {
			t.Fatal(err)
		}
		if arn := r.Properties.AsMap()["streamArn"]; (arn == "") != known {
			t.Errorf("%s: the preview says %v of the ARN", change, arn)
		}
	}
}
