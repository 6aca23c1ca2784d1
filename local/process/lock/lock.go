// Package lock is a lock between processes. It is a file, which the operating
// system unlocks when the process that holds it ends.
package lock

import (
	"context"
	"errors"
	"os"
	"syscall"
	"time"
)

// pollDelay is how often Open tries to get a lock that is held.
const pollDelay = 100 * time.Millisecond

// Wait locks the file at path, which it creates if missing, and returns the
// function that unlocks it. If another process has the lock, it calls held once
// and waits.
func Wait(ctx context.Context, path string, held func()) (unlock func() error, err error) {
	f, err := Open(ctx, path, held)
	if err != nil {
		return nil, err
	}
	return f.Close, nil
}

// Open locks the file as Wait does, and returns it. A process that inherits the
// file also holds the lock, until it ends.
func Open(ctx context.Context, path string, held func()) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, err
	}
	called := false
	for {
		err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err == nil {
			return f, nil
		}
		if !errors.Is(err, syscall.EWOULDBLOCK) && !errors.Is(err, syscall.EINTR) {
			return nil, errors.Join(err, f.Close())
		}
		if !called {
			held()
			called = true
		}
		select {
		case <-ctx.Done():
			return nil, errors.Join(ctx.Err(), f.Close())
		case <-time.After(pollDelay):
		}
	}
}
