package sqs

import (
	"context"
	"errors"
	"strings"

	"skiff/local/aws/arn"
	"skiff/local/engine/provider"
	"skiff/local/store"
)

// Token is the resource type of a queue.
const Token = "aws:sqs/queue:Queue"

// modified is the key in a record's State for the time of the last change.
const modified = "modified"

// Queue holds the inputs of a standard queue. The encryption settings have no
// effect.
type Queue struct {
	Name                         string            `json:"name" aws:"replace"`
	DelaySeconds                 int               `json:"delaySeconds,omitempty"`
	FIFOQueue                    bool              `json:"fifoQueue,omitempty" aws:"replace,default=false"`
	KMSDataKeyReusePeriodSeconds *int              `json:"kmsDataKeyReusePeriodSeconds,omitempty" aws:"idle"`
	KMSMasterKeyID               string            `json:"kmsMasterKeyId,omitempty" aws:"idle"`
	MaxMessageSize               *int              `json:"maxMessageSize,omitempty"`
	MessageRetentionSeconds      *int              `json:"messageRetentionSeconds,omitempty"`
	Policy                       string            `json:"policy,omitempty"`
	ReceiveWaitTimeSeconds       int               `json:"receiveWaitTimeSeconds,omitempty"`
	RedriveAllowPolicy           string            `json:"redriveAllowPolicy,omitempty"`
	RedrivePolicy                string            `json:"redrivePolicy,omitempty"`
	SQSManagedSSEEnabled         *bool             `json:"sqsManagedSseEnabled,omitempty" aws:"idle"`
	VisibilityTimeoutSeconds     *int              `json:"visibilityTimeoutSeconds,omitempty"`
	Tags                         map[string]string `json:"tags,omitempty"`
}

// QueueOutputs holds the properties that AWS adds to a queue, including
// defaults. It does not include policies that are declared as separate resources.
type QueueOutputs struct {
	ARN                          string `json:"arn"`
	ContentBasedDeduplication    bool   `json:"contentBasedDeduplication"`
	DeduplicationScope           string `json:"deduplicationScope"`
	DelaySeconds                 int    `json:"delaySeconds"`
	FIFOQueue                    bool   `json:"fifoQueue"`
	FIFOThroughputLimit          string `json:"fifoThroughputLimit"`
	KMSDataKeyReusePeriodSeconds int    `json:"kmsDataKeyReusePeriodSeconds"`
	MaxMessageSize               int    `json:"maxMessageSize"`
	MessageRetentionSeconds      int    `json:"messageRetentionSeconds"`
	Policy                       string `json:"policy"`
	ReceiveWaitTimeSeconds       int    `json:"receiveWaitTimeSeconds"`
	RedriveAllowPolicy           string `json:"redriveAllowPolicy"`
	RedrivePolicy                string `json:"redrivePolicy"`
	SQSManagedSSEEnabled         bool   `json:"sqsManagedSseEnabled"`
	URL                          string `json:"url"`
	VisibilityTimeoutSeconds     int    `json:"visibilityTimeoutSeconds"`
}

// Types returns the resource types of SQS.
func (q *Queues) Types() []provider.Kind {
	queues, policies, redrives, redriveAllows := resourceTypes(q)
	return []provider.Kind{queues, policies, redrives, redriveAllows}
}

// resourceTypes returns the resource types of this package.
func resourceTypes(q *Queues) (
	*provider.Resource[Queue, QueueOutputs],
	*provider.Resource[QueuePolicy, struct{}],
	*provider.Resource[RedrivePolicy, struct{}],
	*provider.Resource[RedriveAllowPolicy, struct{}],
) {
	queues := &provider.Resource[Queue, QueueOutputs]{
		Token: Token, Named: "name", MaxName: 80,
		Check:   checkQueue,
		ID:      q.newURL,
		Key:     func(id string, _ Queue) string { return keyOf(id) },
		Outside: true,
		Create: func(_ context.Context, _ provider.Call, r *store.Record[Queue]) error {
			if err := q.checkRedrive(*r, r.Inputs.RedrivePolicy); err != nil {
				return err
			}
			r.State[modified] = seconds(q.now())
			return q.prepare(keyOf(r.ID))
		},
		Update: func(_ context.Context, _ provider.Call, _ store.Record[Queue], r *store.Record[Queue]) error {
			r.State[modified] = seconds(q.now())
			return q.checkRedrive(*r, r.Inputs.RedrivePolicy)
		},
		Updated: func(r store.Record[Queue]) { q.wake(keyOf(r.ID)) },
		Delete: func(_ context.Context, _ provider.Call, r store.Record[Queue]) error {
			return q.forget(keyOf(r.ID))
		},
		Actions:  queueActions,
		Describe: describe,
	}
	return queues, queuePolicies(q), redrivePolicies(q), redriveAllowPolicies(q)
}

// newURL returns the URL for a new queue. If the engine creates an existing
// queue again, newURL returns the existing URL.
func (q *Queues) newURL(c provider.Call, in Queue) string {
	key := c.Account + "/" + in.Name
	if r, err := store.Get[Queue](q.db, Token, key); err == nil {
		return r.ID
	}
	return q.url() + "/" + key
}

// keyOf returns the account and the name at the end of a queue's URL, or "" if
// there are none. It ignores the host: the endpoint's address can change at a
// restart, and the URLs in the engine's state must stay valid.
func keyOf(url string) string {
	parts := strings.Split(url, "/")
	if len(parts) < 2 {
		return ""
	}
	return parts[len(parts)-2] + "/" + parts[len(parts)-1]
}

func queueARN(r store.Record[Queue]) string {
	return arn.New("sqs", r.Region, r.Account, r.Inputs.Name)
}

// find returns the queue with an ARN, or store.ErrNotFound.
func (q *Queues) find(arnOfQueue string) (store.Record[Queue], error) {
	parts, _ := arn.Parse(arnOfQueue)
	r, err := store.Get[Queue](q.db, Token, parts.AccountID+"/"+parts.Resource)
	if err == nil && queueARN(r) != arnOfQueue {
		err = store.ErrNotFound // the ARN names another region or service
	}
	return r, err
}

func describe(r store.Record[Queue]) QueueOutputs {
	in := r.Inputs
	return QueueOutputs{
		ARN: queueARN(r), URL: r.ID,
		DelaySeconds:                 in.DelaySeconds,
		KMSDataKeyReusePeriodSeconds: orDefault(in.KMSDataKeyReusePeriodSeconds, 300),
		MaxMessageSize:               orDefault(in.MaxMessageSize, maxMessageSize),
		MessageRetentionSeconds:      orDefault(in.MessageRetentionSeconds, 345600),
		Policy:                       in.Policy,
		ReceiveWaitTimeSeconds:       in.ReceiveWaitTimeSeconds,
		RedriveAllowPolicy:           in.RedriveAllowPolicy,
		RedrivePolicy:                in.RedrivePolicy,
		SQSManagedSSEEnabled:         orDefault(in.SQSManagedSSEEnabled, in.KMSMasterKeyID == ""),
		VisibilityTimeoutSeconds:     orDefault(in.VisibilityTimeoutSeconds, 30),
	}
}

func orDefault[T any](given *T, otherwise T) T {
	if given == nil {
		return otherwise
	}
	return *given
}

// isMissing reports whether err means that the queue does not exist, rather
// than that the store failed.
func isMissing(err error) bool { return errors.Is(err, store.ErrNotFound) }
