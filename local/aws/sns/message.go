package sns

import (
	"encoding/base64"
	"encoding/json"
	"net/url"
	"regexp"
	"strconv"
	"strings"

	"github.com/google/uuid"

	"skiff/local/aws/awserr"
	"skiff/local/aws/awsquery"
	"skiff/local/aws/lambda"
)

// maxBytes is the largest size of a message with its attributes, and of a batch
// (https://docs.aws.amazon.com/sns/latest/dg/sns-large-payload-raw-message-delivery.html).
const maxBytes = 256 << 10

// message is a published message.
type message struct {
	id, subject, text string
	structure         map[string]string // texts by protocol; nil if there is one text for all
	attributes        map[string]attribute
}

type attribute struct{ kind, value string } // value is base64 for a Binary

var (
	attributeForm = regexp.MustCompile(`^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*$`)
	subjectForm   = regexp.MustCompile(`^[!-~][ -~]{0,99}$`)
)

func refuse(format string, args ...any) error {
	return awserr.New("InvalidParameter", "Invalid parameter: "+format, args...)
}

// readMessage reads the parameters of
// https://docs.aws.amazon.com/sns/latest/api/API_Publish.html.
func readMessage(form url.Values) (message, error) {
	m := message{id: uuid.NewString(), subject: form.Get("Subject"), text: form.Get("Message"), attributes: map[string]attribute{}}
	if m.text == "" {
		return m, refuse("Empty message")
	}
	if form.Has("Subject") && !subjectForm.MatchString(m.subject) {
		return m, refuse("Subject")
	}
	for _, e := range awsquery.List(form, "MessageAttributes.entry") {
		name, a, err := readAttribute(e)
		if err != nil {
			return m, err
		}
		m.attributes[name] = a
	}
	if m.size() > maxBytes {
		return m, refuse("Message too long")
	}
	switch s := form.Get("MessageStructure"); s {
	case "":
	case "json":
		if json.Unmarshal([]byte(m.text), &m.structure) != nil {
			return m, refuse("Message Structure - JSON message body failed to parse")
		}
		if _, ok := m.structure["default"]; !ok {
			return m, refuse("Message Structure - No default entry in JSON message body")
		}
	default:
		return m, refuse("MessageStructure %q is not json", s)
	}
	return m, nil
}

// readAttribute reads a message attribute
// (https://docs.aws.amazon.com/sns/latest/dg/sns-message-attributes.html).
func readAttribute(e url.Values) (name string, a attribute, err error) {
	name, a.kind = e.Get("Name"), e.Get("Value.DataType")
	if len(name) > 256 || !attributeForm.MatchString(name) {
		return name, a, refuse("the name of the message attribute %q must be letters, digits and _-., and must not begin or end with a period", name)
	}
	member := "Value.StringValue"
	if a.kind == "Binary" {
		member = "Value.BinaryValue"
	}
	a.value = e.Get(member)
	if a.value == "" {
		return name, a, awserr.New("ParameterValueInvalid", "The message attribute '%s' must contain non-empty message attribute value for message attribute type '%s'.", name, a.kind)
	}
	switch a.kind {
	case "String":
	case "Number":
		_, err = strconv.ParseFloat(a.value, 64)
	case "Binary":
		_, err = base64.StdEncoding.DecodeString(a.value)
	case "String.Array":
		var list []any
		err = json.Unmarshal([]byte(a.value), &list)
	default:
		return name, a, awserr.New("ParameterValueInvalid", "The message attribute '%s' has an invalid message attribute type: it is %q, not String, String.Array, Number or Binary.", name, a.kind)
	}
	if err != nil {
		err = awserr.New("ParameterValueInvalid", "Could not cast message attribute '%s' value to %s.", name, strings.ToLower(a.kind))
	}
	return name, a, err
}

func (m message) size() int {
	n := len(m.text)
	for name, a := range m.attributes {
		n += len(name) + len(a.kind) + len(a.value)
	}
	return n
}

// textFor returns the message text for a protocol.
func (m message) textFor(protocol string) string {
	if m.structure == nil {
		return m.text
	}
	if text, ok := m.structure[protocol]; ok {
		return text
	}
	return m.structure["default"]
}

// sent returns the attributes that subscriptions get. A message with one text
// for each protocol sends none. Filters still see them (not recorded). See
// https://docs.aws.amazon.com/sns/latest/dg/sns-message-attributes.html and
// https://github.com/boto/boto3/issues/1513.
func (m message) sent() map[string]attribute {
	if m.structure != nil {
		return nil
	}
	return m.attributes
}

// raw returns the attributes in the form of an SQS message.
func (m message) raw() map[string]lambda.MessageAttribute {
	all := map[string]lambda.MessageAttribute{}
	for name, a := range m.sent() {
		out := lambda.MessageAttribute{DataType: a.kind, StringValue: &a.value}
		if a.kind == "Binary" {
			out.StringValue = nil
			out.BinaryValue, _ = base64.StdEncoding.DecodeString(a.value) // readAttribute has checked it
		}
		all[name] = out
	}
	return all
}
