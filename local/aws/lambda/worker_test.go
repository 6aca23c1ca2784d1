package lambda_test

import (
	"archive/zip"
	"context"
	"encoding/json"
	"errors"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/aws"
	awssqs "github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"skiff/local/aws/iam"
	"skiff/local/aws/lambda"
	"skiff/local/aws/sqs"
	"skiff/local/engine/provider"
	"skiff/local/store"
)

const (
	workerRole = "arn:aws:iam::111111111111:role/r"
	queueARN   = "arn:aws:sqs:eu-west-1:111111111111:q"
)

// worker is the test function behind a queue.
type worker struct {
	t         *testing.T
	db        *store.Store
	dir       string
	call      provider.Call
	runtime   *lambda.Runtime
	authority *iam.Authority
	functions *lambda.Functions
	queues    *sqs.Queues
	polled    *counted
	stream    *fakeStream
	sources   *lambda.EventSources
	client    *awssqs.Client // the administrator's
	server    *httptest.Server
	in        lambda.EventSourceMapping

	mu       sync.Mutex
	lines    []string
	reported []string
}

// counted counts a mapping's calls of Receive.
type counted struct {
	lambda.Queue
	receives atomic.Int64
}

func (c *counted) Receive(ctx context.Context, caller iam.Caller, queueARN string, limit int, wait time.Duration) ([]lambda.Message, error) {
	c.receives.Add(1)
	return c.Queue.Receive(ctx, caller, queueARN, limit, wait)
}

// newWorker declares a role, a queue with a dead-letter queue, and a function.
// It starts no polling.
func newWorker(t *testing.T) *worker {
	t.Helper()
	w := &worker{t: t, dir: t.TempDir(), call: provider.Call{Account: "111111111111", Region: "eu-west-1", Dir: t.TempDir()}}
	w.zip()
	w.open()
	t.Cleanup(w.close)
	put(w, iam.RoleToken, "r", iam.Role{Name: "r", AssumeRolePolicy: `{"Statement":{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"Service":"lambda.amazonaws.com"}}}`})
	w.allow("*")
	put(w, sqs.Token, "111111111111/dead", sqs.Queue{Name: "dead"})
	w.visible(comesAgain)
	w.deploy(func(*lambda.Function) {})
	w.in = lambda.EventSourceMapping{EventSourceARN: queueARN, FunctionName: "f", FunctionResponseTypes: []string{"ReportBatchItemFailures"}}
	return w
}

func put[In any](w *worker, token, key string, in In) {
	w.t.Helper()
	id := key
	if token == sqs.Token {
		id = "http://127.0.0.1:1/" + key
	}
	must(w.t, store.Put(w.db, token, key, store.Record[In]{ID: id, Account: "111111111111", Region: "eu-west-1", Inputs: in, State: map[string]string{}}))
}

// comesAgain is a visibility timeout in seconds for messages that fail. It is
// more than the function's timeout: on a busy machine, a message that becomes
// visible while the function has it would be processed twice.
const comesAgain = 4

// visible declares the queue with a visibility timeout in seconds.
func (w *worker) visible(timeout int) {
	put(w, sqs.Token, "111111111111/q", sqs.Queue{Name: "q", VisibilityTimeoutSeconds: &timeout,
		RedrivePolicy: `{"deadLetterTargetArn":"arn:aws:sqs:eu-west-1:111111111111:dead","maxReceiveCount":2}`})
}

// allow gives the role a right to its queue, in addition to writing logs.
func (w *worker) allow(action string) {
	put(w, iam.RolePolicyToken, "r:p", iam.RolePolicy{Name: "p", Role: "r",
		Policy: `{"Statement":[{"Effect":"Allow","Action":"logs:*","Resource":"*"},{"Effect":"Allow","Action":"sqs:` + action + `","Resource":"` + queueARN + `"}]}`})
}

func (w *worker) zip() {
	bootstrap, err := os.ReadFile(filepath.Join(codeDir, "bootstrap"))
	must(w.t, err)
	file, err := os.Create(filepath.Join(w.call.Dir, "f.zip"))
	must(w.t, err)
	z := zip.NewWriter(file)
	h := &zip.FileHeader{Name: "bootstrap"}
	h.SetMode(0o755)
	entry, err := z.CreateHeader(h)
	must(w.t, err)
	_, err = entry.Write(bootstrap)
	must(w.t, errors.Join(err, z.Close(), file.Close()))
}

