package sns

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"skiff/local/aws/arn"
	"skiff/local/aws/eventpattern"
)

// parsePolicy parses a filter policy. It returns nil for an empty one, which
// filters nothing. SNS does not document the operator wildcard
// (https://docs.aws.amazon.com/sns/latest/dg/sns-subscription-filter-policies.html).
func parsePolicy(text, scope string) (*eventpattern.Pattern, error) {
	if strings.TrimSpace(text) == "" || isEmptyObject(text) {
		return nil, nil
	}
	p, err := eventpattern.Parse(text, "wildcard")
	if err != nil {
		return nil, err
	}
	names := p.Fields()
	if len(names) > 5 {
		return nil, fmt.Errorf("has %d keys; a filter policy has at most 5", len(names))
	}
	for _, name := range names {
		if _, nested := p.Field(name); nested && scope != "MessageBody" {
			return nil, errors.New("Filter policy scope MessageAttributes does not support nested filter policy: " + name)
		}
	}
	return p, nil
}

func isEmptyObject(text string) bool {
	var object map[string]any
	return json.Unmarshal([]byte(text), &object) == nil && object != nil && len(object) == 0
}

// wants reports whether a subscription's filter policy matches a message: by
// its attributes, or by its body, which must be a JSON object.
func (in Subscription) wants(m message) (bool, error) {
	p, err := parsePolicy(in.FilterPolicy, in.FilterPolicyScope)
	if err != nil || p == nil {
		return err == nil, err
	}
	if in.FilterPolicyScope == "MessageBody" {
		return p.Match([]byte(m.textFor(in.Protocol))), nil
	}
	values := map[string]any{}
	for name, a := range m.attributes {
		switch a.kind {
		case "String":
			values[name] = a.value
		case "Number":
			values[name] = json.Number(a.value)
		case "String.Array":
			d := json.NewDecoder(bytes.NewReader([]byte(a.value)))
			d.UseNumber()
			var list []any
			if d.Decode(&list) == nil {
				values[name] = list
			}
		}
	}
	return p.MatchValue(values), nil
}

// deadLetters returns the queue in a redrive policy, or "".
func deadLetters(policy string) (string, error) {
	if policy == "" {
		return "", nil
	}
	var p struct {
		Target string `json:"deadLetterTargetArn"`
	}
	d := json.NewDecoder(strings.NewReader(policy))
	d.DisallowUnknownFields()
	if err := d.Decode(&p); err != nil {
		return "", fmt.Errorf("must be {\"deadLetterTargetArn\": QUEUE}: %w", err)
	}
	if !arn.IsQueue(p.Target) {
		return "", fmt.Errorf("%q is not the ARN of a standard queue", p.Target)
	}
	return p.Target, nil
}
