package sns

import (
	"context"
	"encoding/xml"
	"errors"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"skiff/local/aws/arn"
	"skiff/local/aws/awserr"
	"skiff/local/aws/awsquery"
	"skiff/local/aws/iam"
	"skiff/local/aws/lambda"
	"skiff/local/store"
)

// service is the name of SNS in permissions and queue policies.
const service = "sns.amazonaws.com"

// Functions invokes functions, subject to their permissions.
type Functions interface {
	SendFor(service, sourceARN, function string, payload []byte) error
}

// Queues sends messages to queues, subject to their policies.
type Queues interface {
	SendFor(service, sourceARN, account, queueARN, body string, attributes map[string]lambda.MessageAttribute) error
}

// Options configures the endpoint.
type Options struct {
	Authority *iam.Authority
	Functions Functions
	Queues    Queues
	Report    func(err error)  // is called with delivery failures; may be nil
	Now       func() time.Time // nil for time.Now
}

// front answers the calls to one endpoint.
type front struct {
	topics *Topics
	o      Options
}

// Handler returns the endpoint that functions and people call. It supports
// Publish and PublishBatch to topics. Phone numbers and mobile endpoints are
// refused.
func (t *Topics) Handler(o Options) http.Handler {
	if o.Now == nil {
		o.Now = time.Now
	}
	f := front{t, o}
	return &awsquery.Handler{
		Service: "SNS", Version: "2010-03-31", Namespace: "http://sns.amazonaws.com/doc/2010-03-31/", MaxBytes: 2 << 20,
		Denied: "AuthorizationError", Status: map[string]int{"NotFound": http.StatusNotFound}, Authority: o.Authority,
		Operations: map[string]awsquery.Operation{"Publish": f.publish, "PublishBatch": f.publishBatch},
	}
}

// open returns the topic of a publish call. The policies of the caller and of
// the topic must allow the call. Only a caller who may publish learns that the
// topic is missing.
func (f front) open(c iam.Caller, topicARN string) (store.Record[Topic], error) {
	var r store.Record[Topic]
	if topicARN == "" {
		return r, awserr.New("InvalidParameter", "Invalid parameter: TopicArn or TargetArn Reason: no value for required parameter")
	}
	if !arn.IsTopic(topicARN) || arn.Region(topicARN) != c.Region {
		return r, awserr.New("InvalidParameter", "Invalid parameter: TopicArn Reason: %q is not the ARN of a standard topic in %s", topicARN, c.Region)
	}
	r, err := f.topics.Find(topicARN)
	missing := errors.Is(err, store.ErrNotFound)
	if err != nil && !missing {
		return r, err
	}
	policy := &iam.Document{}
	if r.Inputs.Policy != "" {
		if policy, err = iam.ParseResource(r.Inputs.Policy); err != nil {
			return r, err
		}
	}
	if err := f.o.Authority.Authorize(c, iam.Request{Action: "sns:Publish", Resource: topicARN, Policy: policy}); err != nil {
		return r, err
	}
	if missing {
		return r, awserr.New("NotFound", "Topic does not exist")
	}
	return r, nil
}

type publishResult struct {
	XMLName   xml.Name `xml:"PublishResult"`
	MessageID string   `xml:"MessageId"`
}

// publish implements
// https://docs.aws.amazon.com/sns/latest/api/API_Publish.html.
func (f front) publish(_ context.Context, c iam.Caller, form url.Values) (any, error) {
	if err := known(form, "Action", "Version", "TopicArn", "TargetArn", "Message", "Subject", "MessageStructure", "MessageAttributes.entry."); err != nil {
		return nil, err
	}
	topicARN := form.Get("TopicArn")
	if topicARN == "" {
		topicARN = form.Get("TargetArn")
	}
	topic, err := f.open(c, topicARN)
	if err != nil {
		return nil, err
	}
	m, err := readMessage(form)
	if err != nil {
		return nil, err
	}
	if err := f.deliver(topic, m); err != nil {
		return nil, err
	}
	return publishResult{MessageID: m.id}, nil
}

// known refuses unsupported parameters, because ignoring one would change what
// the call means.
func known(form url.Values, names ...string) error {
	for name := range form {
		if !slices.ContainsFunc(names, func(n string) bool { return name == n || strings.HasSuffix(n, ".") && strings.HasPrefix(name, n) }) {
			return awserr.New("InvalidParameter", "Invalid parameter: the local cloud does not know the parameter %s", name)
		}
	}
	return nil
}

type batchResult struct {
	XMLName    xml.Name      `xml:"PublishBatchResult"`
	Successful []batchSent   `xml:"Successful>member"`
	Failed     []batchFailed `xml:"Failed>member"`
}

type batchSent struct {
	ID        string `xml:"Id"`
	MessageID string `xml:"MessageId"`
}

type batchFailed struct {
	ID          string `xml:"Id"`
	Code        string
	Message     string
	SenderFault bool
}

var entryForm = regexp.MustCompile(`^[A-Za-z0-9_-]{1,80}$`)

// publishBatch implements
// https://docs.aws.amazon.com/sns/latest/api/API_PublishBatch.html.
func (f front) publishBatch(_ context.Context, c iam.Caller, form url.Values) (any, error) {
	const list = "PublishBatchRequestEntries.member"
	if err := known(form, "Action", "Version", "TopicArn", "PublishBatchRequestEntries", list+"."); err != nil {
		return nil, err
	}
	topic, err := f.open(c, form.Get("TopicArn"))
	if err != nil {
		return nil, err
	}
	entries := awsquery.List(form, list)
	if err := checkBatch(entries); err != nil {
		return nil, err
	}
	var out batchResult
	var messages []message
	total := 0
	for _, e := range entries {
		err := known(e, "Id", "Message", "Subject", "MessageStructure", "MessageAttributes.entry.")
		var m message
		if err == nil {
			m, err = readMessage(e)
		}
		if refused, ok := errors.AsType[*awserr.Error](err); ok {
			out.Failed = append(out.Failed, batchFailed{e.Get("Id"), refused.Code, refused.Message, true})
			continue
		}
		total += m.size()
		messages = append(messages, m)
		out.Successful = append(out.Successful, batchSent{e.Get("Id"), m.id})
	}
	if total > maxBytes {
		return nil, awserr.New("BatchRequestTooLong", "The length of all the messages put together is more than the limit.")
	}
	for _, m := range messages {
		if err := f.deliver(topic, m); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func checkBatch(entries []url.Values) error {
	if len(entries) == 0 {
		return awserr.New("EmptyBatchRequest", "The batch request doesn't contain any entries.")
	}
	if len(entries) > 10 {
		return awserr.New("TooManyEntriesInBatchRequest", "The batch request contains more entries than permissible.")
	}
	seen := map[string]bool{}
	for _, e := range entries {
		id := e.Get("Id")
		if !entryForm.MatchString(id) {
			return awserr.New("InvalidBatchEntryId", "The Id of a batch entry in a batch request doesn't abide by the specification.")
		}
		if seen[id] {
			return awserr.New("BatchEntryIdsNotDistinct", "Two or more batch entries in the request have the same Id.")
		}
		seen[id] = true
	}
	return nil
}
