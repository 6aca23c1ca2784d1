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

// items is where the items of all tables are kept: a Dynoxide, started when
// the first call needs it, and again should it end; or the engine at a URL that
// the person who runs the cloud has chosen.
type items struct {
	dir      string // of the data
	cache    string
	other    string // URL of another engine; "" for a Dynoxide
	progress io.Writer

	// restore has the engine at url hold the tables that the cloud has, and
	// returns the names of those that it lacked.
	restore func(ctx context.Context, url string) (made []string, err error)

	mu       sync.Mutex
	server   *dynoxide.Server
	restored bool // the engine, as it runs now
	closed   bool
}

// URL is where the engine listens.
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

// install gets the engine, unless it is there.
func (i *items) install(ctx context.Context, progress io.Writer) error {
	if i.other != "" {
		return nil
	}
	_, err := dynoxide.Install(ctx, i.cache, progress)
	return err
}

// running returns where an engine listens, which it starts if there is none.
func (i *items) running(ctx context.Context) (url string, err error) {
	if i.other != "" {
		return i.other, nil
	}
	if i.server != nil {
		select {
		case <-i.server.Done():
			fmt.Fprintf(i.progress, "%v: it is started again\n", i.server.Err())
			i.server, i.restored = nil, false
		default:
			return i.server.URL(), nil
		}
	}
	binary, err := dynoxide.Install(ctx, i.cache, i.progress)
	if err != nil {
		return "", err
	}
	i.tellOfDynalite()
	i.server, err = dynoxide.Start(ctx, dynoxide.Options{Binary: binary, Path: i.file(), Stderr: i.progress})
	if err != nil {
		return "", err
	}
	return i.server.URL(), nil
}

// bringTables makes the tables that the engine lacks: those of a cloud whose
// items another engine has kept until now, or whose file of items was deleted.
func (i *items) bringTables(ctx context.Context, url string) error {
	made, err := i.restore(ctx, url)
	if len(made) > 0 {
		where := i.other
		if where == "" {
			where = i.file()
		}
		fmt.Fprintf(i.progress, "%s did not have these tables, which are there now, without items: %s\n", where, strings.Join(made, ", "))
	}
	if err != nil {
		return fmt.Errorf("tables in %s: %w", url, err)
	}
	return nil
}

func (i *items) file() string { return filepath.Join(i.dir, "items.db") }

// tellOfDynalite says once, before there is a file of Dynoxide's, what becomes of
// items that dynalite has kept: its folder is this one, and has LevelDB's files.
func (i *items) tellOfDynalite() {
	_, before := os.Stat(filepath.Join(i.dir, "CURRENT"))
	_, now := os.Stat(i.file())
	if before != nil || !errors.Is(now, fs.ErrNotExist) {
		return
	}
	fmt.Fprintf(i.progress, `%s has items that dynalite has kept until now. They stay there, and are not taken over.
Dynoxide keeps items in %s from now on, and starts without any.
To have the old ones back, run a commit from before Dynoxide; to be rid of them, delete %s while nothing runs: the new ones go, too.
`, i.dir, i.file(), i.dir)
}

// Close ends Dynoxide; it is not started again.
func (i *items) Close() error {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.closed = true
	if i.server == nil {
		return nil
	}
	return i.server.Close()
}
