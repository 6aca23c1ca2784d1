package sqs

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"skiff/local/aws/arn"
	"skiff/local/aws/awserr"
	"skiff/local/aws/awsjson"
	"skiff/local/aws/iam"
	"skiff/local/store"
)

// Handler returns the SQS endpoint that functions and people call.
func (q *Queues) Handler() http.Handler {
	return &awsjson.Handler{
		Version: "1.0", Prefix: "AmazonSQS", Namespace: "com.amazonaws.sqs", MaxBytes: 8 << 20, Authority: q.authority,
		Operations: map[string]awsjson.Operation{
			"ChangeMessageVisibility":      awsjson.Of(q.changeVisibility),
			"ChangeMessageVisibilityBatch": awsjson.Of(q.changeVisibilities),
			"DeleteMessage":                awsjson.Of(q.deleteMessage),
			"DeleteMessageBatch":           awsjson.Of(q.deleteBatch),
			"GetQueueAttributes":           awsjson.Of(q.getAttributes),
			"GetQueueUrl":                  awsjson.Of(q.getURL),
			"PurgeQueue":                   awsjson.Of(q.purge),
			"ReceiveMessage":               awsjson.Of(q.receiveMessage),
			"SendMessage":                  awsjson.Of(q.sendMessage),
			"SendMessageBatch":             awsjson.Of(q.sendBatch),
		},
		Query: map[string]string{
			"AccessDeniedException":             "AccessDenied",
			"BatchEntryIdsNotDistinct":          "AWS.SimpleQueueService.BatchEntryIdsNotDistinct",
			"BatchRequestTooLong":               "AWS.SimpleQueueService.BatchRequestTooLong",
			"EmptyBatchRequest":                 "AWS.SimpleQueueService.EmptyBatchRequest",
			"InvalidBatchEntryId":               "AWS.SimpleQueueService.InvalidBatchEntryId",
			"InvalidParameterValueException":    "InvalidParameterValue",
			"MessageNotInflight":                "AWS.SimpleQueueService.MessageNotInflight",
			"MissingRequiredParameterException": "MissingParameter",
			"PurgeQueueInProgress":              "AWS.SimpleQueueService.PurgeQueueInProgress",
			"QueueDoesNotExist":                 "AWS.SimpleQueueService.NonExistentQueue",
			"TooManyEntriesInBatchRequest":      "AWS.SimpleQueueService.TooManyEntriesInBatchRequest",
			"UnsupportedOperation":              "AWS.SimpleQueueService.UnsupportedOperation",
		},
	}
}

// missing turns the error for a missing record into QueueDoesNotExist.
func missing(err error) error {
	if isMissing(err) {
		return awserr.New("QueueDoesNotExist", "The specified queue does not exist.")
	}
	return err
}

// open finds the queue of a call and authorizes the action by the caller's
// policies and the queue's policy. It authorizes before it reports a missing
// queue, so that only an authorized caller gets QueueDoesNotExist.
func (q *Queues) open(c iam.Caller, action, url string) (store.Record[Queue], settings, error) {
	var s settings
	key := keyOf(url)
	if url == "" {
		return store.Record[Queue]{}, s, awserr.New("MissingRequiredParameterException", "The request must contain the parameter QueueUrl.")
	}
	if key == "" || !nameForm.MatchString(key[strings.IndexByte(key, '/')+1:]) {
		return store.Record[Queue]{}, s, awserr.New("InvalidAddress", "The address %s is not valid for this endpoint.", url)
	}
	r, err := store.Get[Queue](q.db, Token, key)
	if err == nil && r.Region != c.Region {
		err = store.ErrNotFound
	}
	if isMissing(err) {
		account, name, _ := strings.Cut(key, "/")
		s.arn, s.policy = arn.New("sqs", c.Region, account, name), &iam.Document{}
	} else if err == nil {
		s, err = q.settings(r)
	}
	if err != nil && !isMissing(err) {
		return r, s, err
	}
	if err := q.authority.Authorize(c, iam.Request{Action: "sqs:" + action, Resource: s.arn, Policy: s.policy}); err != nil {
		return r, s, err
	}
	return r, s, missing(err)
}

type urlInput struct{ QueueName, QueueOwnerAWSAccountId string }

type urlOutput struct{ QueueUrl string }

// getURL implements
// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_GetQueueUrl.html.
// The administrator has no account: for them, getURL searches the queues of
// every account.
func (q *Queues) getURL(_ context.Context, c iam.Caller, in urlInput) (*urlOutput, error) {
	account := in.QueueOwnerAWSAccountId
	if account == "" {
		account = c.Account()
	}
	if account == "" {
		all, err := store.List[Queue](q.db, Token)
		if err != nil {
			return nil, err
		}
		for _, r := range all {
			if r.Inputs.Name != in.QueueName || r.Region != c.Region {
				continue
			}
			if account != "" {
				return nil, awserr.New(invalidValue, "several accounts have the queue %s: give QueueOwnerAWSAccountId", in.QueueName)
			}
			account = r.Account
		}
	}
	r, _, err := q.open(c, "GetQueueUrl", "/"+account+"/"+in.QueueName)
	if err != nil {
		return nil, err
	}
	return &urlOutput{r.ID}, nil
}

func secondsWithin(parameter string, n, most int) (time.Duration, error) {
	if n < 0 || n > most {
		return 0, awserr.New(invalidValue, "Value %d for parameter %s is invalid. Reason: Must be between 0 and %d, if provided.", n, parameter, most)
	}
	return time.Duration(n) * time.Second, nil
}

// purge implements
// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_PurgeQueue.html.
func (q *Queues) purge(_ context.Context, c iam.Caller, in struct{ QueueUrl string }) (struct{}, error) {
	r, s, err := q.open(c, "PurgeQueue", in.QueueUrl)
	if err != nil {
		return struct{}{}, err
	}
	key := keyOf(r.ID)
	q.mu.Lock()
	defer q.mu.Unlock()
	b, now := q.box(key), q.now()
	if now.Sub(b.purged) < time.Minute {
		return struct{}{}, awserr.New("PurgeQueueInProgress", "Only one PurgeQueue operation on %s is allowed every 60 seconds.", s.arn)
	}
	var changes []change
	for number := range b.entries {
		changes = append(changes, change{key, number, nil})
	}
	b.purged = now
	return struct{}{}, q.apply(now, changes...)
}

// asError returns the *awserr.Error in err, if there is one.
func asError(err error) (*awserr.Error, bool) { return errors.AsType[*awserr.Error](err) }
