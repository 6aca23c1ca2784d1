package cloud

import (
	"context"
	"io"
	"sync"

	"skiff/local/dynalite"
)

// items is where the items of all tables are kept: a dynalite, started when
// the first call needs it, and again should it end.
type items struct {
	dir      string
	cache    string
	progress io.Writer

	mu     sync.Mutex
	server *dynalite.Server
	closed bool
}

// URL is where dynalite listens.
func (i *items) URL(ctx context.Context) (string, error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.closed {
		return "", context.Canceled
	}
	if i.server != nil {
		select {
		case <-i.server.Done():
			i.server = nil
		default:
			return i.server.URL(), nil
		}
	}
	installed, err := dynalite.Install(ctx, i.cache, i.progress)
	if err != nil {
		return "", err
	}
	server, err := dynalite.Start(ctx, dynalite.Options{Dir: installed, Path: i.dir, Region: Region, Account: Account, Stderr: i.progress})
	if err != nil {
		return "", err
	}
	i.server = server
	return server.URL(), nil
}

// Close ends dynalite; it is not started again.
func (i *items) Close() error {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.closed = true
	if i.server == nil {
		return nil
	}
	return i.server.Close()
}
