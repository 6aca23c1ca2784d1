//go:build unix

package build

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
)

// lock waits for exclusive use of the folder of zips, among goroutines and
// processes. The kernel releases the lock of a process that dies.
func (b *Builder) lock(ctx context.Context) (unlock func(), err error) {
	select {
	case b.turn <- struct{}{}:
	case <-ctx.Done():
		return nil, fmt.Errorf("waiting for another build: %w", ctx.Err())
	}
	file, err := lockFile(ctx, filepath.Join(b.dist(), "lock"))
	if err != nil {
		<-b.turn
		return nil, err
	}
	return func() {
		file.Close()
		<-b.turn
	}, nil
}

func lockFile(ctx context.Context, path string) (*os.File, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return nil, fmt.Errorf("build folder: %w", err)
	}
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, fmt.Errorf("build folder: %w", err)
	}
	locked := make(chan error)
	go func() {
		// flock cannot be interrupted. If the caller gives up, this goroutine
		// closes the file when it gets the lock, which releases the lock.
		select {
		case locked <- flock(file):
		case <-ctx.Done():
			file.Close()
		}
	}()
	select {
	case err = <-locked:
	case <-ctx.Done():
		return nil, fmt.Errorf("waiting for another build: %w", ctx.Err())
	}
	if err != nil {
		file.Close()
		return nil, fmt.Errorf("lock %s: %w", path, err)
	}
	return file, nil
}

func flock(file *os.File) error {
	for {
		err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX)
		if !errors.Is(err, syscall.EINTR) {
			return err
		}
	}
}
