package sqs

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"skiff/local/aws/awserr"
	"skiff/local/aws/iam"
	"skiff/local/engine/provider"
	"skiff/local/store"
)

// Resource types that each set one attribute of a queue. AWS stores each
// attribute once, so a program declares it once: on the queue or as such a
// resource. If both exist, the resource wins.
const (
	PolicyToken       = "aws:sqs/queuePolicy:QueuePolicy"
	RedriveToken      = "aws:sqs/redrivePolicy:RedrivePolicy"
	RedriveAllowToken = "aws:sqs/redriveAllowPolicy:RedriveAllowPolicy"
)

// QueuePolicy holds the inputs of a queue's resource policy.
type QueuePolicy struct {
	QueueURL string `json:"queueUrl" aws:"required,replace"`
	Policy   string `json:"policy" aws:"required"`
}

// RedrivePolicy holds the inputs of a redrive policy, which names a queue's
// dead-letter queue.
type RedrivePolicy struct {
	QueueURL      string `json:"queueUrl" aws:"required,replace"`
	RedrivePolicy string `json:"redrivePolicy" aws:"required"`
}

// RedriveAllowPolicy holds the inputs of a redrive allow policy, which lists
// the queues that may use this one as their dead-letter queue.
type RedriveAllowPolicy struct {
	QueueURL           string `json:"queueUrl" aws:"required,replace"`
	RedriveAllowPolicy string `json:"redriveAllowPolicy" aws:"required"`
}

func queuePolicies(q *Queues) *provider.Resource[QueuePolicy, struct{}] {
	return attribute(q, PolicyToken, func(in QueuePolicy) string { return in.QueueURL }, func(in QueuePolicy) []provider.Problem {
		return problems("policy", policyProblem(in.Policy))
	}, nil)
}

func redrivePolicies(q *Queues) *provider.Resource[RedrivePolicy, struct{}] {
	return attribute(q, RedriveToken, func(in RedrivePolicy) string { return in.QueueURL }, func(in RedrivePolicy) []provider.Problem {
		return problems("redrivePolicy", problemOf(parseRedrive(in.RedrivePolicy)))
	}, func(r store.Record[Queue], in RedrivePolicy) error { return q.checkRedrive(r, in.RedrivePolicy) })
}

func redriveAllowPolicies(q *Queues) *provider.Resource[RedriveAllowPolicy, struct{}] {
	return attribute(q, RedriveAllowToken, func(in RedriveAllowPolicy) string { return in.QueueURL }, func(in RedriveAllowPolicy) []provider.Problem {
		return problems("redriveAllowPolicy", problemOf(parseRedriveAllow(in.RedriveAllowPolicy)))
	}, nil)
}

// attribute returns a resource type that sets one attribute of a queue. The
// queue's URL is the resource's id. fits checks the references of the inputs;
// it may be nil.
func attribute[In any](q *Queues, token string, url func(In) string, check func(In) []provider.Problem, fits func(store.Record[Queue], In) error) *provider.Resource[In, struct{}] {
	put := func(r *store.Record[In]) error {
		queue, err := store.Get[Queue](q.db, Token, keyOf(url(r.Inputs)))
		if err != nil {
			return awserr.New("AWS.SimpleQueueService.NonExistentQueue", "queue %s: %w", url(r.Inputs), err)
		}
		if fits != nil {
			return fits(queue, r.Inputs)
		}
		return nil
	}
	return &provider.Resource[In, struct{}]{
		Token: token,
		Check: check,
		ID:    func(_ provider.Call, in In) string { return url(in) },
		Key:   func(id string, _ In) string { return keyOf(id) },
		Create: func(_ context.Context, _ provider.Call, r *store.Record[In]) error {
			return put(r)
		},
		Update: func(_ context.Context, _ provider.Call, _ store.Record[In], r *store.Record[In]) error {
			return put(r)
		},
		Updated: func(r store.Record[In]) { q.wake(keyOf(r.ID)) },
		Actions: attributeActions[In],
	}
}

func problems(property string, err error) []provider.Problem {
	if err == nil {
		return nil
	}
	return []provider.Problem{{Property: property, Reason: err.Error()}}
}

// checkRedrive refuses a redrive policy whose dead-letter queue the queue
// cannot use
// (https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-dead-letter-queues.html).
func (q *Queues) checkRedrive(r store.Record[Queue], text string) error {
	policy, err := parseRedrive(text)
	if err != nil || text == "" {
		return err
	}
	refuse := func(reason string) error {
		return awserr.New("InvalidParameterValue", "Value %s for parameter RedrivePolicy is invalid. Reason: %s", text, reason)
	}
	target := policy.DeadLetterTargetARN
	switch own := queueARN(r); {
	case target == own:
		return refuse("a queue cannot be its own dead-letter queue.")
	case target[:strings.LastIndexByte(target, ':')] != own[:strings.LastIndexByte(own, ':')]:
		return refuse("Dead-letter target must be in the account and the region of the source.")
	}
	dead, err := q.find(target)
	if isMissing(err) {
		return refuse("Dead letter target does not exist.")
	}
	if err != nil {
		return err
	}
	s, err := q.settings(dead)
	if err != nil {
		return err
	}
	allow, err := parseRedriveAllow(s.redriveAllow)
	if err != nil {
		return err
	}
	if allow.RedrivePermission == "denyAll" || allow.RedrivePermission == "byQueue" && !slices.Contains(allow.SourceQueueARNs, queueARN(r)) {
		return refuse("the redriveAllowPolicy of " + target + " does not allow this queue.")
	}
	return nil
}

// settings holds the effective attributes of a queue.
type settings struct {
	arn                                string
	delay, visibility, retention, wait time.Duration
	maxSize                            int // of a message, in bytes
	redrive                            redrive

	// As declared; "" if not declared.
	policyText, redriveText, redriveAllow string

	policy *iam.Document // never nil
}

func (q *Queues) settings(r store.Record[Queue]) (settings, error) {
	out := describe(r)
	s := settings{
		arn:        out.ARN,
		delay:      time.Duration(out.DelaySeconds) * time.Second,
		visibility: time.Duration(out.VisibilityTimeoutSeconds) * time.Second,
		retention:  time.Duration(out.MessageRetentionSeconds) * time.Second,
		wait:       time.Duration(out.ReceiveWaitTimeSeconds) * time.Second,
		maxSize:    out.MaxMessageSize, policyText: out.Policy, redriveText: out.RedrivePolicy, redriveAllow: out.RedriveAllowPolicy,
		policy: &iam.Document{},
	}
	key := keyOf(r.ID)
	if p, err := store.Get[QueuePolicy](q.db, PolicyToken, key); err == nil {
		s.policyText = p.Inputs.Policy
	}
	if p, err := store.Get[RedrivePolicy](q.db, RedriveToken, key); err == nil {
		s.redriveText = p.Inputs.RedrivePolicy
	}
	if p, err := store.Get[RedriveAllowPolicy](q.db, RedriveAllowToken, key); err == nil {
		s.redriveAllow = p.Inputs.RedriveAllowPolicy
	}
	var err error
	if s.redrive, err = parseRedrive(s.redriveText); err != nil {
		return s, fmt.Errorf("queue %s: redrive policy %w", key, err)
	}
	if s.policyText != "" {
		if s.policy, err = iam.ParseResource(s.policyText); err != nil {
			return s, fmt.Errorf("queue %s: policy: %w", key, err)
		}
	}
	return s, nil
}
