package cloud

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"skiff/local/process/dynoxide"
)

// items gives the address of the engine that keeps the items of all tables. By
// default this is a Dynoxide, which starts with the first call and restarts if
// it ends. A person may choose another engine by its URL.
type items struct {
	dir      string // of the items
	cache    string
	other    string // URL of another engine; "" for Dynoxide
	progress io.Writer

	// restore creates the tables of the cloud that the engine at url lacks, and
	// returns their names.
	restore func(ctx context.Context, url string) (made []string, err error)

	mu       sync.Mutex
	server   *dynoxide.Server
	restored bool // the running engine has all tables
	closed   bool
}

// URL returns the URL of the engine.
func (i *items) URL(ctx context.Context) (string, error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.closed {
		return "", context.Canceled
	}
	url, err := i.running(ctx)
	if err != nil || i.restored {
		return url, err
	}
	if err := i.bringTables(ctx, url); err != nil {
		return "", err
	}
	i.restored = true
	return url, nil
}

// install installs the engine if it is missing.
func (i *items) install(ctx context.Context, progress io.Writer) error {
	if i.other != "" {
		return nil
	}
	_, err := dynoxide.Install(ctx, i.cache, progress)
	return err
}

// running returns the URL of a running engine, and starts one if needed.
func (i *items) running(ctx context.Context) (url string, err error) {
	if i.other != "" {
		return i.other, nil
	}
	if i.server != nil {
		select {
		case <-i.server.Done():
			fmt.Fprintf(i.progress, "%v: restarting it\n", i.server.Err())
			i.server, i.restored = nil, false
		default:
			return i.server.URL(), nil
		}
	}
	binary, err := dynoxide.Install(ctx, i.cache, i.progress)
	if err != nil {
		return "", err
	}
	i.explainDynalite()
	i.server, err = dynoxide.Start(ctx, dynoxide.Options{Binary: binary, Path: i.file(), Stderr: i.progress})
	if err != nil {
		return "", err
	}
	return i.server.URL(), nil
}

// bringTables creates the tables that the engine lacks. It lacks them if
// another engine kept the items until now, or if its file was deleted.
func (i *items) bringTables(ctx context.Context, url string) error {
	made, err := i.restore(ctx, url)
	if len(made) > 0 {
		where := i.other
		if where == "" {
			where = i.file()
		}
		fmt.Fprintf(i.progress, "%s lacked these tables; they were created without items: %s\n", where, strings.Join(made, ", "))
	}
	if err != nil {
		return fmt.Errorf("tables in %s: %w", url, err)
	}
	return nil
}

func (i *items) file() string { return filepath.Join(i.dir, "items.db") }

// explainDynalite explains once what happens to items that dynalite kept. It
// recognizes them by LevelDB's files in this folder, before Dynoxide's file
// exists.
func (i *items) explainDynalite() {
	_, before := os.Stat(filepath.Join(i.dir, "CURRENT"))
	_, now := os.Stat(i.file())
	if before != nil || !errors.Is(now, fs.ErrNotExist) {
		return
	}
	fmt.Fprintf(i.progress, `%s has items that dynalite stored. Dynoxide does not read or change them.
It stores its items in %s and starts without any.
To use the old items, run a commit from before Dynoxide. To delete them, stop the local cloud and delete %s. This deletes the new items, too.
`, i.dir, i.file(), i.dir)
}

// Close stops Dynoxide for good.
func (i *items) Close() error {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.closed = true
	if i.server == nil {
		return nil
	}
	return i.server.Close()
}
