package lambda_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awssqs "github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/google/go-cmp/cmp"

	"skiff/local/aws/iam"
	"skiff/local/aws/lambda"
	"skiff/local/engine/provider"
	"skiff/local/store"
)

const (
	streamARN = "arn:aws:dynamodb:eu-west-1:111111111111:table/items/stream/2026-01-02T15:04:05.000"
	deadARN   = "arn:aws:sqs:eu-west-1:111111111111:dead"
)

// fakeStream is a stream in memory that survives a restart of the cloud. The
// roles' policies decide the rights to it.
type fakeStream struct {
	authority *iam.Authority

	mu      sync.Mutex
	records []lambda.StreamRecord
}

func (s *fakeStream) Authorize(c iam.Caller, arn, action string) error {
	if arn != streamARN {
		return errors.New("no such stream")
	}
	return s.authority.Authorize(c, iam.Request{Action: "dynamodb:" + action, Resource: arn})
}

func (s *fakeStream) Position(_ context.Context, _ string, latest bool) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if latest {
		return fmt.Sprintf("%03d", len(s.records)), nil
	}
	return "000", nil
}

func (s *fakeStream) Shard(string) string { return "shard" }

func (s *fakeStream) Records(ctx context.Context, c iam.Caller, arn, after string, limit int, wait time.Duration) ([]lambda.StreamRecord, string, error) {
	for deadline := time.Now().Add(wait); ; {
		if err := s.Authorize(c, arn, "GetRecords"); err != nil {
			return nil, after, err
		}
		var got []lambda.StreamRecord
		s.mu.Lock()
		for _, r := range s.records {
			if r.SequenceNumber > after && len(got) < limit {
				got = append(got, r)
			}
		}
		s.mu.Unlock()
		if len(got) > 0 {
			return got, got[len(got)-1].SequenceNumber, nil
		}
		if time.Now().After(deadline) || ctx.Err() != nil {
			return nil, after, ctx.Err()
		}
		time.Sleep(time.Millisecond)
	}
}

// change adds records, each with a request to the function.
func (s *fakeStream) change(created time.Time, asks ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, ask := range asks {
		number := fmt.Sprintf("%03d", len(s.records)+1)
		event := fmt.Sprintf(`{"dynamodb":{"SequenceNumber":%q,"NewImage":{"do":{"S":%q}}}}`, number, ask)
		s.records = append(s.records, lambda.StreamRecord{SequenceNumber: number, Created: created, Event: []byte(event)})
	}
}

const (
	good = `{"do":"print","text":"good\n"}`
	fail = `{"do":"fail"}`
	bad  = `{"do":"error","text":"no"}`
)

// newStreamWorker declares the function with rights to a stream.
func newStreamWorker(t *testing.T) *worker {
	t.Helper()
	w := newWorker(t)
	w.allowStream("dynamodb:*")
	w.in = lambda.EventSourceMapping{
		EventSourceARN: streamARN, FunctionName: "f", StartingPosition: "TRIM_HORIZON", FunctionResponseTypes: []string{"ReportBatchItemFailures"},
		DestinationConfig: &lambda.Destinations{OnFailure: &lambda.Destination{DestinationARN: deadARN}},
	}
	return w
}

func (w *worker) allowStream(actions ...string) {
	list, err := json.Marshal(actions)
	must(w.t, err)
	put(w, iam.RolePolicyToken, "r:s", iam.RolePolicy{Name: "s", Role: "r",
		Policy: `{"Statement":[{"Effect":"Allow","Action":` + string(list) + `,"Resource":"` + streamARN + `"},{"Effect":"Allow","Action":"sqs:SendMessage","Resource":"` + deadARN + `"}]}`})
}

// seen returns the sequence numbers that the function received, in order.
func (w *worker) seen() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	var all []string
	for _, line := range w.lines {
		if data, ok := strings.CutPrefix(line, "record "); ok {
			var r struct {
				Dynamodb struct{ SequenceNumber string }
			}
			if err := json.Unmarshal([]byte(data), &r); err != nil {
				w.t.Errorf("record %s: %v", data, err)
			}
			all = append(all, r.Dynamodb.SequenceNumber)
		}
	}
	return strings.Join(all, " ")
}

// dead is the part of a destination's message that the tests compare.
type dead struct {
	Condition, Error, Start, End string
	Invokes, Size                int
}

