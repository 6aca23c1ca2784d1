package sqs

import (
	"context"
	"slices"

	"github.com/google/uuid"

	"skiff/local/aws/awserr"
	"skiff/local/store"
)

// redriveBatch is the most messages that one transaction moves.
const redriveBatch = 500

// Redrive moves the receivable messages of a dead-letter queue back to their
// source queues, like
// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_StartMessageMoveTask.html
// without a destination. A moved message is a new message: it has a new id and
// a receive count of 0
// (https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-configure-dead-letter-queue-redrive.html).
// A message stays if its source is unknown or no longer exists.
//
// Each transaction removes messages from one queue and adds them to the others,
// so a kill neither loses nor duplicates a message. moved counts the messages
// by the ARN of the source queue.
func (q *Queues) Redrive(ctx context.Context, deadARN string) (moved map[string]int, stayed int, err error) {
	queues, err := q.List()
	if err != nil {
		return nil, 0, err
	}
	keys := map[string]string{} // by the queues' ARNs
	dead := slices.IndexFunc(queues, func(d Description) bool { return d.ARN == deadARN })
	if dead < 0 {
		return nil, 0, missing(store.ErrNotFound)
	}
	if len(queues[dead].Sources) == 0 {
		// No recording of AWS confirms this code and message.
		return nil, 0, awserr.New("AWS.SimpleQueueService.UnsupportedOperation", "Source queue must be configured as a Dead Letter Queue.")
	}
	for _, d := range queues {
		keys[d.ARN] = keyOf(d.URL)
	}
	delete(keys, deadARN)
	moved = map[string]int{}
	from := keyOf(queues[dead].URL)
	for numbers := range slices.Chunk(q.readyNumbers(from), redriveBatch) {
		if ctx.Err() != nil {
			return moved, stayed, context.Cause(ctx)
		}
		n, err := q.redriveSome(from, numbers, keys, moved)
		stayed += n
		if err != nil {
			return moved, stayed, err
		}
	}
	return moved, stayed, nil
}

// readyNumbers returns the numbers of the receivable messages in order of
// arrival.
func (q *Queues) readyNumbers(key string) (numbers []uint64) {
	q.mu.Lock()
	defer q.mu.Unlock()
	b := q.box(key)
	b.appear(q.now())
	for _, e := range b.ready.entries {
		numbers = append(numbers, e.Number)
	}
	slices.Sort(numbers)
	return numbers
}

// redriveSome moves the messages that are still receivable, in one transaction,
// and adds their counts to moved. It returns how many messages stay.
func (q *Queues) redriveSome(dead string, numbers []uint64, keys map[string]string, moved map[string]int) (stayed int, err error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	b, now, number := q.box(dead), q.now(), q.number
	var changes []change
	counts := map[string]int{}
	for _, n := range numbers {
		e := b.entries[n]
		if e == nil || e.pile != &b.ready {
			continue
		}
		to, known := keys[e.Source]
		if !known {
			stayed++
			continue
		}
		counts[e.Source]++
		number++
		fresh := message{
			Number: number, ID: uuid.NewString(), Body: e.Body, Attributes: e.Attributes, System: e.System, Sender: e.Sender,
			Sent: now, Visible: now,
		}
		changes = append(changes, change{dead, n, nil}, change{to, number, &fresh})
	}
	if err := q.apply(now, changes...); err != nil {
		return stayed, err
	}
	q.number = number
	for source, n := range counts {
		moved[source] += n
	}
	return stayed, nil
}
