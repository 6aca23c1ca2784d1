package sqs

import (
	"context"
	"slices"

	"github.com/google/uuid"

	"skiff/local/aws/awserr"
	"skiff/local/store"
)

// redriveBatch is how many messages move in one write.
const redriveBatch = 500

// Redrive moves the messages of a dead-letter queue that may be received now back
// to the queues that gave them up, as
// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_StartMessageMoveTask.html
// does without a destination. A message that was moved is new: it has another id
// and is received as often as any
// (https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-configure-dead-letter-queue-redrive.html).
// One whose source is not known, or is gone, stays. A kill loses no message and
// doubles none: each write takes messages from one queue and puts them into the
// others, or does nothing. moved has the counts by the ARN of the queue.
func (q *Queues) Redrive(ctx context.Context, deadARN string) (moved map[string]int, stayed int, err error) {
	queues, err := q.List()
	if err != nil {
		return nil, 0, err
	}
	keys := map[string]string{} // of the queues, by ARN
	dead := slices.IndexFunc(queues, func(d Description) bool { return d.ARN == deadARN })
	if dead < 0 {
		return nil, 0, missing(store.ErrNotFound)
	}
	if len(queues[dead].Sources) == 0 {
		// The code and the message are not recorded.
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

// readyNumbers are the numbers of the messages that may be received now, by their
// order of arrival.
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

// redriveSome moves messages by one write, those that are still to be received,
// and adds to moved. It returns how many stay.
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
