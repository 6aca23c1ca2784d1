package lambda

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"
	"unicode/utf8"

	"skiff/local/aws/arn"
	"skiff/local/aws/eventpattern"
	"skiff/local/aws/iam"
	"skiff/local/engine/provider"
)

// FilterCriteria chooses which messages or records a function gets: those that one
// of the filters matches. Messages that none matches are deleted, records are
// passed over
// (https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventfiltering.html).
type FilterCriteria struct {
	Filters []Filter `json:"filters,omitempty" aws:"set"`
}

// Filter is one pattern.
type Filter struct {
	Pattern string `json:"pattern,omitempty"`
}

// Quotas of filters; AWS raises the first to 10 for who asks.
const (
	maxFilters = 5
	maxPattern = 4096 // characters
)

// parseFilter reads a pattern. The documentation of Lambda lists neither wildcard
// nor cidr.
func parseFilter(text string) (*eventpattern.Pattern, error) {
	return eventpattern.Parse(text, "wildcard", "cidr")
}

// checkFilters refuses patterns that Lambda cannot read, and for a queue those that
// name another field than the body, by which alone it filters messages
// (https://docs.aws.amazon.com/lambda/latest/dg/with-sqs-filtering.html).
func checkFilters(in EventSourceMapping) []provider.Problem {
	if in.FilterCriteria == nil {
		return nil
	}
	var problems provider.Problems
	if n := len(in.FilterCriteria.Filters); n > maxFilters {
		problems.Add("filterCriteria.filters", "has %d filters; a mapping has at most %d, and up to 10 in an account whose quota AWS has raised", n, maxFilters)
	}
	for i, f := range in.FilterCriteria.Filters {
		property := fmt.Sprintf("filterCriteria.filters[%d].pattern", i)
		if n := utf8.RuneCountInString(f.Pattern); n > maxPattern {
			problems.Add(property, "has %d characters; at most %d", n, maxPattern)
			continue
		}
		p, err := parseFilter(f.Pattern)
		if err != nil {
			problems.Add(property, "Invalid filter pattern definition: %v", err)
			continue
		}
		if !arn.IsQueue(in.EventSourceARN) {
			continue
		}
		for _, name := range p.Fields() {
			if name != "body" {
				problems.Add(property, "names %s: messages of a queue are filtered by their body alone", name)
			}
		}
	}
	return problems
}

// filters are the patterns of a mapping; none lets everything through.
func (in EventSourceMapping) filters() ([]*eventpattern.Pattern, error) {
	if in.FilterCriteria == nil {
		return nil, nil
	}
	var all []*eventpattern.Pattern
	for _, f := range in.FilterCriteria.Filters {
		p, err := parseFilter(f.Pattern)
		if err != nil {
			return nil, fmt.Errorf("filter %s: %w", f.Pattern, err)
		}
		all = append(all, p)
	}
	return all, nil
}

// receive is Receive of the queue without the messages that no filter matches,
// which it deletes.
func (e *EventSources) receive(ctx context.Context, c iam.Caller, in EventSourceMapping, limit int, wait time.Duration) ([]Message, error) {
	filters, err := in.filters()
	if err != nil {
		return nil, err
	}
	messages, err := e.queue.Receive(ctx, c, in.EventSourceARN, limit, wait)
	if len(filters) == 0 {
		return messages, err
	}
	var kept []Message
	var dropped []string
	for _, m := range messages {
		if slices.ContainsFunc(filters, func(p *eventpattern.Pattern) bool { return matchesBody(p, m.Body) }) {
			kept = append(kept, m)
		} else {
			dropped = append(dropped, m.ReceiptHandle)
		}
	}
	if len(dropped) > 0 {
		err = errors.Join(err, e.queue.Delete(c, in.EventSourceARN, dropped))
	}
	return kept, err
}

// matchesBody reports whether a pattern matches a message. A pattern with an object
// for the body is for bodies of JSON, and one with a list is for plain strings; a
// body of the other form does not match. JSON that is neither an object nor a list
// counts as a plain string, which AWS does not document.
func matchesBody(p *eventpattern.Pattern, body string) bool {
	d := json.NewDecoder(bytes.NewReader([]byte(body)))
	d.UseNumber()
	var value any
	plain := !json.Valid([]byte(body)) || d.Decode(&value) != nil
	if !plain {
		switch value.(type) {
		case map[string]any, []any:
		default:
			plain = true
		}
	}
	named, isObject := p.Field("body")
	if named && isObject == plain {
		return false
	}
	if plain {
		value = body
	}
	return p.MatchValue(map[string]any{"body": value})
}

// readRecords is Records of the stream without those that no filter matches. The
// number to go on after is behind them all.
func (e *EventSources) readRecords(ctx context.Context, c iam.Caller, in EventSourceMapping, after string, limit int, wait time.Duration) ([]StreamRecord, string, error) {
	filters, err := in.filters()
	if err != nil {
		return nil, after, err
	}
	records, next, err := e.stream.Records(ctx, c, in.EventSourceARN, after, limit, wait)
	if len(filters) == 0 {
		return records, next, err
	}
	var kept []StreamRecord
	for _, r := range records {
		if slices.ContainsFunc(filters, func(p *eventpattern.Pattern) bool { return p.Match(r.Event) }) {
			kept = append(kept, r)
		}
	}
	return kept, next, err
}
