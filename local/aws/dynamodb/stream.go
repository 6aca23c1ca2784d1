package dynamodb

import (
	"context"
	"crypto/md5"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"skiff/local/aws/awserr"
	"skiff/local/store"
)

// streamsToken is the store's type for the streams of a table; the key is the
// table's name. They are not part of the table's record, because an engine that
// restarts may change them at any time.
const streamsToken = Token + " streams"

// streamRetention is how long a disabled stream stays readable
// (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Streams.html).
const streamRetention = 24 * time.Hour

// streams holds the current and the former streams of a table. The engine keeps
// one stream of a table, with both images, from the first enabled stream until
// the table is deleted. Each stream here is a part of it.
type streams struct {
	Engine string   // label of the engine's stream; a new label means a new engine
	Epoch  int      // number of engines so far; each engine counts its records from 1
	All    []stream // only the last may be enabled
}

// stream is one stream. Its records come after From and, once it is disabled,
// end with To.
type stream struct {
	Label    string // such as 2026-01-02T15:04:05.000
	View     string
	From     string // a sequence number
	To       string
	Disabled time.Time // zero while enabled
}

// enabled returns the enabled stream, or nil.
func (s *streams) enabled() *stream {
	if n := len(s.All); n > 0 && s.All[n-1].Disabled.IsZero() {
		return &s.All[n-1]
	}
	return nil
}

func (t *Tables) streamsOf(table string) (streams, error) {
	r, err := store.Get[streams](t.db, streamsToken, table)
	if errors.Is(err, store.ErrNotFound) {
		err = nil
	}
	return r.Inputs, err
}

func (t *Tables) putStreams(table string, s streams) error {
	return store.Put(t.db, streamsToken, table, store.Record[streams]{ID: table, Inputs: s})
}

// forgetStreams deletes the streams of a deleted table, together with its
// items. On AWS they stay readable for a day.
func (t *Tables) forgetStreams(table string) error {
	t.mu.Lock()
	delete(t.engineStreams, table)
	t.mu.Unlock()
	return store.Delete(t.db, streamsToken, table)
}

// sequenceNumber returns the sequence number of the engine's record n. It has
// 21 digits, the shortest length on AWS, and later records compare greater as
// strings
// (https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_streams_StreamRecord.html).
func sequenceNumber(epoch int, n uint64) string { return fmt.Sprintf("1%05d%015d", epoch, n) }

// parseSequence is the inverse of sequenceNumber.
func parseSequence(number string) (epoch int, n uint64, ok bool) {
	if len(number) != 21 || number[0] != '1' {
		return 0, 0, false
	}
	epoch, err1 := strconv.Atoi(number[1:6])
	n, err2 := strconv.ParseUint(number[6:], 10, 64)
	return epoch, n, err1 == nil && err2 == nil
}

func streamARN(r store.Record[Table], s stream) string { return tableARN(r) + "/stream/" + s.Label }

// shardID returns the id of a stream's only shard. AWS has a shard for each
// partition of the table and closes each shard after some hours.
func shardID(streamARN string) string {
	sum := md5.Sum([]byte(streamARN))
	return fmt.Sprintf("shardId-%020d-%x", 1, sum[:4])
}

// errNoStream returns the error for a missing stream.
func errNoStream(streamARN string) error {
	return fmt.Errorf("Requested resource not found: Stream: %s not found: %w", streamARN, store.ErrNotFound)
}

// findStream returns a stream and its table by the stream's ARN.
func (t *Tables) findStream(arnOfStream string) (store.Record[Table], streams, stream, error) {
	_, resource, _ := strings.Cut(arnOfStream, ":table/")
	name, label, _ := strings.Cut(resource, "/stream/")
	r, err := store.Get[Table](t.db, Token, name)
	if errors.Is(err, store.ErrNotFound) {
		err = errNoStream(arnOfStream)
	}
	if err != nil {
		return r, streams{}, stream{}, err
	}
	all, err := t.streamsOf(name)
	if err != nil {
		return r, all, stream{}, err
	}
	for _, s := range all.All {
		if s.Label == label && streamARN(r, s) == arnOfStream {
			return r, all, s, nil
		}
	}
	return r, all, stream{}, errNoStream(arnOfStream)
}

