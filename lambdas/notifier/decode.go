package notifier

import (
	"errors"
	"strings"
	"time"

	"github.com/go-json-experiment/json"

	"skiff/lambdas/event"
)

const maxItemIDBytes = 64

// decode reads a message. It refuses unknown and duplicate members, whose
// meaning would be lost. A message may come from any sender, so the error holds
// no part of it.
func decode(body string) (event.Event, error) {
	var e event.Event
	if err := json.Unmarshal([]byte(body), &e, json.RejectUnknownMembers(true)); err != nil {
		return event.Event{}, errors.New("not a JSON event")
	}
	switch e.Type {
	case event.Created, event.Updated, event.Deleted:
	default:
		return event.Event{}, errors.New("an event with an unknown type")
	}
	if e.ItemID == "" || len(e.ItemID) > maxItemIDBytes || strings.Contains(e.ItemID, "#") || e.Version < 1 {
		return event.Event{}, errors.New("an event without a valid item id and version")
	}
	if e.ID != event.ID(e.ItemID, e.Version) {
		return event.Event{}, errors.New("an event whose id does not match its item and version")
	}
	if _, err := time.Parse(time.RFC3339, e.Time); err != nil {
		return event.Event{}, errors.New("an event without a valid time")
	}
	return e, nil
}
