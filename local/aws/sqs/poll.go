package sqs

import (
	"context"
	"time"

	"skiff/local/aws/iam"
	"skiff/local/aws/lambda"
	"skiff/local/store"
)

// Lambda's event source mappings poll Queues.
var _ lambda.Queue = (*Queues)(nil)

// reach finds a queue by its ARN and authorizes the caller's action on it.
func (q *Queues) reach(c iam.Caller, queueARN, action string) (store.Record[Queue], error) {
	r, err := q.find(queueARN)
	if err != nil {
		return r, missing(err)
	}
	s, err := q.settings(r)
	if err != nil {
		return r, err
	}
	return r, q.authority.Authorize(c, iam.Request{Action: "sqs:" + action, Resource: queueARN, Policy: s.policy})
}

// Authorize returns nil if the caller may do an action, such as ReceiveMessage,
// on a queue. Otherwise it returns a *iam.Denied or the error for a missing
// queue.
func (q *Queues) Authorize(c iam.Caller, queueARN, action string) error {
	_, err := q.reach(c, queueARN, action)
	return err
}

// VisibilityTimeout returns the visibility timeout of a queue.
func (q *Queues) VisibilityTimeout(queueARN string) (time.Duration, error) {
	r, err := q.find(queueARN)
	if err != nil {
		return 0, missing(err)
	}
	s, err := q.settings(r)
	return s.visibility, err
}

// Receive waits up to wait for messages of a queue. It receives up to limit
// messages, with all their attributes.
func (q *Queues) Receive(ctx context.Context, c iam.Caller, queueARN string, limit int, wait time.Duration) ([]lambda.Message, error) {
	r, err := q.reach(c, queueARN, "ReceiveMessage")
	if err != nil {
		return nil, err
	}
	key := keyOf(r.ID)
	got, err := q.receive(ctx, key, limit, nil, wait)
	var all []lambda.Message
	for _, m := range got {
		attributes := map[string]lambda.MessageAttribute{}
		for name, v := range m.Attributes {
			attributes[name] = lambda.MessageAttribute{DataType: v.DataType, StringValue: v.StringValue, BinaryValue: v.BinaryValue}
		}
		all = append(all, lambda.Message{
			ID: m.ID, ReceiptHandle: m.handle(key), Body: m.Body, MD5OfBody: bodyMD5(m.Body),
			Attributes: m.system([]string{"All"}), MessageAttributes: attributes, MD5OfMessageAttributes: attributesMD5(m.Attributes),
		})
	}
	return all, err
}

// Delete deletes messages by their receipt handles.
func (q *Queues) Delete(c iam.Caller, queueARN string, handles []string) error {
	r, err := q.reach(c, queueARN, "DeleteMessage")
	if err != nil {
		return err
	}
	problems, err := q.remove(keyOf(r.ID), handles)
	for _, bad := range problems {
		if err == nil && bad != nil {
			err = bad
		}
	}
	return err
}

// Send sends a message with string attributes to a queue. The caller's policies
// and the queue's policy decide whether the caller may.
func (q *Queues) Send(c iam.Caller, queueARN, body string, attributes map[string]string) error {
	r, err := q.reach(c, queueARN, "SendMessage")
	if err != nil {
		return err
	}
	s, err := q.settings(r)
	if err != nil {
		return err
	}
	in := entryInput{MessageBody: body, MessageAttributes: map[string]attributeValue{}}
	for name, text := range attributes {
		in.MessageAttributes[name] = attributeValue{DataType: "String", StringValue: &text}
	}
	m, delay, bad := q.accept(c, s, in)
	if bad != nil {
		return bad
	}
	_, err = q.send(keyOf(r.ID), []message{m}, []time.Duration{delay})
	return err
}