// updateStream enables or disables the stream of a table to match in. A new view
// type makes a new stream. AWS requires that the old stream is disabled first;
// the AWS provider does so within one update (cycleStreamEnabled in
// internal/service/dynamodb/table.go of terraform-provider-aws 5.100.0).
func (t *Tables) updateStream(ctx context.Context, in Table) error {
	all, err := t.streamsOf(in.Name)
	if err != nil {
		return err
	}
	want := ""
	if in.StreamEnabled {
		want = in.StreamViewType
	}
	now := all.enabled()
	if now == nil && want == "" || now != nil && now.View == want {
		return nil
	}
	e, err := t.engineStream(ctx, in.Name)
	if err != nil {
		return fmt.Errorf("the stream of table %s: %w", in.Name, err)
	}
	all.follow(e)
	at, clock := sequenceNumber(all.Epoch, e.last), t.now().UTC()
	if now := all.enabled(); now != nil {
		now.To, now.Disabled = at, clock
	}
	all.All = slices.DeleteFunc(all.All, func(s stream) bool {
		return !s.Disabled.IsZero() && clock.Sub(s.Disabled) > streamRetention
	})
	if want != "" {
		all.All = append(all.All, stream{Label: all.label(clock), View: want, From: at})
	}
	return t.putStreams(in.Name, all)
}

// label returns the label of a stream that is enabled at the time at. It is at
// least a millisecond later than the previous label.
func (s *streams) label(at time.Time) string {
	const form = "2006-01-02T15:04:05.000"
	if n := len(s.All); n > 0 {
		if last, err := time.Parse(form, s.All[n-1].Label); err == nil && !at.Truncate(time.Millisecond).After(last) {
			at = last.Add(time.Millisecond)
		}
	}
	return at.Format(form)
}

// follow records which engine's stream the records come from, and reports
// whether that changed. All records of a new engine are new: the old engine's
// file of items was deleted, or the new engine keeps items elsewhere.
func (s *streams) follow(e engineStream) (changed bool) {
	if s.Engine == e.label {
		return false
	}
	first := s.Engine == ""
	s.Engine = e.label
	s.Epoch++
	if first {
		return true
	}
	// The old engine had the records of the disabled streams.
	s.All = slices.DeleteFunc(s.All, func(s stream) bool { return !s.Disabled.IsZero() })
	return true
}

// restoreStream enables the engine's stream of a table that has or had a
// stream.
func (t *Tables) restoreStream(ctx context.Context, url, table string) error {
	all, err := t.streamsOf(table)
	if err != nil || len(all.All) == 0 {
		return err
	}
	e, err := t.engineStreamAt(ctx, url, table)
	if err != nil {
		return err
	}
	if !all.follow(e) {
		return nil
	}
	return t.putStreams(table, all)
}

// page is a part of a stream.
type page struct {
	records []record
	next    string // sequence number to continue after
	closed  bool   // no more records now or later
}

// readStream reads up to limit changes after a sequence number. A page may have
// fewer records, because a change that leaves an item as it was makes no
// record.
func (t *Tables) readStream(ctx context.Context, arnOfStream, after string, limit int) (page, error) {
	r, all, s, err := t.findStream(arnOfStream)
	if err != nil {
		return page{}, err
	}
	after = max(after, s.From)
	epoch, n, ok := parseSequence(after)
	if !ok {
		return page{}, awserr.New("ValidationException", "Invalid SequenceNumber: %s", after)
	}
	if epoch < all.Epoch {
		n = 0
	}
	p := page{next: after}
	if s.To != "" && after >= s.To {
		p.closed = true
		return p, nil
	}
	changes, err := t.engineRecords(ctx, r.ID, n, limit)
	if err != nil {
		return p, err
	}
	for _, c := range changes {
		number := sequenceNumber(all.Epoch, c.number)
		if s.To != "" && number > s.To {
			p.next, p.closed = s.To, true
			return p, nil
		}
		p.next = number
		if rec, changed := c.record(r, s, number); changed {
			p.records = append(p.records, rec)
		}
	}
	p.closed = s.To != "" && (len(changes) == 0 || p.next >= s.To)
	return p, nil
}

// latest returns the sequence number of the current last record of a stream.
func (t *Tables) latest(ctx context.Context, arnOfStream string) (string, error) {
	r, all, s, err := t.findStream(arnOfStream)
	if err != nil {
		return "", err
	}
	if s.To != "" {
		return s.To, nil
	}
	e, err := t.engineStream(ctx, r.ID)
	if err != nil {
		return "", err
	}
	return max(s.From, sequenceNumber(all.Epoch, e.last)), nil
}
