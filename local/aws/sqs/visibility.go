package sqs

import (
	"context"

	"skiff/local/aws/awserr"
	"skiff/local/aws/iam"
)

// visibilityEntry is a new visibility timeout for a message.
type visibilityEntry struct {
	Id                string // in a batch
	ReceiptHandle     string
	VisibilityTimeout *int
}

type visibilityInput struct {
	QueueUrl string
	visibilityEntry
}

// changeVisibility implements
// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ChangeMessageVisibility.html.
func (q *Queues) changeVisibility(_ context.Context, c iam.Caller, in visibilityInput) (struct{}, error) {
	r, _, err := q.open(c, "ChangeMessageVisibility", in.QueueUrl)
	if err != nil {
		return struct{}{}, err
	}
	return struct{}{}, q.change(keyOf(r.ID), in.visibilityEntry)
}

func (q *Queues) change(key string, in visibilityEntry) error {
	if in.VisibilityTimeout == nil {
		return awserr.New("MissingRequiredParameterException", "The request must contain the parameter VisibilityTimeout.")
	}
	d, err := secondsWithin("VisibilityTimeout", *in.VisibilityTimeout, 43200)
	if err != nil {
		return err
	}
	return q.hide(key, in.ReceiptHandle, d)
}

type visibilityBatchInput struct {
	QueueUrl string
	Entries  []visibilityEntry
}

type visibilityBatchOutput struct {
	Successful []struct{ Id string }
	Failed     []batchError
}

// changeVisibilities implements
// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ChangeMessageVisibilityBatch.html.
// It needs the right to ChangeMessageVisibility
// (https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-api-permissions-reference.html).
func (q *Queues) changeVisibilities(_ context.Context, c iam.Caller, in visibilityBatchInput) (*visibilityBatchOutput, error) {
	r, _, err := q.open(c, "ChangeMessageVisibility", in.QueueUrl)
	if err != nil {
		return nil, err
	}
	var ids []string
	for _, e := range in.Entries {
		ids = append(ids, e.Id)
	}
	if err := checkBatch(ids); err != nil {
		return nil, err
	}
	out := &visibilityBatchOutput{Successful: []struct{ Id string }{}, Failed: []batchError{}}
	for _, e := range in.Entries {
		err := q.change(keyOf(r.ID), e)
		bad, known := asError(err)
		switch {
		case known:
			out.Failed = append(out.Failed, failed(e.Id, bad))
		case err != nil:
			return nil, err
		default:
			out.Successful = append(out.Successful, struct{ Id string }{e.Id})
		}
	}
	return out, nil
}
