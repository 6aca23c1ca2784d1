package eventbridge

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"skiff/local/aws/arn"
	"skiff/local/aws/awserr"
	"skiff/local/aws/awsjson"
	"skiff/local/aws/iam"
	"skiff/local/store"
)

// Handler returns the endpoint that functions and people call. It supports only
// PutEvents.
func (r *Rules) Handler() http.Handler {
	return &awsjson.Handler{
		Version: "1.1", Prefix: "AWSEvents", MaxBytes: 4 << 20, Authority: r.o.Authority,
		Operations: map[string]awsjson.Operation{"PutEvents": awsjson.Of(r.putEvents)},
	}
}

type entry struct {
	Time                                     *float64 // Unix time
	Source, DetailType, Detail, EventBusName string
	Resources                                []string
	TraceHeader                              string
}

type putInput struct {
	Entries    []entry
	EndpointId string
}

type putResult struct {
	EventId                 string `json:",omitzero"`
	ErrorCode, ErrorMessage string `json:",omitzero"`
}

type putOutput struct {
	FailedEntryCount int
	Entries          []putResult
}

// Limits of a call
// (https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-putevents.html).
// Since 2026 the entries may have 1 MB together.
const (
	maxEntries    = 10
	maxEntryBytes = 1 << 20
)

// putEvents implements
// https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEvents.html.
// As on AWS, an entry for a missing bus succeeds; here it is reported, too. The
// administrator has no account, so their events reach the bus of every account
// that has rules on it.
func (r *Rules) putEvents(_ context.Context, c iam.Caller, in putInput) (*putOutput, error) {
	if in.EndpointId != "" {
		return nil, invalid("ValidationException", "the local cloud does not have global endpoints: EndpointId")
	}
	if n := len(in.Entries); n < 1 || n > maxEntries {
		return nil, invalid("ValidationException", "1 validation error detected: Value at 'entries' failed to satisfy constraint: Member must have length within 1 to %d, not %d", maxEntries, n)
	}
	total := 0
	for _, e := range in.Entries {
		total += e.size()
		bus := placeOf(c, e.EventBusName)
		asked := iam.Request{Action: "events:PutEvents", Resource: busARN(bus.region, bus.account, bus.name), Policy: &iam.Document{}}
		if err := r.o.Authority.Authorize(c, asked); err != nil {
			return nil, err
		}
	}
	if total > maxEntryBytes {
		return nil, invalid("ValidationException", "Total size of the entries in the request is over the limit.")
	}
	out := &putOutput{Entries: []putResult{}}
	for _, e := range in.Entries {
		result := e.problem()
		if result.ErrorCode == "" {
			result = r.put(placeOf(c, e.EventBusName), e)
		}
		if result.ErrorCode != "" {
			out.FailedEntryCount++
		}
		out.Entries = append(out.Entries, result)
	}
	return out, nil
}

func invalid(code, format string, args ...any) error {
	return awserr.New(code, format, args...)
}

// place identifies a bus.
type place struct{ region, account, name string }

// placeOf returns the place of a bus from its name or ARN.
func placeOf(c iam.Caller, bus string) place {
	if parts, _ := arn.Parse(bus); parts.Service == "events" {
		return place{parts.Region, parts.AccountID, strings.TrimPrefix(parts.Resource, "event-bus/")}
	}
	return place{c.Region, c.Account(), busOf(bus)}
}

// size is defined at
// https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-putevent-size.html.
func (e entry) size() int {
	n := len(e.Source) + len(e.DetailType) + len(e.Detail)
	if e.Time != nil {
		n += 14
	}
	for _, resource := range e.Resources {
		n += len(resource)
	}
	return n
}

// problem returns the error of an invalid entry, or the zero value.
func (e entry) problem() putResult {
	for _, given := range []struct{ name, value string }{{"Source", e.Source}, {"DetailType", e.DetailType}, {"Detail", e.Detail}} {
		if given.value == "" {
			return putResult{ErrorCode: "InvalidArgument", ErrorMessage: fmt.Sprintf("Parameter %s is not valid. Reason: %s is a required argument.", given.name, given.name)}
		}
	}
	var detail map[string]json.RawMessage
	if json.Unmarshal([]byte(e.Detail), &detail) != nil || detail == nil {
		return putResult{ErrorCode: "MalformedDetail", ErrorMessage: "Detail is malformed."}
	}
	if strings.HasPrefix(e.Source, "aws.") {
		return putResult{ErrorCode: "NotAuthorizedForSource", ErrorMessage: "Not authorized for the source."}
	}
	return putResult{}
}

// put delivers an entry. After a temporary failure the caller has to put it
// again, so a target may get it twice.
func (r *Rules) put(p place, e entry) putResult {
	at := r.o.Now()
	if e.Time != nil {
		at = time.Unix(int64(*e.Time), int64(math.Mod(*e.Time, 1)*1e9))
	}
	sent := event{
		Version: "0", ID: uuid.NewString(), DetailType: e.DetailType, Source: e.Source, Time: stamp(at), Region: p.region,
		Resources: append([]string{}, e.Resources...), Detail: json.RawMessage(e.Detail),
	}
	accounts := []string{p.account}
	if p.account == "" {
		var err error
		if accounts, err = r.accounts(p); err != nil {
			return putResult{ErrorCode: "InternalFailure", ErrorMessage: err.Error()}
		}
	}
	for _, account := range accounts {
		if err := r.hasBus(p.region, account, p.name); err != nil {
			r.report(fmt.Errorf("an event of %s is dropped: %w", e.Source, err))
			continue
		}
		sent.Account = account
		if err := r.match(p.name, sent); err != nil {
			return putResult{ErrorCode: "InternalFailure", ErrorMessage: err.Error()}
		}
	}
	return putResult{EventId: sent.ID}
}

// accounts returns the accounts that have rules on a bus.
func (r *Rules) accounts(p place) ([]string, error) {
	all, err := store.List[Rule](r.o.Store, RuleToken)
	var found []string
	for _, rule := range all {
		if rule.Region == p.region && busOf(rule.Inputs.EventBusName) == p.name && !slices.Contains(found, rule.Account) {
			found = append(found, rule.Account)
		}
	}
	return found, err
}
