// Package lock keeps two processes from doing the same thing at once, by a
// file that the operating system unlocks when its holder ends.
package lock

import (
	"context"
	"errors"
	"os"
	"syscall"
	"time"
)

// pollDelay is how often a held lock is asked for.
const pollDelay = 100 * time.Millisecond

// Wait takes the lock on the file at path, which is made if absent, and
// returns what gives it back. If another process holds it, held is called
// once.
func Wait(ctx context.Context, path string, held func()) (unlock func() error, err error) {
	f, err := Open(ctx, path, held)
	if err != nil {
		return nil, err
	}
	return f.Close, nil
}

// Open takes the lock as Wait does, and returns the locked file. A process that
// inherits the file holds the lock as well, until it ends.
func Open(ctx context.Context, path string, held func()) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, err
	}
	told := false
	for {
		err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err == nil {
			return f, nil
		}
		if !errors.Is(err, syscall.EWOULDBLOCK) && !errors.Is(err, syscall.EINTR) {
			return nil, errors.Join(err, f.Close())
		}
		if !told {
			held()
			told = true
		}
		select {
		case <-ctx.Done():
			return nil, errors.Join(ctx.Err(), f.Close())
		case <-time.After(pollDelay):
		}
	}
}
