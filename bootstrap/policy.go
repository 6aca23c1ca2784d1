package main

import (
	"encoding/json"
	"fmt"
)

// Maximum lengths of policies, in characters: of a managed policy, of a trust
// policy (the default quota), of a bucket policy and of a key policy.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-policies.html
// https://docs.aws.amazon.com/kms/latest/developerguide/resource-limits.html
const (
	maxPolicy       = 6144
	maxTrust        = 2048
	maxBucketPolicy = 20480
	maxKeyPolicy    = 32768
)

// policy is an IAM policy document.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements.html
type policy struct {
	Version   string
	Statement []statement
}

// statement allows or denies actions on resources. It names a principal in
// resource policies and trust policies.
type statement struct {
	Effect    string
	Principal any       `json:",omitempty"` // "*" or a principal
	Action    []string  `json:",omitempty"`
	NotAction []string  `json:",omitempty"`
	Resource  []string  `json:",omitempty"`
	Condition condition `json:",omitempty"`
}

type principal struct {
	AWS       string `json:",omitempty"`
	Federated string `json:",omitempty"`
}

// condition holds values by operator and key.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition.html
type condition map[string]map[string][]string

// allow returns a statement that allows the actions on the resources.
func allow(resources []string, actions ...string) statement {
	return statement{Effect: "Allow", Action: actions, Resource: resources}
}

// deny returns a statement that denies the actions on the resources, whatever
// allows them.
func deny(resources []string, actions ...string) statement {
	return statement{Effect: "Deny", Action: actions, Resource: resources}
}

// denyOthers returns a statement that denies every other action on the
// resources.
func denyOthers(resources []string, actions ...string) statement {
	return statement{Effect: "Deny", NotAction: actions, Resource: resources}
}

// when returns the statement with a condition added. All conditions of a
// statement must hold.
func (s statement) when(operator, key string, values ...string) statement {
	c := condition{}
	for name, keys := range s.Condition {
		c[name] = keys
	}
	keys := map[string][]string{key: values}
	for name, values := range c[operator] {
		keys[name] = values
	}
	c[operator] = keys
	s.Condition = c
	return s
}

// document returns the JSON of a policy. It returns an error if the JSON has
// more than most characters.
func document(most int, statements []statement) (string, error) {
	text, err := json.Marshal(policy{Version: "2012-10-17", Statement: statements})
	if err != nil {
		return "", err
	}
	if len(text) > most {
		return "", fmt.Errorf("it has %d characters, but AWS accepts at most %d: list fewer domains or hosted zones, or shorten the names", len(text), most)
	}
	return string(text), nil
}

// whenAll returns the statement with the condition that the key has at least
// one value and each value matches a pattern. ForAllValues alone also holds if
// there is no value.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-single-vs-multi-valued-context-keys.html
func (s statement) whenAll(key string, patterns ...string) statement {
	return s.when("ForAllValues:StringLike", key, patterns...).when("Null", key, "false")
}
