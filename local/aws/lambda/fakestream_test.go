package lambda_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awssqs "github.com/aws/aws-sdk-go-v2/service/sqs"

	"skiff/local/aws/iam"
	"skiff/local/aws/lambda"
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
