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

// FilterCriteria selects the messages or records that a function gets: those
// that match at least one filter. The mapping deletes other messages and skips
// other records
// (https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventfiltering.html).
type FilterCriteria struct {
	Filters []Filter `json:"filters,omitempty" aws:"set"`
}

// Filter is one pattern.
type Filter struct {
	Pattern string `json:"pattern,omitempty"`
}

// Quotas of filters. AWS raises the first to 10 on request.
const (
	maxFilters = 5
	maxPattern = 4096 // characters
)

// parseFilter parses a pattern. It refuses wildcard and cidr, which the
// documentation of Lambda does not list.
func parseFilter(text string) (*eventpattern.Pattern, error) {
	return eventpattern.Parse(text, "wildcard", "cidr")
}

// checkFilters refuses patterns that Lambda cannot parse. For a queue, it also
// refuses patterns for fields other than body, because Lambda filters messages
// by their body only
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
				problems.Add(property, "has the key %s: Lambda filters messages of a queue by their body only", name)
			}
		}
	}
	return problems
}

// filters returns the parsed patterns of a mapping. Without patterns,
// everything matches.
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

// receive receives messages from the queue and returns those that match a
// filter. It deletes the others.
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

// matchesBody reports whether a pattern matches a message. An object as the
// pattern for body matches only JSON bodies; a list matches only plain strings.
// JSON that is neither an object nor a list counts as a plain string; AWS does
// not document this case.
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

// readRecords reads records from the stream and returns those that match a
// filter. The returned sequence number is after all records that it read.
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
