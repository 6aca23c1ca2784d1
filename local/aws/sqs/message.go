package sqs

import (
	"crypto/md5"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"skiff/local/aws/awserr"
)

// message is a stored message of a queue.
type message struct {
	Number     uint64 // order of arrival
	ID, Body   string
	Attributes map[string]attributeValue
	System     map[string]string // AWSTraceHeader, MessageGroupId
	Sender     string            // unique id
	Source     string            // in a dead-letter queue, the ARN of the queue that the message comes from

	Sent     time.Time // to the first queue; the message expires by this time
	Visible  time.Time // when it becomes receivable
	First    time.Time // first receive; zero before
	Received time.Time // last receive
	Receives int
	Receipt  string // identifies the last receive; "" before
}

// attributeValue is the value of a message attribute.
type attributeValue struct {
	DataType         string
	StringValue      *string  `json:",omitzero"`
	BinaryValue      []byte   `json:",omitzero"`
	StringListValues []string `json:",omitzero"`
	BinaryListValues [][]byte `json:",omitzero"`
}

// text returns the value as text; a binary value in base64.
func (v attributeValue) text() string {
	if v.StringValue != nil {
		return *v.StringValue
	}
	return base64.StdEncoding.EncodeToString(v.BinaryValue)
}

// maxAttributes is the most attributes that a message has.
const maxAttributes = 10

var (
	attributeForm = regexp.MustCompile(`^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*$`)
	dataTypeForm  = regexp.MustCompile(`^(String|Number|Binary)(\.[^\x00-\x1f]+)?$`)
)

const invalidValue = "InvalidParameterValueException"

// checkBody refuses a body with characters that XML does not allow. See
// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html.
func checkBody(body string) *awserr.Error {
	if body == "" {
		return awserr.New("MissingRequiredParameterException", "The request must contain the parameter MessageBody.")
	}
	for _, r := range body {
		if r < ' ' && r != '\t' && r != '\n' && r != '\r' || r == 0xFFFE || r == 0xFFFF {
			return awserr.New("InvalidMessageContents", "Invalid characters found: #x%X", r)
		}
	}
	return nil
}

// checkAttributes refuses attributes that do not follow
// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-message-metadata.html.
func checkAttributes(attributes map[string]attributeValue) *awserr.Error {
	if n := len(attributes); n > maxAttributes {
		return awserr.New(invalidValue, "Number of message attributes [%d] exceeds the allowed maximum [%d].", n, maxAttributes)
	}
	for _, name := range slices.Sorted(maps.Keys(attributes)) {
		v, lower := attributes[name], strings.ToLower(name)
		isBinary := strings.HasPrefix(v.DataType, "Binary")
		switch {
		case len(name) > 256 || !attributeForm.MatchString(name):
			return awserr.New(invalidValue, "The message attribute name %q must be 1 to 256 letters, digits, _, - and single periods within.", name)
		case strings.HasPrefix(lower, "aws.") || strings.HasPrefix(lower, "amazon."):
			return awserr.New(invalidValue, "The message attribute name %q must not begin with AWS. or Amazon.", name)
		case v.DataType == "":
			return awserr.New(invalidValue, "The message attribute '%s' must contain non-empty message attribute type.", name)
		case len(v.DataType) > 256 || !dataTypeForm.MatchString(v.DataType):
			return awserr.New(invalidValue, "The message attribute '%s' has an invalid message attribute type, the set of supported type prefixes is Binary, Number, and String.", name)
		case len(v.StringListValues) > 0 || len(v.BinaryListValues) > 0:
			return awserr.New("UnsupportedOperation", "Message attribute list values in SendMessage operation are not supported.")
		case isBinary && len(v.BinaryValue) == 0 || !isBinary && (v.StringValue == nil || *v.StringValue == ""):
			return awserr.New(invalidValue, "The message attribute '%s' must contain non-empty message attribute value for message attribute type '%s'.", name, v.DataType)
		case isBinary && v.StringValue != nil || !isBinary && v.BinaryValue != nil:
			return awserr.New(invalidValue, "The message attribute '%s' has a value that does not fit message attribute type '%s'.", name, v.DataType)
		case strings.HasPrefix(v.DataType, "Number") && !isNumber(*v.StringValue):
			return awserr.New(invalidValue, "Can't cast the value of message (user) attribute '%s' to a number.", name)
		}
		if v.StringValue != nil {
			if err := checkBody(*v.StringValue); err != nil {
				return err
			}
		}
	}
	return nil
}

// maxDigits is the precision of a Number.
const maxDigits = 38

var numberForm = regexp.MustCompile(`^[+-]?([0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE]([+-]?[0-9]{1,4}))?$`)

// isNumber reports whether text is a Number that SQS accepts: at most 38
// significant digits, between 10^-128 and 10^126. Two points are assumptions,
// not recordings of AWS: leading and trailing zeros do not count, and an
// exponent is allowed.
func isNumber(text string) bool {
	parts := numberForm.FindStringSubmatch(text)
	if parts == nil {
		return false
	}
	whole, fraction, _ := strings.Cut(parts[1], ".")
	digits := strings.TrimLeft(whole+fraction, "0")
	exponent, _ := strconv.Atoi(parts[2])               // Atoi("") returns 0; the pattern allows digits only
	magnitude := len(digits) - len(fraction) + exponent // 0 for 0.1
	digits = strings.TrimRight(digits, "0")
	return digits == "" || len(digits) <= maxDigits && magnitude > -128 && magnitude <= 127
}

// size returns the bytes that count towards the maximum message size.
func size(body string, attributes map[string]attributeValue) int {
	n := len(body)
	for name, v := range attributes {
		n += len(name) + len(v.DataType) + len(v.BinaryValue)
		if v.StringValue != nil {
			n += len(*v.StringValue)
		}
	}
	return n
}

func bodyMD5(body string) string {
	sum := md5.Sum([]byte(body))
	return hex.EncodeToString(sum[:])
}

// attributesMD5 returns the digest that
// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-message-metadata.html#sqs-attributes-md5-message-digest-calculation
// defines, or "" without attributes.
func attributesMD5(attributes map[string]attributeValue) string {
	if len(attributes) == 0 {
		return ""
	}
	var data []byte
	add := func(b string) {
		data = append(binary.BigEndian.AppendUint32(data, uint32(len(b))), b...)
	}
	for _, name := range slices.Sorted(maps.Keys(attributes)) {
		v := attributes[name]
		add(name)
		add(v.DataType)
		if v.StringValue != nil {
			data = append(data, 1)
			add(*v.StringValue)
		} else {
			data = append(data, 2)
			add(string(v.BinaryValue))
		}
	}
	sum := md5.Sum(data)
	return hex.EncodeToString(sum[:])
}

// selected returns the attributes that a receiver asks for: by name, by a
// prefix such as "foo.*", or with "All".
func selected(attributes map[string]attributeValue, asked []string) map[string]attributeValue {
	var found map[string]attributeValue
	for name, v := range attributes {
		for _, want := range asked {
			prefix, any := strings.CutSuffix(want, "*")
			if want == "All" || want == name || any && strings.HasPrefix(name, strings.TrimPrefix(prefix, ".")) {
				if found == nil {
					found = map[string]attributeValue{}
				}
				found[name] = v
				break
			}
		}
	}
	return found
}
