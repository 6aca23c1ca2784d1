package sqs

import (
	"time"

	"skiff/local/aws/iam"
	"skiff/local/aws/lambda"
)

// SendFor sends a message to a queue for a service, such as sns.amazonaws.com,
// that acts for the resource sourceARN of an account. The queue's policy
// decides whether the service may. The message's SenderId is the service's
// name; on AWS it is an id, of which there is no recording.
func (q *Queues) SendFor(service, sourceARN, account, queueARN, body string, attributes map[string]lambda.MessageAttribute) error {
	r, err := q.find(queueARN)
	if err != nil {
		return missing(err)
	}
	s, err := q.settings(r)
	if err != nil {
		return err
	}
	asked := iam.Request{Action: "sqs:SendMessage", Resource: queueARN, Context: iam.ForSource(sourceARN, account), Policy: s.policy}
	if err := iam.AuthorizeService(service, asked); err != nil {
		return err
	}
	in := entryInput{MessageBody: body, MessageAttributes: map[string]attributeValue{}}
	for name, a := range attributes {
		in.MessageAttributes[name] = attributeValue{DataType: a.DataType, StringValue: a.StringValue, BinaryValue: a.BinaryValue}
	}
	m, delay, bad := q.accept(iam.Caller{}, s, in)
	if bad != nil {
		return bad
	}
	m.Sender = service
	_, err = q.send(keyOf(r.ID), []message{m}, []time.Duration{delay})
	return err
}
