package function

import (
	"context"
	"errors"
	"testing"
	"time"
)

// source is what a Kept reads in a test. It counts the reads.
type source struct {
	value string
	err   error
	reads int
}

func (s *source) read(context.Context) (string, error) {
	s.reads++
	return s.value, s.err
}

func kept(s *source) (*Kept, *time.Time) {
	k := Keep(s.read)
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	k.Now = func() time.Time { return now }
	return k, &now
}

// A value is read once in five minutes. After that a new value is in use.
func TestValueIsKept(t *testing.T) {
	t.Parallel()
	s := &source{value: "first"}
	k, now := kept(s)
	for _, c := range []struct {
		pass  time.Duration
		want  string
		reads int
	}{{0, "first", 1}, {4*time.Minute + 59*time.Second, "first", 1}, {time.Second, "second", 2}, {time.Minute, "second", 2}} {
		*now = now.Add(c.pass)
		got, err := k.Value(t.Context())
		if err != nil || got != c.want || s.reads != c.reads {
			t.Errorf("after %s: %q, %v, %d reads", c.pass, got, err, s.reads)
		}
		s.value = "second"
	}
}

// A value that cannot be read again is used for an hour. A value that was
// removed is not used again.
func TestValueGoesStale(t *testing.T) {
	t.Parallel()
	denied := &Failure{Action: "a:B", Kind: "AccessDeniedException"}
	s := &source{value: "value"}
	k, now := kept(s)
	step := func(pass time.Duration, err error, want string, wantErr error, reads int) {
		t.Helper()
		*now, s.err = now.Add(pass), err
		got, err := k.Value(t.Context())
		if got != want || !errors.Is(err, wantErr) || s.reads != reads {
			t.Errorf("%q, %v, %d reads; want %q, %v, %d", got, err, s.reads, want, wantErr, reads)
		}
	}
	step(0, denied, "", denied, 1) // no value yet
	step(0, nil, "value", nil, 2)
	step(keepTime, denied, "value", nil, 3)
	step(0, denied, "value", nil, 3) // no read yet
	step(retryTime, denied, "value", nil, 4)
	step(staleTime, denied, "", denied, 5)
	step(0, nil, "value", nil, 6)
	gone := &Unusable{Name: "secret x", Reason: "has no value", Remedy: "put one"}
	step(keepTime, gone, "", gone, 7)
	step(0, denied, "", denied, 8)
}

func TestDeadline(t *testing.T) {
	t.Parallel()
	end := time.Now().Add(time.Hour)
	ctx, cancel := context.WithDeadline(t.Context(), end)
	defer cancel()
	early, stop := Deadline(ctx)
	defer stop()
	if got, ok := early.Deadline(); !ok || !got.Equal(end.Add(-AnswerTime)) {
		t.Errorf("ends at %v, %v, want %v", got, ok, end.Add(-AnswerTime))
	}
	open, stop := Deadline(t.Context())
	if got, ok := open.Deadline(); ok || open.Err() != nil {
		t.Errorf("ends at %v without a deadline, %v", got, open.Err())
	}
	stop()
	if open.Err() == nil {
		t.Error("the context is not done after cancel")
	}
}