// receive waits for a message at the destination.
func (w *worker) receive() dead {
	w.t.Helper()
	out, err := w.client.ReceiveMessage(w.t.Context(), &awssqs.ReceiveMessageInput{QueueUrl: aws.String("http://127.0.0.1/111111111111/dead"), WaitTimeSeconds: 10})
	must(w.t, err)
	if len(out.Messages) != 1 {
		w.t.Fatalf("the destination has nothing; the function was given %s; reported %s", w.seen(), w.reports())
	}
	var m struct {
		RequestContext struct {
			FunctionARN, Condition string
			ApproximateInvokeCount int
		}
		ResponseContext *struct{ FunctionError string }
		DDB             struct {
			ShardID, StartSequenceNumber, EndSequenceNumber, StreamARN, ApproximateArrivalOfFirstRecord string

			BatchSize int
		} `json:"DDBStreamBatchInfo"`
	}
	must(w.t, json.Unmarshal([]byte(*out.Messages[0].Body), &m))
	if m.DDB.ShardID != "shard" || m.DDB.StreamARN != streamARN || m.DDB.ApproximateArrivalOfFirstRecord == "" || m.RequestContext.FunctionARN != "arn:aws:lambda:eu-west-1:111111111111:function:f" {
		w.t.Errorf("the destination was sent %s", *out.Messages[0].Body)
	}
	d := dead{Condition: m.RequestContext.Condition, Invokes: m.RequestContext.ApproximateInvokeCount, Start: m.DDB.StartSequenceNumber, End: m.DDB.EndSequenceNumber, Size: m.DDB.BatchSize}
	if m.ResponseContext != nil {
		d.Error = m.ResponseContext.FunctionError
	}
	return d
}

func count(n int) *int { return &n }

// TestStreamFailures checks that a failed batch is retried from its first
// failed record on, and is then discarded. The later records follow.
func TestStreamFailures(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name    string
		asks    []string
		retries int
		bisect  bool
		seen    string
		dead    dead
	}{
		{"one record", []string{good, fail, good}, 1, false, "001 002 003 002 003 004",
			dead{"RetryAttemptsExhausted", "", "002", "003", 2, 2}},
		{"the function", []string{good, bad, good}, 1, false, "001 002 001 002 004",
			dead{"RetryAttemptsExhausted", "Unhandled", "001", "003", 2, 3}},
		{"one record, bisected", []string{good, fail, good, good}, 0, true, "001 002 003 004 002 003 004 002 003 004 005",
			dead{"RetryAttemptsExhausted", "", "002", "002", 3, 1}},
		{"the function, bisected", []string{good, good, good, bad}, 1, true, "001 002 003 004 001 002 003 004 003 004 004 005",
			dead{"RetryAttemptsExhausted", "Unhandled", "004", "004", 4, 1}},
		{"the answer", []string{`{"do":"answer","text":"{\"batchItemFailures\":[{\"itemIdentifier\":\"\"}]}"}`}, 0, false, "001 002",
			dead{"RetryAttemptsExhausted", "", "001", "001", 1, 1}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			w := newStreamWorker(t)
			w.stream.change(time.Now(), test.asks...)
			w.mapping(func(in *lambda.EventSourceMapping) {
				in.MaximumRetryAttempts, in.BisectBatchOnFunctionError = &test.retries, test.bisect
			})
			if diff := cmp.Diff(test.dead, w.receive()); diff != "" {
				t.Errorf("the destination received (-want +got)\n%s", diff)
			}
			w.stream.change(time.Now(), good)
			eventually(t, "the following record", func() bool { return strings.HasSuffix(w.seen(), fmt.Sprintf("%03d", len(test.asks)+1)) })
			if got := w.seen(); got != test.seen {
				t.Errorf("the function was given %s, want %s", got, test.seen)
			}
		})
	}
}

// TestStreamBlocks checks that a failed record blocks the later ones, also
// after a restart, and that no processed record comes again.
func TestStreamBlocks(t *testing.T) {
	t.Parallel()
	w := newStreamWorker(t)
	file := filepath.Join(t.TempDir(), "open")
	w.stream.change(time.Now(), good, `{"do":"read","path":"`+file+`"}`, good)
	w.mapping(func(in *lambda.EventSourceMapping) { in.BatchSize = count(1) })
	twice := func() bool { return strings.Count(w.seen(), "002") >= 2 }
	eventually(t, "the second record tried again", twice)
	w.close()
	w.open()
	before := len(w.seen())
	must(t, w.sources.Start())
	eventually(t, "the second record tried after the restart", func() bool { return len(w.seen()) > before })
	if got := w.seen(); strings.Count(got, "001") != 1 || strings.Contains(got, "003") {
		t.Errorf("the function was given %s", got)
	}
	must(t, os.WriteFile(file, nil, 0o600))
	eventually(t, "the third record", func() bool { return strings.HasSuffix(w.seen(), "002 003") })
	if got := w.seen(); strings.Count(got, "001") != 1 || strings.Count(got, "003") != 1 {
		t.Errorf("the function was given %s", got)
	}
}

