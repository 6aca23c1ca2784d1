package sqs

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"

	"skiff/local/aws/arn"
	"skiff/local/aws/iam"
	"skiff/local/engine/provider"
)

// maxMessageSize is the largest declarable maxMessageSize, in bytes, and the
// default. Version 6 of Pulumi's AWS provider enforces it, and sends it if a
// program sets none. AWS itself allows 1 MiB since August 2025.
const maxMessageSize = 262144

// maxPolicy is the largest size of a queue's policy, in bytes
// (https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-policies.html).
const maxPolicy = 8192

var (
	nameForm = regexp.MustCompile(`^[A-Za-z0-9_-]{1,80}$`)
)

// checkQueue applies the limits of
// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html.
func checkQueue(in Queue) []provider.Problem {
	var problems provider.Problems
	if in.FIFOQueue {
		problems.Add("fifoQueue", "the local cloud has standard queues only")
	} else if in.Name != "" && !nameForm.MatchString(in.Name) {
		problems.Add("name", "%q must be 1 to 80 letters, digits, - and _", in.Name)
	}
	for _, limit := range []struct {
		property string
		value    *int
		min, max int
		unit     string
	}{
		{"delaySeconds", &in.DelaySeconds, 0, 900, "seconds"},
		{"kmsDataKeyReusePeriodSeconds", in.KMSDataKeyReusePeriodSeconds, 60, 86400, "seconds"},
		{"maxMessageSize", in.MaxMessageSize, 1024, maxMessageSize, "bytes"},
		{"messageRetentionSeconds", in.MessageRetentionSeconds, 60, 1209600, "seconds"},
		{"receiveWaitTimeSeconds", &in.ReceiveWaitTimeSeconds, 0, 20, "seconds"},
		{"visibilityTimeoutSeconds", in.VisibilityTimeoutSeconds, 0, 43200, "seconds"},
	} {
		if v := limit.value; v != nil {
			problems.Within(limit.property, *v, limit.min, limit.max, limit.unit)
		}
	}
	if in.KMSMasterKeyID != "" && in.SQSManagedSSEEnabled != nil && *in.SQSManagedSSEEnabled {
		problems.Add("sqsManagedSseEnabled", "a queue is encrypted by SQS or with kmsMasterKeyId, not both")
	}
	for property, problem := range map[string]error{
		"policy":             policyProblem(in.Policy),
		"redrivePolicy":      problemOf(parseRedrive(in.RedrivePolicy)),
		"redriveAllowPolicy": problemOf(parseRedriveAllow(in.RedriveAllowPolicy)),
	} {
		if problem != nil {
			problems.Add(property, "%s", problem)
		}
	}
	return problems
}

func problemOf[T any](_ T, err error) error { return err }

func policyProblem(text string) error {
	if text == "" {
		return nil
	}
	if len(text) > maxPolicy {
		return fmt.Errorf("has %d bytes; the policy of a queue has at most %d", len(text), maxPolicy)
	}
	_, err := iam.ParseResource(text)
	return err
}

// redrive is a redrive policy.
type redrive struct {
	DeadLetterTargetARN string `json:"deadLetterTargetArn"`
	MaxReceiveCount     count  `json:"maxReceiveCount"`
}

// count is a whole number; SQS also accepts it in quotes.
type count int

func (c *count) UnmarshalJSON(data []byte) error {
	n, err := strconv.Atoi(string(bytes.Trim(data, `"`)))
	*c = count(n)
	return err
}

// parseRedrive parses a redrive policy in the format of
// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html.
// An empty text means no policy.
func parseRedrive(text string) (redrive, error) {
	var r redrive
	if text == "" {
		return r, nil
	}
	if err := strict(text, &r); err != nil {
		return r, fmt.Errorf("is not of the form {\"deadLetterTargetArn\": …, \"maxReceiveCount\": …}: %w", err)
	}
	if !arn.IsQueue(r.DeadLetterTargetARN) {
		return r, fmt.Errorf("deadLetterTargetArn %q is not the ARN of a standard queue", r.DeadLetterTargetARN)
	}
	if r.MaxReceiveCount < 1 || r.MaxReceiveCount > 1000 {
		return r, fmt.Errorf("maxReceiveCount %d is not within 1 to 1000", r.MaxReceiveCount)
	}
	return r, nil
}

// redriveAllow is a redrive allow policy.
type redriveAllow struct {
	RedrivePermission string   `json:"redrivePermission"`
	SourceQueueARNs   []string `json:"sourceQueueArns"`
}

// parseRedriveAllow parses a redrive allow policy; an empty text means
// allowAll.
func parseRedriveAllow(text string) (redriveAllow, error) {
	r := redriveAllow{RedrivePermission: "allowAll"}
	if text == "" {
		return r, nil
	}
	if err := strict(text, &r); err != nil {
		return r, fmt.Errorf("is not of the form {\"redrivePermission\": …, \"sourceQueueArns\": […]}: %w", err)
	}
	switch n := len(r.SourceQueueARNs); {
	case r.RedrivePermission != "allowAll" && r.RedrivePermission != "denyAll" && r.RedrivePermission != "byQueue":
		return r, fmt.Errorf("redrivePermission %q is none of allowAll, denyAll and byQueue", r.RedrivePermission)
	case r.RedrivePermission == "byQueue" && (n < 1 || n > 10):
		return r, fmt.Errorf("byQueue needs 1 to 10 sourceQueueArns, not %d", n)
	case r.RedrivePermission != "byQueue" && n > 0:
		return r, fmt.Errorf("sourceQueueArns need redrivePermission byQueue, not %s", r.RedrivePermission)
	}
	for _, source := range r.SourceQueueARNs {
		if !arn.IsQueue(source) {
			return r, fmt.Errorf("sourceQueueArns: %q is not the ARN of a standard queue", source)
		}
	}
	return r, nil
}

// strict decodes one JSON object and refuses unknown members.
func strict(text string, into any) error {
	d := json.NewDecoder(bytes.NewReader([]byte(text)))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return err
	}
	if _, err := d.Token(); err != io.EOF {
		return errors.New("there is text after the object")
	}
	return nil
}
