// Package event is what the service tells of a change to an item: on the
// queue, and to every WebSocket client.
package event

import (
	"strconv"

	"github.com/go-json-experiment/json/jsontext"
)

// Type says what became of the item.
type Type string

// The types there are.
const (
	Created Type = "item.created"
	Updated Type = "item.updated"
	Deleted Type = "item.deleted"
)

// Event is one change. It does not hold the item: that may be larger than a
// message.
type Event struct {
	ID      string `json:"id"` // as ID makes it
	Type    Type   `json:"type"`
	Time    string `json:"time"` // of the change, RFC 3339 in UTC
	ItemID  string `json:"itemId"`
	Version int64  `json:"version"` // the item's after the change; a delete counts as one
}

// New is the event of a change, which gave the item that version.
func New(t Type, itemID string, version int64, time string) Event {
	return Event{ID: ID(itemID, version), Type: t, Time: time, ItemID: itemID, Version: version}
}

// ID is the id of the event of a change. It follows from the change, so that
// an event that is sent again is known to be the same one.
func ID(itemID string, version int64) string {
	return itemID + "#" + strconv.FormatInt(version, 10)
}

// JSON is the event as it is sent.
func (e Event) JSON() []byte {
	b := appendMember(nil, `{"id":`, e.ID)
	b = appendMember(b, `,"type":`, string(e.Type))
	b = appendMember(b, `,"time":`, e.Time)
	b = appendMember(b, `,"itemId":`, e.ItemID)
	b = strconv.AppendInt(append(b, `,"version":`...), e.Version, 10)
	return append(b, '}')
}

// appendMember appends a member. What is not valid UTF-8 becomes U+FFFD, which
// is also the one failure that AppendQuote reports.
func appendMember(b []byte, start, value string) []byte {
	b, _ = jsontext.AppendQuote(append(b, start...), value)
	return b
}
