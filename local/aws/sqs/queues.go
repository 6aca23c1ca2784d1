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
	maxVisibility = 12 * time.Hour // from the last receive
	maxBatch      = 10
	maxBatchBytes = 1 << 20
)

// pause is the longest wait for messages before receive reads the queue's
// settings again. It equals the longest long poll.
const pause = 20 * time.Second

// Queues holds the declared queues and their messages. It is safe for
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

// New returns the queues of db. authority authorizes the calls. A new queue
// gets a URL below url, such as http://127.0.0.1:4566. The file at path stores
// the messages; New drops the messages of queues that no longer exist. The
// caller must call Close.
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

// Close closes the journal. Later calls fail.
func (q *Queues) Close() error {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.journal.close()
}

// box returns the box of a queue and creates it if needed. The caller holds mu.
func (q *Queues) box(key string) *box {
	b := q.boxes[key]
	if b == nil {
		b = newBox()
		q.boxes[key] = b
	}
	return b
}

// prepare drops the messages of a new queue's name. A deleted queue may have
// left some if the cloud was killed during the delete.
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

// wake makes every waiting receive read the queue's settings again.
func (q *Queues) wake(key string) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.box(key).wake()
}

// send stores all messages in one transaction and returns them with their ids.
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

// receive waits up to wait for messages and receives up to limit of them. It
// reads the queue's settings before each wait.
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

// take receives up to limit messages. It moves messages with too many receives
// to the dead-letter queue and deletes expired ones. It also returns what a
// caller without messages needs: a channel that is closed when the box changes,
// and the longest time to wait for it.
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

// isDead reports whether there is a dead-letter queue and the message has
// reached the maximum receive count.
func (s settings) isDead(m message, dead string) bool {
	return dead != "" && m.Receives >= int(s.redrive.MaxReceiveCount)
}

// deadLetters returns the key of the dead-letter queue, or "". If the
// dead-letter queue no longer exists, it returns "" and the messages stay in
// their queue.
func (q *Queues) deadLetters(s settings) string {
	r, err := q.find(s.redrive.DeadLetterTargetARN)
	if err != nil {
		return ""
	}
	return keyOf(r.ID)
}

// apply commits changes to the journal and then to the boxes. The caller holds
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
