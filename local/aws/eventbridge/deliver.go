package eventbridge

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"skiff/local/aws/arn"
	"skiff/local/aws/awserr"
	"skiff/local/aws/eventpattern"
	"skiff/local/aws/iam"
	"skiff/local/aws/lambda"
	"skiff/local/store"
)

// event has the form of
// https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-events-structure.html.
type event struct {
	Version    string          `json:"version"`
	ID         string          `json:"id"`
	DetailType string          `json:"detail-type"`
	Source     string          `json:"source"`
	Account    string          `json:"account"`
	Time       string          `json:"time"`
	Region     string          `json:"region"`
	Resources  []string        `json:"resources"`
	Detail     json.RawMessage `json:"detail"`
}

// match sends an event to the targets of every rule of a bus that it matches.
// The error is temporary: the client should put the event again.
func (r *Rules) match(bus string, e event) error {
	data, err := encode(e)
	if err != nil {
		return err
	}
	all, err := store.List[Rule](r.o.Store, RuleToken)
	if err != nil {
		return err
	}
	for _, rule := range all {
		in := rule.Inputs
		if rule.Account != e.Account || rule.Region != e.Region || busOf(in.EventBusName) != bus || in.EventPattern == "" || in.state() == disabled {
			continue
		}
		pattern, err := eventpattern.Parse(in.EventPattern)
		if err != nil {
			r.report(fmt.Errorf("rule %s: %w", in.Name, err))
			continue
		}
		if pattern.Match(data) {
			if err := r.deliver(rule, data); err != nil {
				return err
			}
		}
	}
	return nil
}

// deliver sends an event to the targets of a rule.
func (r *Rules) deliver(rule store.Record[Rule], event []byte) error {
	targets, err := r.targetsOf(rule)
	if err != nil {
		return err
	}
	for _, t := range targets {
		err := r.send(rule, t, event)
		if err == nil {
			continue
		}
		code := codeOf(err)
		if code == "" {
			return err
		}
		r.report(fmt.Errorf("rule %s: target %s: %w", rule.Inputs.Name, t.Inputs.ARN, r.sendToDeadLetters(rule, t, event, code, err)))
	}
	return nil
}

func (r *Rules) send(rule store.Record[Rule], t store.Record[Target], event []byte) error {
	payload, err := t.Inputs.payload(rule, event, r.o.Now())
	if err != nil {
		return err
	}
	if arn.IsQueue(t.Inputs.ARN) {
		return r.o.Queues.SendFor(service, ruleARN(rule), rule.Account, t.Inputs.ARN, string(payload), nil)
	}
	return r.o.Functions.SendFor(service, ruleARN(rule), t.Inputs.ARN, payload)
}

// codeOf returns the error code for an event that a target refuses permanently
// (https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html).
// It returns "" for a temporary failure.
func codeOf(err error) string {
	if _, denied := errors.AsType[*iam.Denied](err); denied || errors.Is(err, lambda.ErrNoPermission) {
		return "NO_PERMISSIONS"
	}
	if errors.Is(err, errNotJSON) {
		return "INVALID_JSON"
	}
	if errors.Is(err, store.ErrNotFound) {
		return "NO_RESOURCE"
	}
	if refused, ok := errors.AsType[*awserr.Error](err); ok {
		if refused.Code == "QueueDoesNotExist" {
			return "NO_RESOURCE"
		}
		return "INVALID_PARAMETER"
	}
	return ""
}

// sendToDeadLetters sends an event that its target refused to the dead-letter
// queue, with the attributes that AWS documents. It returns an error for the
// report.
func (r *Rules) sendToDeadLetters(rule store.Record[Rule], t store.Record[Target], event []byte, code string, cause error) error {
	d := t.Inputs.DeadLetterConfig
	if d == nil || d.ARN == "" {
		return fmt.Errorf("an event is dropped, because the target has no dead-letter queue: %w", cause)
	}
	attributes := map[string]lambda.MessageAttribute{}
	for name, text := range map[string]string{
		"RULE_ARN": ruleARN(rule), "TARGET_ARN": t.Inputs.ARN, "ERROR_CODE": code, "ERROR_MESSAGE": cause.Error(),
	} {
		attributes[name] = lambda.MessageAttribute{DataType: "String", StringValue: &text}
	}
	if err := r.o.Queues.SendFor(service, ruleARN(rule), rule.Account, d.ARN, string(event), attributes); err != nil {
		return errors.Join(cause, fmt.Errorf("dead-letter queue %s: %w", d.ARN, err))
	}
	return fmt.Errorf("the event is now in the dead-letter queue %s: %w", d.ARN, cause)
}

func stamp(at time.Time) string { return at.UTC().Format(time.RFC3339) }
