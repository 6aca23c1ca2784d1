package lambda_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"skiff/local/aws/lambda"
	"skiff/local/engine/provider"
	"skiff/local/store"
)

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
