package dynamodb

import (
	"crypto/md5"
	"encoding/base64"
	"encoding/hex"
	"math"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"skiff/local/store"
)

// record is a change in the format of
// https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_streams_Record.html.
type record struct {
	EventID      string    `json:"eventID"`
	EventName    string    `json:"eventName"` // INSERT, MODIFY or REMOVE
	EventVersion string    `json:"eventVersion"`
	EventSource  string    `json:"eventSource"`
	AWSRegion    string    `json:"awsRegion"`
	Change       change    `json:"dynamodb"`
	UserIdentity *identity `json:"userIdentity,omitzero"`
}

// change holds the item before and after the change, as far as the view type
// includes them.
type change struct {
	ApproximateCreationDateTime int64 // Unix seconds
	Keys                        jsontext.Value
	NewImage                    jsontext.Value `json:",omitzero"`
	OldImage                    jsontext.Value `json:",omitzero"`
	SequenceNumber              string
	SizeBytes                   int
	StreamViewType              string
}

// identity identifies the service that made a change: DynamoDB itself, if it
// deletes an expired item.
type identity struct {
	PrincipalID string `json:"PrincipalId"`
	Type        string
}

// record returns the stream record of a change. changed is false if the item is
// as before: DynamoDB writes no record then
// (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Streams.html).
func (c engineChange) record(t store.Record[Table], s stream, number string) (_ record, changed bool) {
	d := c.Dynamodb
	before, after := item(d.OldImage), item(d.NewImage)
	if c.EventName == "MODIFY" && reflect.DeepEqual(before, after) {
		return record{}, false
	}
	sum := md5.Sum([]byte(streamARN(t, s) + number))
	r := record{
		EventID: hex.EncodeToString(sum[:]), EventName: c.EventName, EventVersion: "1.1", EventSource: "aws:dynamodb", AWSRegion: t.Region,
		Change: change{
			ApproximateCreationDateTime: int64(math.Floor(d.ApproximateCreationDateTime)),
			Keys:                        d.Keys, SequenceNumber: number, StreamViewType: s.View, SizeBytes: itemSize(item(d.Keys)),
		},
	}
	if len(d.NewImage) > 0 && (s.View == "NEW_IMAGE" || s.View == "NEW_AND_OLD_IMAGES") {
		r.Change.NewImage = d.NewImage
		r.Change.SizeBytes += itemSize(after)
	}
	if len(d.OldImage) > 0 && (s.View == "OLD_IMAGE" || s.View == "NEW_AND_OLD_IMAGES") {
		r.Change.OldImage = d.OldImage
		r.Change.SizeBytes += itemSize(before)
	}
	if u := c.UserIdentity; u != nil {
		r.UserIdentity = &identity{u.PrincipalID, u.Type}
	}
	return r, true
}

// created returns the time of the change, to the second.
func (r record) created() time.Time { return time.Unix(r.Change.ApproximateCreationDateTime, 0) }

// event returns the record in the format of a Lambda event
// (https://docs.aws.amazon.com/lambda/latest/dg/with-ddb.html).
func (r record) event(streamARN string) []byte {
	type user struct {
		PrincipalID string `json:"principalId"`
		Type        string `json:"type"`
	}
	e := struct {
		record
		UserIdentity   *user  `json:"userIdentity,omitzero"`
		EventSourceARN string `json:"eventSourceARN"`
	}{record: r, EventSourceARN: streamARN}
	if u := r.UserIdentity; u != nil {
		e.UserIdentity = &user{u.PrincipalID, u.Type}
	}
	data, _ := json.Marshal(e, jsontext.AllowInvalidUTF8(true)) // strings and JSON: it cannot fail
	return data
}

// value is an attribute value
// (https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_AttributeValue.html).
type value struct {
	S, N, B    *string
	BOOL, NULL *bool
	L          []value
	M          map[string]value
	SS, NS, BS []string // in any order
}

// item decodes an item and sorts its sets, so that reflect.DeepEqual can
// compare items.
func item(data jsontext.Value) map[string]value {
	var attributes map[string]value
	if len(data) == 0 || json.Unmarshal(data, &attributes) != nil {
		return nil
	}
	for _, v := range attributes {
		v.sort()
	}
	return attributes
}

func (v value) sort() {
	slices.Sort(v.SS)
	slices.Sort(v.NS)
	slices.Sort(v.BS)
	for _, e := range v.L {
		e.sort()
	}
	for _, e := range v.M {
		e.sort()
	}
}

// itemSize returns the size of an item in bytes
// (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html).
func itemSize(attributes map[string]value) int {
	n := 0
	for name, v := range attributes {
		n += len(name) + v.size()
	}
	return n
}

func (v value) size() int {
	switch n := 0; {
	case v.S != nil:
		return len(*v.S)
	case v.N != nil:
		return numberSize(*v.N)
	case v.B != nil:
		return binarySize(*v.B)
	case v.L != nil:
		for _, e := range v.L {
			n += 1 + e.size()
		}
		return n + 3
	case v.M != nil:
		return itemSize(v.M) + len(v.M) + 3
	case v.SS != nil:
		return len(strings.Join(v.SS, ""))
	case v.NS != nil:
		for _, e := range v.NS {
			n += numberSize(e)
		}
		return n
	case v.BS != nil:
		for _, e := range v.BS {
			n += binarySize(e)
		}
		return n
	}
	return 1 // BOOL and NULL
}

// numberSize returns one byte for every two significant digits plus one, and
// another one for a negative number.
func numberSize(text string) int {
	digits, _, _ := strings.Cut(strings.ToLower(strings.TrimPrefix(text, "-")), "e")
	digits = strings.Trim(strings.Replace(digits, ".", "", 1), "0")
	n := (len(digits)+1)/2 + 1
	if strings.HasPrefix(text, "-") {
		n++
	}
	return n
}

func binarySize(text string) int {
	return base64.StdEncoding.DecodedLen(len(text)) - strings.Count(text, "=")
}