// TestStreamAge checks that records that are too old are discarded without an
// invocation.
func TestStreamAge(t *testing.T) {
	t.Parallel()
	w := newStreamWorker(t)
	w.stream.change(time.Now().Add(-2*time.Minute), good, good)
	w.stream.change(time.Now(), good)
	w.mapping(func(in *lambda.EventSourceMapping) { in.MaximumRecordAgeInSeconds = count(60) })
	if diff := cmp.Diff(dead{"RecordAgeExceeded", "", "001", "002", 0, 2}, w.receive()); diff != "" {
		t.Errorf("the destination received (-want +got)\n%s", diff)
	}
	eventually(t, "the third record", func() bool { return w.seen() == "003" })
}

// TestStreamLatest checks that a mapping starts at the stream's position when
// the mapping is created, not when the cloud restarts.
func TestStreamLatest(t *testing.T) {
	t.Parallel()
	w := newStreamWorker(t)
	w.stream.change(time.Now(), good)
	off := false
	r := w.mapping(func(in *lambda.EventSourceMapping) { in.StartingPosition, in.Enabled = "LATEST", &off })
	w.stream.change(time.Now(), good)
	kind := lambda.MappingType(w.sources)
	on := r
	on.Inputs.Enabled = nil
	must(t, kind.Update(t.Context(), w.call, r, &on))
	must(t, store.Put(w.db, lambda.EventSourceMappingToken, on.ID, on))
	kind.Updated(on)
	eventually(t, "the second record", func() bool { return w.seen() == "002" })
	must(t, kind.Delete(t.Context(), w.call, on))
	must(t, store.Delete(w.db, lambda.EventSourceMappingToken, on.ID))
	held, err := w.db.Count()
	must(t, err)
	for token := range held {
		if strings.HasPrefix(token, lambda.EventSourceMappingToken) {
			t.Errorf("the store still has %s", token)
		}
	}
}

// TestStreamRights checks that creating a mapping needs every right. Removing a
// right later stops the polling and loses no record.
func TestStreamRights(t *testing.T) {
	t.Parallel()
	w := newStreamWorker(t)
	rights := []string{"GetRecords", "GetShardIterator", "DescribeStream", "ListStreams"}
	create := func() error {
		r := store.Record[lambda.EventSourceMapping]{ID: "1", Account: "111111111111", Region: "eu-west-1", Inputs: w.in, State: map[string]string{}}
		return lambda.MappingType(w.sources).Create(t.Context(), provider.Call{}, &r)
	}
	for _, missing := range rights {
		var held []string
		for _, right := range rights {
			if right != missing {
				held = append(held, "dynamodb:"+right)
			}
		}
		w.allowStream(held...)
		if err := create(); err == nil || !strings.Contains(err.Error(), "InvalidParameterValueException: Cannot access stream "+streamARN) || !strings.Contains(err.Error(), "dynamodb:"+missing) {
			t.Errorf("without %s: %v", missing, err)
		}
	}
	w.allowStream("dynamodb:*")
	w.in.DestinationConfig.OnFailure.DestinationARN = deadARN + "2"
	if err := create(); err == nil || !strings.Contains(err.Error(), "destination "+deadARN+"2") {
		t.Errorf("with a destination that is not there: %v", err)
	}
	w.in.DestinationConfig.OnFailure.DestinationARN = queueARN
	w.allow("ReceiveMessage")
	if err := create(); err == nil || !strings.Contains(err.Error(), "does not have permissions to call SendMessage on SQS") {
		t.Errorf("without the right to send: %v", err)
	}
	w.in.DestinationConfig = nil
	w.mapping(plain)
	w.allowStream("dynamodb:GetRecords", "dynamodb:GetShardIterator", "dynamodb:ListStreams")
	w.stream.change(time.Now(), good) // the call that already waits reads it
	eventually(t, "the denial reported", func() bool {
		return strings.Contains(w.reports(), "stream of table items for function f: ") && strings.Contains(w.reports(), "dynamodb:DescribeStream")
	})
	w.stream.change(time.Now(), good)
	w.allowStream("dynamodb:*")
	eventually(t, "both records", func() bool { return w.seen() == "001 002" })
}
