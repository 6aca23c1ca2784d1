package sns

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"

	"skiff/local/aws/arn"
	"skiff/local/aws/awserr"
	"skiff/local/aws/iam"
	"skiff/local/aws/lambda"
	"skiff/local/store"
)

// notification has the form of
// https://docs.aws.amazon.com/sns/latest/dg/http-notification-json.html. On AWS
// the signature proves that SNS sent it. Here it is not a signature, and its
// URL has no certificate, so whoever verifies it refuses the message.
type notification struct {
	Type             string
	MessageID        string `json:"MessageId"`
	TopicARN         string `json:"TopicArn"`
	Subject          string `json:",omitempty"`
	Message          string
	Timestamp        string
	SignatureVersion string
	Signature        string
	SigningCertURL   string
	UnsubscribeURL   string
	Attributes       map[string]typed `json:"MessageAttributes,omitempty"`
}

type typed struct{ Type, Value string }

// unsignedWords replaces the signature.
const unsignedWords = "the local cloud does not sign messages"

// record is a message in the event of a function
// (https://docs.aws.amazon.com/lambda/latest/dg/with-sns.html).
type record struct {
	EventSource          string
	EventVersion         string
	EventSubscriptionARN string `json:"EventSubscriptionArn"`
	SNS                  any    `json:"Sns"`
}

// forFunction is a notification with the names and nulls of a function's event.
type forFunction struct {
	Type, MessageId, TopicArn                   string
	Subject                                     *string
	Message, Timestamp                          string
	SignatureVersion, Signature, SigningCertUrl string
	UnsubscribeUrl                              string
	MessageAttributes                           map[string]typed
}

func (f front) notify(topic store.Record[Topic], s store.Record[Subscription], m message) notification {
	region := arn.Region(topic.ID)
	n := notification{
		Type: "Notification", MessageID: m.id, TopicARN: topic.ID, Subject: m.subject, Message: m.textFor(s.Inputs.Protocol),
		Timestamp: f.o.Now().UTC().Format("2006-01-02T15:04:05.000Z"), SignatureVersion: "1",
		Signature:      base64.StdEncoding.EncodeToString([]byte(unsignedWords)),
		SigningCertURL: "https://sns." + region + ".amazonaws.com/SimpleNotificationService-local.pem",
		UnsubscribeURL: "https://sns." + region + ".amazonaws.com/?Action=Unsubscribe&SubscriptionArn=" + s.ID,
		Attributes:     map[string]typed{},
	}
	if topic.Inputs.SignatureVersion == 2 {
		n.SignatureVersion = "2"
	}
	for name, a := range m.sent() {
		n.Attributes[name] = typed{a.kind, a.value}
	}
	return n
}

// deliver sends a message to the queues and functions that subscribe to a topic
// and whose filters match. SQS or Lambda stores it before the call is answered.
// The error is temporary: the client should publish the message again.
func (f front) deliver(topic store.Record[Topic], m message) error {
	all, err := store.List[Subscription](f.topics.db, SubscriptionToken)
	if err != nil {
		return err
	}
	for _, s := range all {
		if s.Inputs.Topic != topic.ID || s.Inputs.Protocol != "sqs" && s.Inputs.Protocol != "lambda" {
			continue
		}
		wanted, err := s.Inputs.wants(m)
		if err != nil {
			return fmt.Errorf("subscription %s: %w", s.ID, err)
		}
		if !wanted {
			continue
		}
		n := f.notify(topic, s, m)
		err = f.send(topic, s, m, n)
		if err == nil {
			continue
		}
		if !final(err) {
			return err
		}
		if f.o.Report != nil {
			f.o.Report(fmt.Errorf("topic %s: %s: %w", topic.Inputs.Name, s.Inputs.Endpoint, f.sendToDeadLetters(topic, s, m, n, err)))
		}
	}
	return nil
}

// maxRawAttributes limits the attributes of a raw message to a queue
// (https://docs.aws.amazon.com/sns/latest/dg/sns-message-attributes.html).
const maxRawAttributes = 10

func (f front) send(topic store.Record[Topic], s store.Record[Subscription], m message, n notification) error {
	if s.Inputs.Protocol == "sqs" {
		return f.sendTo(topic, s, s.Inputs.Endpoint, m, n)
	}
	out := forFunction{
		n.Type, n.MessageID, n.TopicARN, nil, n.Message, n.Timestamp, n.SignatureVersion, n.Signature, n.SigningCertURL, n.UnsubscribeURL, n.Attributes,
	}
	if n.Subject != "" {
		out.Subject = &n.Subject
	}
	event, err := json.Marshal(map[string][]record{"Records": {{"aws:sns", "1.0", s.ID, out}}})
	if err != nil {
		return err
	}
	return f.o.Functions.SendFor(service, topic.ID, s.Inputs.Endpoint, event)
}

// sendTo sends a message to a queue, as a notification or raw.
func (f front) sendTo(topic store.Record[Topic], s store.Record[Subscription], queue string, m message, n notification) error {
	if s.Inputs.RawMessageDelivery {
		if len(m.sent()) > maxRawAttributes {
			return awserr.New("InvalidParameter", "a raw message with %d attributes is not delivered: at most %d", len(m.sent()), maxRawAttributes)
		}
		return f.o.Queues.SendFor(service, topic.ID, topic.Account, queue, n.Message, m.raw())
	}
	data, err := json.Marshal(n)
	if err != nil {
		return err
	}
	return f.o.Queues.SendFor(service, topic.ID, topic.Account, queue, string(data), nil)
}

// final reports whether an error is permanent, so that a retry is useless.
func final(err error) bool {
	_, denied := errors.AsType[*iam.Denied](err)
	_, answered := errors.AsType[*awserr.Error](err)
	return denied || answered || errors.Is(err, lambda.ErrNoPermission) || errors.Is(err, store.ErrNotFound)
}

// sendToDeadLetters sends a message that its endpoint refused to the
// dead-letter queue of the subscription. It returns an error for the report. The
// attributes that AWS adds to such a message are not recorded, so they are left
// out.
func (f front) sendToDeadLetters(topic store.Record[Topic], s store.Record[Subscription], m message, n notification, cause error) error {
	to, err := deadLetters(s.Inputs.RedrivePolicy)
	if err != nil || to == "" {
		return fmt.Errorf("a message is dropped, because the subscription has no dead-letter queue: %w", cause)
	}
	if err := f.sendTo(topic, s, to, m, n); err != nil {
		return errors.Join(cause, fmt.Errorf("dead-letter queue %s: %w", to, err))
	}
	return fmt.Errorf("the message is now in the dead-letter queue %s: %w", to, cause)
}
