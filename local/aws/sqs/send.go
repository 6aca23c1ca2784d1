package sqs

import (
	"context"
	"fmt"
	"regexp"
	"time"

	"skiff/local/aws/awserr"
	"skiff/local/aws/iam"
)

// entryInput is a message to send.
type entryInput struct {
	Id                      string // in a batch
	MessageBody             string
	DelaySeconds            *int
	MessageAttributes       map[string]attributeValue
	MessageSystemAttributes map[string]attributeValue
	MessageDeduplicationId  string
	MessageGroupId          string // of a fair queue; it does not affect the order of messages here
}

type sendInput struct {
	QueueUrl string
	entryInput
}

type sendOutput struct {
	Id                           string `json:",omitzero"` // in a batch
	MessageId                    string
	MD5OfMessageBody             string
	MD5OfMessageAttributes       string `json:",omitzero"`
	MD5OfMessageSystemAttributes string `json:",omitzero"`
}

// sendMessage implements
// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html.
func (q *Queues) sendMessage(_ context.Context, c iam.Caller, in sendInput) (*sendOutput, error) {
	r, s, err := q.open(c, "SendMessage", in.QueueUrl)
	if err != nil {
		return nil, err
	}
	m, delay, bad := q.accept(c, s, in.entryInput)
	if bad != nil {
		return nil, bad
	}
	sent, err := q.send(keyOf(r.ID), []message{m}, []time.Duration{delay})
	if err != nil {
		return nil, err
	}
	out := outputOf(in.entryInput, sent[0])
	return &out, nil
}

func outputOf(in entryInput, m message) sendOutput {
	return sendOutput{
		Id: in.Id, MessageId: m.ID, MD5OfMessageBody: bodyMD5(m.Body),
		MD5OfMessageAttributes: attributesMD5(m.Attributes), MD5OfMessageSystemAttributes: attributesMD5(in.MessageSystemAttributes),
	}
}

// accept turns a caller's input into a message. It returns an error if the
// queue refuses the input.
func (q *Queues) accept(c iam.Caller, s settings, in entryInput) (message, time.Duration, *awserr.Error) {
	m := message{Body: in.MessageBody, Attributes: in.MessageAttributes, System: map[string]string{}, Sender: q.authority.UserID(c)}
	if bad := checkBody(in.MessageBody); bad != nil {
		return m, 0, bad
	}
	if bad := checkAttributes(in.MessageAttributes); bad != nil {
		return m, 0, bad
	}
	if n := size(in.MessageBody, in.MessageAttributes); n > s.maxSize {
		return m, 0, awserr.New(invalidValue, "One or more parameters are invalid. Reason: Message must be shorter than %d bytes.", s.maxSize)
	}
	if in.MessageDeduplicationId != "" {
		return m, 0, awserr.New(invalidValue, "Value %s for parameter MessageDeduplicationId is invalid. Reason: The request includes a parameter that is not valid for this queue type.", in.MessageDeduplicationId)
	}
	for name, v := range in.MessageSystemAttributes {
		if name != "AWSTraceHeader" || v.DataType != "String" || v.StringValue == nil {
			return m, 0, awserr.New(invalidValue, "Message system attribute name '%s' is invalid.", name)
		}
		m.System[name] = *v.StringValue
	}
	if in.MessageGroupId != "" {
		m.System["MessageGroupId"] = in.MessageGroupId
	}
	delay := s.delay
	if in.DelaySeconds != nil {
		var err error
		if delay, err = secondsWithin("DelaySeconds", *in.DelaySeconds, 900); err != nil {
			bad, _ := asError(err)
			return m, 0, bad
		}
	}
	return m, delay, nil
}

type batchError struct {
	Id, Code, Message string
	SenderFault       bool
}

type sendBatchInput struct {
	QueueUrl string
	Entries  []entryInput
}

type sendBatchOutput struct {
	Successful []sendOutput
	Failed     []batchError
}

