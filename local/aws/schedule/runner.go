package schedule

import (
	"context"
	"sync"
	"time"
)

// Runner runs schedules when they are due, between Start and Close. It is safe
// for concurrent use.
type Runner struct {
	now     func() time.Time
	after   func(time.Duration) <-chan time.Time
	due     func(since, now time.Time) (next time.Time)
	changed chan struct{} // has an element after a schedule has changed

	mu   sync.Mutex
	stop context.CancelFunc // nil before Start
	done chan struct{}
}

// NewRunner returns a Runner that calls due again and again. due starts each
// schedule that became due after since and no later than now, once. It returns
// when the next is due, or the zero time for never. now and after are the
// clock.
func NewRunner(now func() time.Time, after func(time.Duration) <-chan time.Time, due func(since, now time.Time) (next time.Time)) *Runner {
	return &Runner{now: now, after: after, due: due, changed: make(chan struct{}, 1)}
}

// Start runs what is due from now on, until Close.
func (r *Runner) Start() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.stop != nil {
		return
	}
	ctx, stop := context.WithCancel(context.Background())
	r.stop, r.done = stop, make(chan struct{})
	go func() {
		defer close(r.done)
		r.run(ctx)
	}()
}

// Close prevents further runs.
func (r *Runner) Close() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.stop != nil {
		r.stop()
		<-r.done
	}
}

// Wake calls due immediately, because a schedule has changed.
func (r *Runner) Wake() {
	select {
	case r.changed <- struct{}{}:
	default:
	}
}

// look is the longest wait before due is called again: a machine may sleep, and
// new schedules do not call Wake.
const look = time.Second

func (r *Runner) run(ctx context.Context) {
	since := r.now().Add(-1) // a rate that begins now runs now
	for {
		now := r.now()
		wait := look
		if next := r.due(since, now); !next.IsZero() {
			wait = min(wait, next.Sub(now))
		}
		since = now
		select {
		case <-r.after(wait):
		case <-r.changed:
		case <-ctx.Done():
			return
		}
	}
}

// RunDue starts each schedule that became due after since and no later than
// now, once. It returns when the next one is due, or the zero time for never.
// nextRun returns the next run of a schedule after a time, or the zero time.
func RunDue[T any](all []T, since, now time.Time, nextRun func(schedule T, since time.Time) time.Time, start func(schedule T, at time.Time)) (next time.Time) {
	for _, s := range all {
		at := nextRun(s, since)
		if at.IsZero() {
			continue
		}
		if !at.After(now) {
			start(s, at)
			at = nextRun(s, now)
		}
		if !at.IsZero() && (next.IsZero() || at.Before(next)) {
			next = at
		}
	}
	return next
}
