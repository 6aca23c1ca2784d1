// Package event is the message about a change of an item. The service sends it
// to the queue, and from there to every WebSocket client.
package event

import (
	"encoding/json"
	"strconv"
)

// Type says what happened to the item.
type Type string

// The types of changes.
const (
	Created Type = "item.created"
	Updated Type = "item.updated"
	Deleted Type = "item.deleted"
)

// Event is one change of an item. It does not hold the item, which may be
// larger than a message.
type Event struct {
	ID      string `json:"id"` // from ID
	Type    Type   `json:"type"`
	Time    string `json:"time"` // of the change, RFC 3339 in UTC
	ItemID  string `json:"itemId"`
	Version int64  `json:"version"` // the item's version after the change; a delete counts as a change
}

// New returns the event of the change that gave the item this version.
func New(t Type, itemID string, version int64, time string) Event {
	return Event{ID: ID(itemID, version), Type: t, Time: time, ItemID: itemID, Version: version}
}

// ID returns the id of a change's event. The same change always has the same
// id, so a receiver recognizes an event that is sent twice.
func ID(itemID string, version int64) string {
	return itemID + "#" + strconv.FormatInt(version, 10)
}

// JSON returns the event as it is sent. JSON escapes no character of an id.
func (e Event) JSON() []byte {
	b, _ := json.Marshal(e) // strings and a number: this cannot fail
	return b
}
