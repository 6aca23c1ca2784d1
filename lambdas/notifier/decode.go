package notifier

import (
	"errors"
	"strings"
	"time"

	"github.com/go-json-experiment/json"

	"skiff/lambdas/event"
)

const maxItemIDBytes = 64

// decode reads a message, strictly: a member that it does not know, or one
// twice, may mean something that would be lost. Its error names what is wrong
// and holds nothing of the message, which may come from anywhere.
func decode(body string) (event.Event, error) {
	var e event.Event
	if err := json.Unmarshal([]byte(body), &e, json.RejectUnknownMembers(true)); err != nil {
		return event.Event{}, errors.New("not an event in JSON")
	}
	switch e.Type {
	case event.Created, event.Updated, event.Deleted:
	default:
		return event.Event{}, errors.New("an event of no known type")
	}
	if e.ItemID == "" || len(e.ItemID) > maxItemIDBytes || strings.Contains(e.ItemID, "#") || e.Version < 1 {
		return event.Event{}, errors.New("an event of no version of an item")
	}
	if e.ID != event.ID(e.ItemID, e.Version) {
		return event.Event{}, errors.New("an event under the id of another")
	}
	if _, err := time.Parse(time.RFC3339, e.Time); err != nil {
		return event.Event{}, errors.New("an event without a time")
	}
	return e, nil
}
