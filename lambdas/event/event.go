// Package event is the message about a change to an item, which the service puts
// on the queue and posts to every WebSocket client.
package event

import (
	"encoding/json"
	"strconv"
)

// Type says what happened to the item.
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

// JSON is the event as it is sent. An id holds no character that JSON escapes.
func (e Event) JSON() []byte {
	b, _ := json.Marshal(e) // strings and a number: nothing here can fail
	return b
}
