package sqs

import (
	"time"

	"skiff/local/aws/iam"
	"skiff/local/aws/lambda"
)

// SendFor puts a message on a queue for a service, such as sns.amazonaws.com, that
// acts for the resource sourceARN of an account. The queue's policy decides whether
// it may. The message has the service's name as its sender; on AWS that is an id,
// which is not recorded.
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
