package inspect

import (
	"context"
	"fmt"
	"time"

	"skiff/local/aws/sqs"
)

// Queue is an SQS queue.
type Queue struct {
	Ref
	URL                        string
	Waiting, InFlight, Delayed int       // numbers of messages
	Oldest                     time.Time // when the oldest message was sent; zero if there is none
	DeadLetters                string    // name of its dead-letter queue; "" if it has none
	Dead                       int       // number of messages in the dead-letter queue
	MaxReceives                int       // receives after which a message moves to the dead-letter queue
	Sources                    []string  // names of the queues that use it as dead-letter queue
}

// Message is a message of a queue.
type Message struct {
	sqs.Letter
	Queue string // of a dead letter: name of its source queue; see Source
}

// MessagePage is a page of the oldest messages of a queue.
type MessagePage struct {
	Queue    Ref
	Messages []Message
	Total    int
}

// Redriven is the result of a redrive.
type Redriven struct {
	Queue  string         // name of the dead-letter queue
	Moved  map[string]int // number of messages, by name of the queue that received them
	Stayed int            // number of messages whose source queue is unknown or gone
}

// Queues returns all queues, sorted by account and name.
func (i *Inspector) Queues() ([]Queue, error) {
	all, err := i.o.Queues.List()
	if err != nil {
		return nil, err
	}
	byARN := map[string]sqs.Description{}
	for _, d := range all {
		byARN[d.ARN] = d
	}
	queues := make([]Queue, 0, len(all))
	for _, d := range all {
		q := Queue{
			Ref: newRef(d.Name, d.ARN, d.URN), URL: d.URL, Waiting: d.Waiting, InFlight: d.InFlight, Delayed: d.Delayed,
			Oldest: d.Oldest, MaxReceives: d.MaxReceives, DeadLetters: d.DeadLetters,
		}
		if dead, ok := byARN[d.DeadLetters]; ok {
			q.DeadLetters, q.Dead = dead.Name, dead.Waiting+dead.InFlight+dead.Delayed
		}
		for _, source := range d.Sources {
			q.Sources = append(q.Sources, byARN[source].Name)
		}
		queues = append(queues, q)
	}
	return queues, nil
}

// queue returns the queue that name refers to, and all queues.
func (i *Inspector) queue(name string) (q Queue, all []Queue, err error) {
	if all, err = i.Queues(); err != nil {
		return q, nil, err
	}
	q, err = pick("queue", name, i.o.Stack, all)
	return q, all, err
}

// Messages returns up to limit messages of a queue, the oldest first, in any
// state. It does not change them.
func (i *Inspector) Messages(queue string, limit int) (MessagePage, error) {
	q, all, err := i.queue(queue)
	if err != nil {
		return MessagePage{}, err
	}
	if limit < 1 {
		return MessagePage{}, fmt.Errorf("the limit for messages of %s must be at least 1, not %d", q.Name, limit)
	}
	letters, total, err := i.o.Queues.Peek(q.ARN, limit)
	if err != nil {
		return MessagePage{}, err
	}
	page := MessagePage{Queue: q.Ref, Messages: make([]Message, 0, len(letters)), Total: total}
	for _, l := range letters {
		page.Messages = append(page.Messages, Message{l, nameOf(all, l.Source)})
	}
	return page, nil
}

// nameOf returns the name of the queue with an ARN, or the ARN if the queue is
// gone.
func nameOf(all []Queue, arn string) string {
	for _, q := range all {
		if q.ARN == arn {
			return q.Name
		}
	}
	return arn
}

// DeadLetters returns the messages of a dead-letter queue. The name may be that
// queue's or the name of a queue that uses it.
func (i *Inspector) DeadLetters(queue string, limit int) (MessagePage, error) {
	q, _, err := i.deadQueue(queue)
	if err != nil {
		return MessagePage{}, err
	}
	return i.Messages(q.ARN, limit)
}

// deadQueue returns the dead-letter queue that name refers to, and all queues.
func (i *Inspector) deadQueue(name string) (q Queue, all []Queue, err error) {
	if q, all, err = i.queue(name); err != nil || len(q.Sources) > 0 {
		return q, all, err
	}
	if q.DeadLetters == "" {
		return q, all, fmt.Errorf("queue %s is not a dead-letter queue and does not have one", q.Name)
	}
	q, err = pick("queue", q.DeadLetters, i.o.Stack, all)
	return q, all, err
}

// Redrive moves the messages of a dead-letter queue back to their source
// queues: see sqs.Redrive. The name may be that queue's or the name of a queue
// that uses it.
func (i *Inspector) Redrive(ctx context.Context, dead string) (Redriven, error) {
	q, all, err := i.deadQueue(dead)
	if err != nil {
		return Redriven{}, err
	}
	moved, stayed, err := i.o.Queues.Redrive(ctx, q.ARN)
	r := Redriven{Queue: q.Name, Moved: map[string]int{}, Stayed: stayed}
	for source, n := range moved {
		r.Moved[nameOf(all, source)] = n
	}
	return r, err
}
