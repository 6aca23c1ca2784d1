package schedule

import (
	"context"
	"sync"
	"time"
)

// Runner runs what is due, each at its time, while it is started. It is safe for
// concurrent use.
type Runner struct {
	now     func() time.Time
	after   func(time.Duration) <-chan time.Time
	due     func(since, now time.Time) (next time.Time)
	changed chan struct{} // has an element once a schedule has changed

	mu   sync.Mutex
	stop context.CancelFunc // nil until Start
	done chan struct{}
}

// NewRunner calls due at its times: it starts what has come due after since and up
// to now, each once, and returns when the next is due, the zero time for never. now
// and after are the clock.
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

// Close starts no more runs.
func (r *Runner) Close() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.stop != nil {
		r.stop()
		<-r.done
	}
}

// Wake looks at the schedules at once: one has changed.
func (r *Runner) Wake() {
	select {
	case r.changed <- struct{}{}:
	default:
	}
}

// look is how long the clock is let run before the schedules are looked at again:
// a machine may sleep, and one that was just made is not announced.
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

// RunDue starts each schedule whose time has come after since and up to now, once,
// and returns when the next one is due, the zero time for never. nextRun is when a
// schedule runs next after a time, the zero time if it does not.
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
