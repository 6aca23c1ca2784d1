package sqs

import (
	"context"
	"crypto/rand"
	"errors"
	"sync"
	"time"

	"github.com/google/uuid"

	"skiff/local/aws/awserr"
	"skiff/local/aws/iam"
	"skiff/local/store"
)

// Quotas of
// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html.
const (
	maxInFlight   = 120_000
	maxVisibility = 12 * time.Hour // from the first receive
	maxBatch      = 10
	maxBatchBytes = 1 << 20
)

// pause is how long a wait for messages lasts at most before the queue is
// looked up again: as long as a long poll.
const pause = 20 * time.Second

// Queues are the declared queues and their messages. They are safe for
// concurrent use.
type Queues struct {
	db        *store.Store
	authority *iam.Authority
	url       func() string
	now       func() time.Time
	journal   *journal

	mu     sync.Mutex
	boxes  map[string]*box // by the queue's key
	number uint64          // of the last message
}

// New holds the queues of db, whose calls authority decides. Queues that are
// declared from now on have URLs below url, such as http://127.0.0.1:4566. The
// messages are kept in the file at path; those of queues that are gone are
// dropped. Close it.
func New(db *store.Store, authority *iam.Authority, url func() string, path string) (*Queues, error) {
	j, err := openJournal(path)
	if err != nil {
		return nil, err
	}
	q := &Queues{db: db, authority: authority, url: url, now: time.Now, journal: j, boxes: map[string]*box{}}
	if err := q.load(); err != nil {
		return nil, errors.Join(err, j.close())
	}
	return q, nil
}

func (q *Queues) load() error {
	all, err := q.journal.load()
	if err != nil {
		return err
	}
	now := q.now()
	for key, messages := range all {
		if _, err := store.Get[Queue](q.db, Token, key); isMissing(err) {
			if err := q.journal.drop(key); err != nil {
				return err
			}
			continue
		}
		for _, m := range messages {
			q.box(key).put(m, now)
			q.number = max(q.number, m.Number)
		}
	}
	return nil
}

// Close lets go of the file. Calls that come later fail.
func (q *Queues) Close() error {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.journal.close()
}

// box is that of a queue. The caller holds mu.
func (q *Queues) box(key string) *box {
	b := q.boxes[key]
	if b == nil {
		b = newBox()
		q.boxes[key] = b
	}
	return b
}

// prepare makes sure that a queue that is declared begins empty: one of its
// name may have been deleted while the cloud was killed.
func (q *Queues) prepare(key string) error {
	if _, err := store.Get[Queue](q.db, Token, key); !isMissing(err) {
		return err
	}
	return q.forget(key)
}

// forget drops the messages of a queue.
func (q *Queues) forget(key string) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if err := q.journal.drop(key); err != nil {
		return err
	}
	if b := q.boxes[key]; b != nil {
		delete(q.boxes, key)
		b.wake()
	}
	return nil
}

// wake lets those who wait for a queue's messages see its new settings.
func (q *Queues) wake(key string) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.box(key).wake()
}

// send keeps messages, all or none, and returns them with their ids.
func (q *Queues) send(key string, messages []message, delays []time.Duration) ([]message, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	now, changes := q.now(), []change{}
	for i := range messages {
		m := &messages[i]
		m.Number, m.ID, m.Sent, m.Visible = q.number+uint64(i)+1, uuid.NewString(), now, now.Add(delays[i])
		changes = append(changes, change{key, m.Number, m})
	}
	if err := q.journal.commit(changes...); err != nil {
		return nil, err
	}
	b := q.box(key)
	for _, m := range messages {
		b.put(m, now)
	}
	q.number += uint64(len(messages))
	b.wake()
	return messages, nil
}

// receive waits until there are messages, at most wait, and hides up to limit
// of them. Each wait begins by reading the queue's settings.
func (q *Queues) receive(ctx context.Context, key string, limit int, visibility *time.Duration, wait time.Duration) ([]message, error) {
	deadline := time.Now().Add(wait)
	for {
		r, err := store.Get[Queue](q.db, Token, key)
		if err != nil {
			return nil, missing(err)
		}
		s, err := q.settings(r)
		if err != nil {
			return nil, err
		}
		if visibility != nil {
			s.visibility = *visibility
		}
		got, changed, next, err := q.take(key, s, limit)
		left := min(time.Until(deadline), next)
		if err != nil || len(got) > 0 || time.Until(deadline) <= 0 {
			return got, err
		}
		timer := time.NewTimer(left)
		select {
		case <-changed:
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return nil, context.Cause(ctx)
		}
		timer.Stop()
	}
}

// take hides up to limit messages. Those that were received too often go to
// the dead-letter queue, and those that are too old go. Without messages it
// returns what tells of the next ones, and how long to wait for it at most.
func (q *Queues) take(key string, s settings, limit int) (got []message, changed <-chan struct{}, wait time.Duration, err error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	b, now := q.box(key), q.now()
	b.appear(now)
	if b.hidden.Len() >= maxInFlight {
		if _, inFlight, _ := b.counts(); inFlight >= maxInFlight {
			return nil, nil, 0, awserr.New("OverLimit", "Too many messages in flight: at most %d.", maxInFlight)
		}
	}
	dead := q.deadLetters(s)
	var changes []change
	for _, m := range b.first(limit, func(m message) bool { return isOld(m, now, s.retention) || s.isDead(m, dead) }) {
		switch {
		case isOld(m, now, s.retention):
			changes = append(changes, change{key, m.Number, nil})
		case s.isDead(m, dead):
			m.Source, m.Receipt, m.Visible = s.arn, "", now
			changes = append(changes, change{key, m.Number, nil}, change{dead, m.Number, &m})
		default:
			if m.Receives == 0 {
				m.First = now
			}
			m.Receives++
			m.Receipt, m.Received, m.Visible = rand.Text(), now, now.Add(s.visibility)
			got = append(got, m)
			changes = append(changes, change{key, m.Number, &m})
		}
	}
	if err := q.apply(now, changes...); err != nil {
		return nil, nil, 0, err
	}
	wait = pause
	if next, ok := b.next(now); ok {
		wait = min(wait, next)
	}
	return got, b.changed, wait, nil
}

// isDead tells whether a message has been received as often as its queue lets
// it be, where there is a dead-letter queue to go to.
func (s settings) isDead(m message, dead string) bool {
	return dead != "" && m.Receives >= int(s.redrive.MaxReceiveCount)
}

// deadLetters is the key of the dead-letter queue, "" where there is none. One
// that is gone is none: the messages stay where they are.
func (q *Queues) deadLetters(s settings) string {
	r, err := q.find(s.redrive.DeadLetterTargetARN)
	if err != nil {
		return ""
	}
	return keyOf(r.ID)
}

// apply commits changes and makes them what the boxes hold. The caller holds
// mu.
func (q *Queues) apply(now time.Time, changes ...change) error {
	if err := q.journal.commit(changes...); err != nil {
		return err
	}
	for _, c := range changes {
		b := q.box(c.queue)
		if c.now == nil {
			b.remove(c.number)
			continue
		}
		b.put(*c.now, now)
		if c.now.Receipt == "" {
			b.wake()
		}
	}
	return nil
}
