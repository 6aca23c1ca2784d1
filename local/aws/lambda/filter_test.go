package lambda_test

import (
	"testing"
	"time"

	"skiff/local/aws/lambda"
	"skiff/local/store"
)

func filtered(patterns ...string) func(*lambda.EventSourceMapping) {
	return func(in *lambda.EventSourceMapping) {
		in.FilterCriteria = &lambda.FilterCriteria{}
		for _, p := range patterns {
			in.FilterCriteria.Filters = append(in.FilterCriteria.Filters, lambda.Filter{Pattern: p})
		}
	}
}

// TestFilteredQueue checks that the function gets the messages that match a
// filter, and that the others are deleted. A pattern for JSON does not match
// plain strings, and a pattern for strings does not match JSON.
func TestFilteredQueue(t *testing.T) {
	t.Parallel()
	w := newWorker(t)
	w.mapping(filtered(`{"body":{"do":["print"],"number":[{"numeric":[">",1]}]}}`, `{"body":{"text":[{"suffix":"\n"}]}}`, `{"body":[{"prefix":"{"}]}`, `{"body":{"x":[{"exists":false}],"do":[{"exists":false}]}}`))
	w.send(`{"do":"print","number":1,"text":"dropped"}`, `{"do":"print","number":2,"text":"kept\n"}`, `plain`, `{`, `42`, `{"do":"print","text":"also\n"}`)
	eventually(t, "the messages processed", func() bool { return w.left("q") == 0 && w.count("kept") == 1 && w.count("also") == 1 })
	seen := map[string]bool{}
	for _, r := range w.records() {
		seen[r.Body] = true
	}
	if len(seen) != 3 || !seen["{"] || w.left("dead") != 1 { // the function fails for a body that is not JSON
		t.Errorf("the function got %v; %d dead letters", seen, w.left("dead"))
	}
}

// TestFilteredStream checks that records that match no filter are skipped. The
// position advances even if no record matches.
func TestFilteredStream(t *testing.T) {
	t.Parallel()
	w := newStreamWorker(t)
	w.stream.change(time.Now(), bad, good, fail)
	r := w.mapping(filtered(`{"dynamodb":{"NewImage":{"do":{"S":[{"prefix":"{\"do\":\"print\""}]}}}}`))
	at := func() string {
		held, err := store.Get[struct{ After string }](w.db, lambda.EventSourceMappingToken+" checkpoint", r.ID)
		must(t, err)
		return held.Inputs.After
	}
	eventually(t, "all records processed", func() bool { return at() == "003" })
	w.stream.change(time.Now(), bad, bad)
	eventually(t, "a batch without a match processed", func() bool { return at() == "005" })
	w.close()
	w.open()
	w.in.FilterCriteria = nil
	must(t, store.Put(w.db, lambda.EventSourceMappingToken, r.ID, store.Record[lambda.EventSourceMapping]{ID: r.ID, Account: r.Account, Region: r.Region, Inputs: w.in, State: r.State}))
	must(t, w.sources.Start())
	w.stream.change(time.Now(), good)
	eventually(t, "a record after the restart", func() bool { return at() == "006" })
	if got := w.seen(); got != "002 006" {
		t.Errorf("the function got %s", got)
	}
}
