package worker

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambda"
)

func newLog() (*slog.Logger, *bytes.Buffer) {
	var b bytes.Buffer
	return slog.New(slog.NewJSONHandler(&b, nil)), &b
}

// fails returns a handle that records its elements. It fails for the value
// "bad" and panics for "worse".
func fails[T any](value func(T) string, got *[]string) func(context.Context, T) error {
	return func(_ context.Context, element T) error {
		v := value(element)
		*got = append(*got, v)
		switch v {
		case "bad":
			return errors.New("no good")
		case "worse":
			panic("no good at all")
		}
		return nil
	}
}

// invoke passes a batch through JSON, as Lambda does.
func invoke(t *testing.T, handler any, batch string) string {
	t.Helper()
	out, err := lambda.NewHandler(handler).Invoke(t.Context(), []byte(batch))
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

// Only the messages that fail are reported to SQS.
func TestQueue(t *testing.T) {
	t.Parallel()
	log, lines := newLog()
	var got []string
	handle := fails(func(m events.SQSMessage) string { return m.Body }, &got)
	handler := func(ctx context.Context, batch events.SQSEvent) (events.SQSEventResponse, error) {
		return Queue(ctx, log, batch, handle), nil
	}
	out := invoke(t, handler, `{"Records":[{"messageId":"m1","body":"bad"},{"messageId":"m2","body":"good"},{"messageId":"m3","body":"worse"},{"messageId":"m4","body":"good"}]}`)
	if want := `{"batchItemFailures":[{"itemIdentifier":"m1"},{"itemIdentifier":"m3"}]}`; out != want {
		t.Errorf("%s, want %s", out, want)
	}
	if !slices.Equal(got, []string{"bad", "good", "worse", "good"}) || strings.Count(lines.String(), "message failed") != 2 {
		t.Errorf("handled %v: %s", got, lines)
	}
	if out := invoke(t, handler, `{"Records":[{"messageId":"m1","body":"good"}]}`); out != `{"batchItemFailures":[]}` {
		t.Error(out)
	}
}

// Stream reports the first record that fails and does not handle the records
// after it.
func TestStream(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		records []string // a record's EventName is its test value
		handled int
		want    string
	}{
		"all good":  {[]string{"good", "good"}, 2, `{"batchItemFailures":[]}`},
		"one bad":   {[]string{"good", "bad", "good", "bad"}, 2, `{"batchItemFailures":[{"itemIdentifier":"s1"}]}`},
		"one panic": {[]string{"worse", "good"}, 1, `{"batchItemFailures":[{"itemIdentifier":"s0"}]}`},
		"none":      {nil, 0, `{"batchItemFailures":[]}`},
	} {
		log, lines := newLog()
		var got []string
		handle := fails(func(r events.DynamoDBEventRecord) string { return r.EventName }, &got)
		handler := func(ctx context.Context, batch events.DynamoDBEvent) (events.DynamoDBEventResponse, error) {
			return Stream(ctx, log, batch, handle), nil
		}
		var batch struct{ Records []map[string]any }
		for i, r := range c.records {
			batch.Records = append(batch.Records, map[string]any{"eventName": r, "dynamodb": map[string]any{"SequenceNumber": "s" + string(rune('0'+i))}})
		}
		raw, err := json.Marshal(batch)
		if err != nil {
			t.Fatal(err)
		}
		if out := invoke(t, handler, string(raw)); out != c.want || len(got) != c.handled {
			t.Errorf("%s: %s after %v, want %s", name, out, got, c.want)
		}
		if want := strings.Count(c.want, "itemIdentifier"); strings.Count(lines.String(), "record failed") != want {
			t.Errorf("%s: %d failures, and the log is %s", name, want, lines)
		}
	}
}

// An element for which no time is left is not handled, and Lambda delivers it
// again.
func TestNoTimeLeft(t *testing.T) {
	t.Parallel()
	log, lines := newLog()
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond) // less than AnswerTime
	defer cancel()
	var got []string
	messages := events.SQSEvent{Records: []events.SQSMessage{{MessageId: "m1"}, {MessageId: "m2"}}}
	if out := Queue(ctx, log, messages, fails(func(m events.SQSMessage) string { return m.Body }, &got)); len(out.BatchItemFailures) != 2 {
		t.Errorf("%+v", out)
	}
	records := events.DynamoDBEvent{Records: []events.DynamoDBEventRecord{{Change: events.DynamoDBStreamRecord{SequenceNumber: "s1"}}, {}}}
	out := Stream(ctx, log, records, fails(func(r events.DynamoDBEventRecord) string { return r.EventName }, &got))
	if len(out.BatchItemFailures) != 1 || out.BatchItemFailures[0].ItemIdentifier != "s1" {
		t.Errorf("%+v", out)
	}
	if len(got) != 0 || strings.Count(lines.String(), "no time left") != 3 {
		t.Errorf("handled %v: %s", got, lines)
	}
}

// A run that fails also fails the invocation, so Lambda repeats it.
func TestSchedule(t *testing.T) {
	t.Parallel()
	log, lines := newLog()
	type input struct{ Days string }
	var got []string
	handler := lambda.NewHandler(Schedule(log, fails(func(i input) string { return i.Days }, &got)))
	for payload, want := range map[string]string{`{"days":"7"}`: "", `{"days":"bad"}`: "no good", `{"days":"worse"}`: "no good at all", `{"days":7}`: "cannot unmarshal"} {
		_, err := handler.Invoke(t.Context(), []byte(payload))
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", payload, err, want)
		}
	}
	slices.Sort(got)
	if !slices.Equal(got, []string{"7", "bad", "worse"}) || strings.Count(lines.String(), "run failed") != 2 {
		t.Errorf("ran %v: %s", got, lines)
	}
	ignoring := lambda.NewHandler(Schedule(log, func(context.Context, json.RawMessage) error { return nil }))
	for _, payload := range []string{`{"version":"0","detail-type":"Scheduled Event"}`, `"text"`, `null`} {
		if _, err := ignoring.Invoke(t.Context(), []byte(payload)); err != nil {
			t.Errorf("%s: %v", payload, err)
		}
	}
}
