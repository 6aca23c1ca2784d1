package sqs

import (
	"cmp"
	"slices"
	"time"

	"skiff/local/store"
)

// Description describes a queue to a person.
type Description struct {
	Name, URL, ARN, URN string

	Waiting, InFlight, Delayed int // numbers of messages
	Oldest                     time.Time
	DeadLetters                string   // ARN of its dead-letter queue, or ""
	MaxReceives                int      // before a message goes to the dead-letter queue
	Sources                    []string // ARNs of the queues that use this one as their dead-letter queue
}

// Letter describes a message to a person.
type Letter struct {
	ID, Body   string
	Attributes map[string]string // the sender's attributes; a binary value is in base64
	State      string            // waiting, in flight or delayed
	Visible    time.Time         // when an in-flight or delayed message becomes visible
	Sent       time.Time
	Receives   int
	Source     string // ARN of the queue that a dead letter comes from
}

// List describes the queues, ordered by account and name. It changes nothing:
// an expired message is not counted, but stays stored.
func (q *Queues) List() ([]Description, error) {
	records, err := store.List[Queue](q.db, Token)
	if err != nil {
		return nil, err
	}
	all := make([]Description, 0, len(records))
	sources := map[string][]string{}
	for _, r := range records {
		s, err := q.settings(r)
		if err != nil {
			return nil, err
		}
		d := Description{Name: r.Inputs.Name, URL: r.ID, ARN: s.arn, URN: r.URN, DeadLetters: s.redrive.DeadLetterTargetARN, MaxReceives: int(s.redrive.MaxReceiveCount)}
		for _, l := range q.letters(keyOf(r.ID), s.retention) {
			switch l.State {
			case "waiting":
				d.Waiting++
			case "in flight":
				d.InFlight++
			case "delayed":
				d.Delayed++
			}
			if d.Oldest.IsZero() || l.Sent.Before(d.Oldest) {
				d.Oldest = l.Sent
			}
		}
		if d.DeadLetters != "" {
			sources[d.DeadLetters] = append(sources[d.DeadLetters], d.ARN)
		}
		all = append(all, d)
	}
	for i := range all {
		all[i].Sources = sources[all[i].ARN]
	}
	return all, nil
}

// Peek returns up to limit messages of a queue, the oldest first, and the total
// number. It does not count as a receive.
func (q *Queues) Peek(queueARN string, limit int) (letters []Letter, total int, err error) {
	r, err := q.find(queueARN)
	if err != nil {
		return nil, 0, missing(err)
	}
	s, err := q.settings(r)
	if err != nil {
		return nil, 0, err
	}
	held := q.letters(keyOf(r.ID), s.retention)
	for _, l := range held[:min(limit, len(held))] {
		letters = append(letters, l.shown())
	}
	return letters, len(held), nil
}

// heldLetter is a message with its state.
type heldLetter struct {
	message
	State string
}

// letters returns the unexpired messages of a queue in order of arrival.
func (q *Queues) letters(key string, retention time.Duration) []heldLetter {
	q.mu.Lock()
	defer q.mu.Unlock()
	now := q.now()
	var all []heldLetter
	for _, e := range q.box(key).entries {
		if isOld(e.message, now, retention) {
			continue
		}
		l := heldLetter{e.message, "waiting"}
		switch {
		case !e.Visible.After(now):
		case e.Receipt == "":
			l.State = "delayed"
		default:
			l.State = "in flight"
		}
		all = append(all, l)
	}
	slices.SortFunc(all, func(a, b heldLetter) int { return cmp.Compare(a.Number, b.Number) })
	return all
}

func (l heldLetter) shown() Letter {
	shown := Letter{ID: l.ID, Body: l.Body, State: l.State, Sent: l.Sent, Receives: l.Receives, Source: l.Source, Attributes: map[string]string{}}
	if l.State != "waiting" {
		shown.Visible = l.Visible
	}
	for name, v := range l.message.Attributes {
		shown.Attributes[name] = v.text()
	}
	return shown
}
