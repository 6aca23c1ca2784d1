package sqs

import (
	"context"
	"slices"
	"strconv"
	"time"

	"skiff/local/aws/awserr"
	"skiff/local/aws/iam"
	"skiff/local/store"
)

type receiveInput struct {
	QueueUrl                    string
	MaxNumberOfMessages         *int
	VisibilityTimeout           *int
	WaitTimeSeconds             *int
	AttributeNames              []string // older name of MessageSystemAttributeNames
	MessageSystemAttributeNames []string
	MessageAttributeNames       []string
}

type receiveOutput struct {
	Messages []messageOutput `json:",omitzero"`
}

type messageOutput struct {
	MessageId, ReceiptHandle string
	Body, MD5OfBody          string
	Attributes               map[string]string         `json:",omitzero"`
	MessageAttributes        map[string]attributeValue `json:",omitzero"`
	MD5OfMessageAttributes   string                    `json:",omitzero"`
}

// receiveMessage implements
// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ReceiveMessage.html.
func (q *Queues) receiveMessage(ctx context.Context, c iam.Caller, in receiveInput) (*receiveOutput, error) {
	r, s, err := q.open(c, "ReceiveMessage", in.QueueUrl)
	if err != nil {
		return nil, err
	}
	limit := orDefault(in.MaxNumberOfMessages, 1)
	if limit < 1 || limit > maxBatch {
		return nil, awserr.New(invalidValue, "Value %d for parameter MaxNumberOfMessages is invalid. Reason: Must be between 1 and %d, if provided.", limit, maxBatch)
	}
	wait := s.wait
	if in.WaitTimeSeconds != nil {
		if wait, err = secondsWithin("WaitTimeSeconds", *in.WaitTimeSeconds, 20); err != nil {
			return nil, err
		}
	}
	var visibility *time.Duration
	if in.VisibilityTimeout != nil {
		d, err := secondsWithin("VisibilityTimeout", *in.VisibilityTimeout, 43200)
		if err != nil {
			return nil, err
		}
		visibility = &d
	}
	key := keyOf(r.ID)
	got, err := q.receive(ctx, key, limit, visibility, wait)
	if err != nil {
		return nil, err
	}
	out := &receiveOutput{}
	for _, m := range got {
		asked := selected(m.Attributes, in.MessageAttributeNames)
		out.Messages = append(out.Messages, messageOutput{
			MessageId: m.ID, ReceiptHandle: m.handle(key), Body: m.Body, MD5OfBody: bodyMD5(m.Body),
			Attributes:        m.system(slices.Concat(in.AttributeNames, in.MessageSystemAttributeNames)),
			MessageAttributes: asked, MD5OfMessageAttributes: attributesMD5(asked),
		})
	}
	return out, nil
}

// system returns the requested system attributes of a message; "All" requests
// all of them.
func (m message) system(asked []string) map[string]string {
	all := map[string]string{
		"ApproximateReceiveCount":          strconv.Itoa(m.Receives),
		"ApproximateFirstReceiveTimestamp": milliseconds(m.First),
		"SentTimestamp":                    milliseconds(m.Sent),
		"SenderId":                         m.Sender,
	}
	for name, value := range m.System {
		all[name] = value
	}
	if m.Source != "" {
		all["DeadLetterQueueSourceArn"] = m.Source
	}
	var found map[string]string
	for name, value := range all {
		if slices.Contains(asked, "All") || slices.Contains(asked, name) {
			if found == nil {
				found = map[string]string{}
			}
			found[name] = value
		}
	}
	return found
}

func seconds(t time.Time) string { return strconv.FormatInt(t.Unix(), 10) }

func milliseconds(t time.Time) string { return strconv.FormatInt(t.UnixMilli(), 10) }

type attributesInput struct {
	QueueUrl       string
	AttributeNames []string
}

type attributesOutput struct {
	Attributes map[string]string `json:",omitzero"`
}

// getAttributes implements
// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_GetQueueAttributes.html.
func (q *Queues) getAttributes(_ context.Context, c iam.Caller, in attributesInput) (*attributesOutput, error) {
	r, s, err := q.open(c, "GetQueueAttributes", in.QueueUrl)
	if err != nil {
		return nil, err
	}
	all, err := q.attributes(r, s)
	if err != nil {
		return nil, err
	}
	out := &attributesOutput{}
	for _, name := range in.AttributeNames {
		value, known := all[name]
		switch {
		case name == "All":
			out.Attributes = all
			return out, nil
		case !known && !slices.Contains([]string{"Policy", "RedrivePolicy", "RedriveAllowPolicy", "KmsMasterKeyId"}, name):
			return nil, awserr.New("InvalidAttributeName", "Unknown Attribute %s.", name)
		case known:
			if out.Attributes == nil {
				out.Attributes = map[string]string{}
			}
			out.Attributes[name] = value
		}
	}
	return out, nil
}

func (q *Queues) attributes(r store.Record[Queue], s settings) (map[string]string, error) {
	out := describe(r)
	q.mu.Lock()
	defer q.mu.Unlock()
	key, now := keyOf(r.ID), q.now()
	b := q.box(key)
	var changes []change
	for _, e := range b.expired(now, s.retention) {
		changes = append(changes, change{key, e.Number, nil})
	}
	if err := q.apply(now, changes...); err != nil {
		return nil, err
	}
	b.appear(now)
	ready, inFlight, delayed := b.counts()
	all := map[string]string{
		"ApproximateNumberOfMessages":           strconv.Itoa(ready),
		"ApproximateNumberOfMessagesDelayed":    strconv.Itoa(delayed),
		"ApproximateNumberOfMessagesNotVisible": strconv.Itoa(inFlight),
		"CreatedTimestamp":                      seconds(r.Created),
		"DelaySeconds":                          strconv.Itoa(out.DelaySeconds),
		"LastModifiedTimestamp":                 r.State[modified],
		"MaximumMessageSize":                    strconv.Itoa(out.MaxMessageSize),
		"MessageRetentionPeriod":                strconv.Itoa(out.MessageRetentionSeconds),
		"QueueArn":                              out.ARN,
		"ReceiveMessageWaitTimeSeconds":         strconv.Itoa(out.ReceiveWaitTimeSeconds),
		"SqsManagedSseEnabled":                  strconv.FormatBool(out.SQSManagedSSEEnabled),
		"VisibilityTimeout":                     strconv.Itoa(out.VisibilityTimeoutSeconds),
	}
	for name, text := range map[string]string{"Policy": s.policyText, "RedrivePolicy": s.redriveText, "RedriveAllowPolicy": s.redriveAllow, "KmsMasterKeyId": r.Inputs.KMSMasterKeyID} {
		if text != "" {
			all[name] = text
		}
	}
	return all, nil
}