// sendBatch implements
// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessageBatch.html.
func (q *Queues) sendBatch(_ context.Context, c iam.Caller, in sendBatchInput) (*sendBatchOutput, error) {
	r, s, err := q.open(c, "SendMessage", in.QueueUrl)
	if err != nil {
		return nil, err
	}
	ids, total := []string{}, 0
	for _, e := range in.Entries {
		ids = append(ids, e.Id)
		total += size(e.MessageBody, e.MessageAttributes)
	}
	if err := checkBatch(ids); err != nil {
		return nil, err
	}
	if total > maxBatchBytes {
		return nil, awserr.New("BatchRequestTooLong", "Batch requests cannot be longer than %d bytes. You have sent %d bytes.", maxBatchBytes, total)
	}
	out := &sendBatchOutput{Successful: []sendOutput{}, Failed: []batchError{}}
	var messages []message
	var delays []time.Duration
	var taken []entryInput
	for _, e := range in.Entries {
		m, delay, bad := q.accept(c, s, e)
		if bad != nil {
			out.Failed = append(out.Failed, failed(e.Id, bad))
			continue
		}
		messages, delays, taken = append(messages, m), append(delays, delay), append(taken, e)
	}
	sent, err := q.send(keyOf(r.ID), messages, delays)
	if err != nil {
		return nil, err
	}
	for i, m := range sent {
		out.Successful = append(out.Successful, outputOf(taken[i], m))
	}
	return out, nil
}

// failed returns the error of a batch entry. An entry's error uses the codes of
// the older query protocol.
func failed(id string, bad *awserr.Error) batchError {
	code := bad.Code
	switch code {
	case invalidValue:
		code = "InvalidParameterValue"
	case "MissingRequiredParameterException":
		code = "MissingParameter"
	}
	return batchError{Id: id, Code: code, Message: bad.Message, SenderFault: true}
}

var entryForm = regexp.MustCompile(`^[A-Za-z0-9_-]{1,80}$`)

// checkBatch refuses a batch by the number and the ids of its entries.
func checkBatch(ids []string) error {
	if len(ids) == 0 {
		return awserr.New("EmptyBatchRequest", "There should be at least one entry in the request.")
	}
	if len(ids) > maxBatch {
		return awserr.New("TooManyEntriesInBatchRequest", "Maximum number of entries per request are %d. You have sent %d.", maxBatch, len(ids))
	}
	seen := map[string]bool{}
	for _, id := range ids {
		if !entryForm.MatchString(id) {
			return awserr.New("InvalidBatchEntryId", "A batch entry id can only contain alphanumeric characters, hyphens and underscores. It can be at most 80 letters long.")
		}
		if seen[id] {
			return awserr.New("BatchEntryIdsNotDistinct", "Id %s repeated.", id)
		}
		seen[id] = true
	}
	return nil
}

type deleteInput struct{ QueueUrl, ReceiptHandle string }

// deleteMessage implements
// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_DeleteMessage.html.
func (q *Queues) deleteMessage(_ context.Context, c iam.Caller, in deleteInput) (struct{}, error) {
	r, _, err := q.open(c, "DeleteMessage", in.QueueUrl)
	if err != nil {
		return struct{}{}, err
	}
	problems, err := q.remove(keyOf(r.ID), []string{in.ReceiptHandle})
	if err == nil && problems[0] != nil {
		err = problems[0]
	}
	return struct{}{}, err
}

type deleteBatchInput struct {
	QueueUrl string
	Entries  []struct{ Id, ReceiptHandle string }
}

type deleteBatchOutput struct {
	Successful []struct{ Id string }
	Failed     []batchError
}

// deleteBatch implements
// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_DeleteMessageBatch.html.
func (q *Queues) deleteBatch(_ context.Context, c iam.Caller, in deleteBatchInput) (*deleteBatchOutput, error) {
	r, _, err := q.open(c, "DeleteMessage", in.QueueUrl)
	if err != nil {
		return nil, err
	}
	var ids, handles []string
	for _, e := range in.Entries {
		ids, handles = append(ids, e.Id), append(handles, e.ReceiptHandle)
	}
	if err := checkBatch(ids); err != nil {
		return nil, err
	}
	problems, err := q.remove(keyOf(r.ID), handles)
	if err != nil {
		return nil, fmt.Errorf("queue %s: %w", r.Inputs.Name, err)
	}
	out := &deleteBatchOutput{Successful: []struct{ Id string }{}, Failed: []batchError{}}
	for i, bad := range problems {
		if bad != nil {
			out.Failed = append(out.Failed, failed(ids[i], bad))
		} else {
			out.Successful = append(out.Successful, struct{ Id string }{ids[i]})
		}
	}
	return out, nil
}