// open opens everything in the worker's directory.
func (w *worker) open() {
	var err error
	w.db, err = store.Open(w.dir, 0)
	must(w.t, err)
	w.runtime, err = lambda.NewRuntime(lambda.Options{})
	must(w.t, err)
	w.authority = iam.NewAuthority(w.db, nil)
	w.functions = lambda.NewFunctions(w.db, w.runtime, w.authority, filepath.Join(w.dir, "code"), nil, func(_ lambda.Group, _, _ string, lines ...[]byte) {
		w.mu.Lock()
		defer w.mu.Unlock()
		for _, line := range lines {
			w.lines = append(w.lines, string(line))
		}
	})
	w.queues, err = sqs.New(w.db, w.authority, func() string { return "http://127.0.0.1:1" }, filepath.Join(w.dir, "messages.db"))
	must(w.t, err)
	w.server = httptest.NewServer(w.queues.Handler())
	keys := w.authority.IssueAdministrator()
	w.client = awssqs.New(awssqs.Options{Region: "eu-west-1", BaseEndpoint: &w.server.URL, Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
		return aws.Credentials{AccessKeyID: keys.AccessKeyID, SecretAccessKey: keys.SecretAccessKey, SessionToken: keys.SessionToken}, nil
	})})
	w.polled = &counted{Queue: w.queues}
	if w.stream == nil {
		w.stream = &fakeStream{}
	}
	w.stream.authority = w.authority
	w.sources = lambda.NewEventSources(w.functions, w.polled, w.stream, func(err error) {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.reported = append(w.reported, err.Error())
	})
}

func (w *worker) close() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	w.server.Close()
	must(w.t, errors.Join(w.sources.Close(ctx), w.runtime.Close(ctx), w.queues.Close(), w.db.Close()))
}

// deploy creates or updates the function as the provider does.
func (w *worker) deploy(change func(*lambda.Function)) {
	w.t.Helper()
	in := lambda.Function{Name: "f", Role: workerRole, Handler: "bootstrap", Runtime: "provided.al2023", Timeout: 1, Code: &provider.Archive{Path: "f.zip"}}
	change(&in)
	kind, _ := lambda.FunctionTypes(w.functions)
	r := store.Record[lambda.Function]{ID: "f", Account: "111111111111", Region: "eu-west-1", Inputs: in, State: map[string]string{}}
	must(w.t, kind.Create(w.t.Context(), w.call, &r))
	must(w.t, store.Put(w.db, lambda.FunctionToken, "f", r))
	kind.Updated(r)
}

// mapping creates the mapping as the provider does.
func (w *worker) mapping(change func(*lambda.EventSourceMapping)) store.Record[lambda.EventSourceMapping] {
	w.t.Helper()
	change(&w.in)
	kind := lambda.MappingType(w.sources)
	r := store.Record[lambda.EventSourceMapping]{ID: kind.ID(w.call, w.in), Account: "111111111111", Region: "eu-west-1", Inputs: w.in, State: map[string]string{}}
	must(w.t, kind.Create(w.t.Context(), w.call, &r))
	must(w.t, store.Put(w.db, lambda.EventSourceMappingToken, r.ID, r))
	return r
}

// send sends messages to the queue as the administrator.
func (w *worker) send(bodies ...string) {
	w.t.Helper()
	for _, body := range bodies {
		_, err := w.client.SendMessage(w.t.Context(), &awssqs.SendMessageInput{QueueUrl: aws.String("http://127.0.0.1/111111111111/q"), MessageBody: &body})
		must(w.t, err)
	}
}

func plain(*lambda.EventSourceMapping) {}

// records returns the messages that the function received and printed.
func (w *worker) records() []events.SQSMessage {
	w.mu.Lock()
	defer w.mu.Unlock()
	var all []events.SQSMessage
	for _, line := range w.lines {
		if data, ok := strings.CutPrefix(line, "record "); ok {
			var m events.SQSMessage
			if err := json.Unmarshal([]byte(data), &m); err != nil {
				w.t.Errorf("record %s: %v", data, err)
			}
			all = append(all, m)
		}
	}
	return all
}

func (w *worker) count(prefix string) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	n := 0
	for _, line := range w.lines {
		if strings.HasPrefix(line, prefix) {
			n++
		}
	}
	return n
}

// left returns how many messages a queue has, including hidden ones.
func (w *worker) left(queue string) int {
	w.t.Helper()
	out, err := w.client.GetQueueAttributes(w.t.Context(), &awssqs.GetQueueAttributesInput{QueueUrl: aws.String("http://127.0.0.1/111111111111/" + queue), AttributeNames: []types.QueueAttributeName{"All"}})
	must(w.t, err)
	total := 0
	for _, name := range []string{"", "Delayed", "NotVisible"} {
		n, err := strconv.Atoi(out.Attributes["ApproximateNumberOfMessages"+name])
		must(w.t, err)
		total += n
	}
	return total
}
