package main

import (
	"encoding/json"
	"fmt"
)

// The most characters that AWS takes: of a managed policy, of a trust policy
// before the quota is raised, of a bucket's policy, of a key's.
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

// statement allows or denies actions on resources, to a principal where the
// policy belongs to a resource or a role's trust.
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

// condition is values by operator and key.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition.html
type condition map[string]map[string][]string

// allow lets the actions be done on the resources.
func allow(resources []string, actions ...string) statement {
	return statement{Effect: "Allow", Action: actions, Resource: resources}
}

// deny forbids the actions on the resources, whatever allows them.
func deny(resources []string, actions ...string) statement {
	return statement{Effect: "Deny", Action: actions, Resource: resources}
}

// denyOthers forbids all but the actions on the resources.
func denyOthers(resources []string, actions ...string) statement {
	return statement{Effect: "Deny", NotAction: actions, Resource: resources}
}

// when adds a condition; all of a statement's conditions must hold.
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

// document is the text of a policy with at most that many characters.
func document(most int, statements []statement) (string, error) {
	text, err := json.Marshal(policy{Version: "2012-10-17", Statement: statements})
	if err != nil {
		return "", err
	}
	if len(text) > most {
		return "", fmt.Errorf("it has %d characters and AWS takes %d: list fewer domains or hosted zones, or shorten the names", len(text), most)
	}
	return string(text), nil
}

// whenAll wants each of the key's values to be like one of the patterns, and
// that there is one: ForAllValues alone holds of none.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-single-vs-multi-valued-context-keys.html
func (s statement) whenAll(key string, patterns ...string) statement {
	return s.when("ForAllValues:StringLike", key, patterns...).when("Null", key, "false")
}
