package lambda

import (
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"skiff/local/aws/arn"
)

// Message is a message of a queue.
type Message struct {
	ID, ReceiptHandle      string
	Body, MD5OfBody        string
	Attributes             map[string]string // system attributes, such as SentTimestamp
	MessageAttributes      map[string]MessageAttribute
	MD5OfMessageAttributes string // "" without attributes
}

// MessageAttribute is the value of a message attribute: a string or bytes.
type MessageAttribute struct {
	DataType    string
	StringValue *string
	BinaryValue []byte
}

// record is a message in the event format of
// https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html#example-standard-queue-message-event.
type record struct {
	MessageID              string                     `json:"messageId"`
	ReceiptHandle          string                     `json:"receiptHandle"`
	Body                   string                     `json:"body"`
	Attributes             map[string]string          `json:"attributes"`
	MessageAttributes      map[string]recordAttribute `json:"messageAttributes"`
	MD5OfMessageAttributes jsontext.Value             `json:"md5OfMessageAttributes,omitzero"`
	MD5OfBody              string                     `json:"md5OfBody"`
	EventSource            string                     `json:"eventSource"`
	EventSourceARN         string                     `json:"eventSourceARN"`
	AWSRegion              string                     `json:"awsRegion"`
}

type recordAttribute struct {
	StringValue      *string  `json:"stringValue,omitzero"`
	BinaryValue      []byte   `json:"binaryValue,omitzero"`
	StringListValues []string `json:"stringListValues"`
	BinaryListValues [][]byte `json:"binaryListValues"`
	DataType         string   `json:"dataType"`
}

// batch holds the messages of one invocation and their event.
type batch struct {
	messages []Message
	event    []byte
}

const (
	eventStart = `{"Records":[`
	eventEnd   = `]}`
)

// split returns the messages as one batch, or as several if one event would
// exceed the largest request.
func split(in EventSourceMapping, messages []Message) []batch {
	var all []batch
	for _, m := range messages {
		data := recordOf(in, m)
		last := len(all) - 1
		if last < 0 || len(all[last].event)+len(data)+len(",")+len(eventEnd) > MaxRequestBytes {
			all = append(all, batch{event: []byte(eventStart)})
			last++
		} else {
			all[last].event = append(all[last].event, ',')
		}
		all[last].event = append(all[last].event, data...)
		all[last].messages = append(all[last].messages, m)
	}
	for i := range all {
		all[i].event = append(all[i].event, eventEnd...)
	}
	return all
}

func recordOf(in EventSourceMapping, m Message) []byte {
	queueARN := in.EventSourceARN
	r := record{
		MessageID: m.ID, ReceiptHandle: m.ReceiptHandle, Body: m.Body, Attributes: m.Attributes,
		MessageAttributes: map[string]recordAttribute{}, MD5OfBody: m.MD5OfBody,
		EventSource: "aws:sqs", EventSourceARN: queueARN, AWSRegion: arn.Region(queueARN),
	}
	switch {
	case m.MD5OfMessageAttributes != "":
		r.MD5OfMessageAttributes = jsontext.Value(`"` + m.MD5OfMessageAttributes + `"`)
	case in.MaximumBatchingWindowInSeconds > 0:
		// Without message attributes, AWS sends null if the mapping has a
		// batching window, and omits the member otherwise.
		r.MD5OfMessageAttributes = jsontext.Value("null")
	}
	for name, a := range m.MessageAttributes {
		r.MessageAttributes[name] = recordAttribute{
			StringValue: a.StringValue, BinaryValue: a.BinaryValue, DataType: a.DataType,
			StringListValues: []string{}, BinaryListValues: [][]byte{},
		}
	}
	// The strings came as JSON, so this cannot fail.
	data, _ := json.Marshal(r, json.Deterministic(true), jsontext.AllowInvalidUTF8(true))
	return data
}

// done returns the receipt handles of the messages that the function's answer
// does not report as failed. An invalid answer means that the whole batch
// failed
// (https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html#services-sqs-batchfailurereporting).
func (b batch) done(answer []byte, reportsFailures bool) []string {
	failed := map[string]bool{}
	if reportsFailures {
		var response *struct {
			BatchItemFailures []struct {
				ItemIdentifier *string `json:"itemIdentifier"`
			} `json:"batchItemFailures"`
		}
		if len(answer) > 0 && json.Unmarshal(answer, &response) != nil {
			return nil
		}
		if response != nil {
			for _, f := range response.BatchItemFailures {
				if f.ItemIdentifier == nil || !b.has(*f.ItemIdentifier) {
					return nil
				}
				failed[*f.ItemIdentifier] = true
			}
		}
	}
	var handles []string
	for _, m := range b.messages {
		if !failed[m.ID] {
			handles = append(handles, m.ReceiptHandle)
		}
	}
	return handles
}

func (b batch) has(id string) bool {
	for _, m := range b.messages {
		if m.ID == id {
			return true
		}
	}
	return false
}
