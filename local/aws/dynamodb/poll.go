package dynamodb

import (
	"context"
	"time"

	"skiff/local/aws/iam"
	"skiff/local/aws/lambda"
)

// Lambda's event source mappings poll Streams.
var _ lambda.Stream = (*Streams)(nil)

// streamPause is the longest wait before Records asks the engine again. The
// engine also changes items without a call; for example, it deletes expired
// items.
const streamPause = time.Second

// Streams reads the tables' streams for Lambda with the rights of a function's
// role.
type Streams struct {
	tables    *Tables
	authority *iam.Authority
}

// Streams returns the streams of t. authority authorizes the calls of Lambda.
func (t *Tables) Streams(authority *iam.Authority) *Streams { return &Streams{t, authority} }

// Authorize returns nil if the caller may do an action, such as GetRecords, on
// a stream. Otherwise it returns a *iam.Denied or the error for a missing
// stream.
func (s *Streams) Authorize(c iam.Caller, streamARN, action string) error {
	if err := s.authority.Authorize(c, iam.Request{Action: "dynamodb:" + action, Resource: streamARN}); err != nil {
		return err
	}
	_, _, _, err := s.tables.findStream(streamARN)
	return err
}

// Position returns the sequence number after which a reader begins: before the
// oldest record of a stream or, if latest is set, after the last one.
func (s *Streams) Position(ctx context.Context, streamARN string, latest bool) (string, error) {
	if latest {
		return s.tables.latest(ctx, streamARN)
	}
	_, _, one, err := s.tables.findStream(streamARN)
	return one.From, err
}

// Shard returns the id of a stream's only shard.
func (s *Streams) Shard(streamARN string) string { return shardID(streamARN) }

// Records waits up to wait for records after a sequence number. It returns up
// to limit records and the sequence number to continue after.
func (s *Streams) Records(ctx context.Context, c iam.Caller, streamARN, after string, limit int, wait time.Duration) ([]lambda.StreamRecord, string, error) {
	deadline := time.Now().Add(wait)
	for {
		for _, action := range []string{"GetShardIterator", "GetRecords"} {
			if err := s.Authorize(c, streamARN, action); err != nil {
				return nil, after, err
			}
		}
		changed := s.tables.changes()
		p, err := s.tables.readStream(ctx, streamARN, after, limit)
		if err != nil {
			return nil, after, err
		}
		left := time.Until(deadline)
		if len(p.records) > 0 || left <= 0 {
			return events(p.records, streamARN), p.next, nil
		}
		if p.next > after { // all changes left their items as they were; there may be more
			after = p.next
			continue
		}
		if err := s.await(ctx, changed, min(left, streamPause)); err != nil {
			return nil, after, err
		}
	}
}

func (s *Streams) await(ctx context.Context, changed <-chan struct{}, wait time.Duration) error {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-changed:
	case <-timer.C:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	return nil
}

func events(records []record, streamARN string) []lambda.StreamRecord {
	var all []lambda.StreamRecord
	for _, r := range records {
		all = append(all, lambda.StreamRecord{SequenceNumber: r.Change.SequenceNumber, Created: r.created(), Event: r.event(streamARN)})
	}
	return all
}

// changes returns a channel that is closed at the next change of an item.
func (t *Tables) changes() <-chan struct{} {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.changed == nil {
		t.changed = make(chan struct{})
	}
	return t.changed
}

// wake makes every waiting Records check again.
func (t *Tables) wake() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.changed != nil {
		close(t.changed)
		t.changed = nil
	}
}
