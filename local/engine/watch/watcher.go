package watch

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"time"

	"github.com/fsnotify/fsnotify"
)

// quiet is the time without events after which changes are handed over. An
// editor writes a file in several steps, a git checkout writes many files.
const quiet = 40 * time.Millisecond

// patience is the longest that changes wait for quiet: a program may write to a
// source folder without a pause.
const patience = time.Second

// all is the event for every folder.
const all = ""

// Watcher reports folders with file events.
type Watcher struct {
	notify  *fsnotify.Watcher
	wanted  []string
	events  chan string // folders
	settled chan []string
	done    chan struct{} // closed when settle has returned
	stop    context.CancelFunc
}

// NewWatcher returns a Watcher without folders. Call Close to end it.
func NewWatcher() (*Watcher, error) {
	notify, err := fsnotify.NewBufferedWatcher(64)
	if err != nil {
		return nil, explain(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	w := &Watcher{notify: notify, events: make(chan string), settled: make(chan []string), done: make(chan struct{}), stop: stop}
	go w.forward(ctx)
	go func() {
		defer close(w.done)
		after := func(d time.Duration) func() <-chan time.Time {
			return func() <-chan time.Time { return time.After(d) }
		}
		settle(ctx, w.events, after(quiet), after(patience), w.settled)
	}()
	return w, nil
}

// Close ends the watcher.
func (w *Watcher) Close() error {
	w.stop()
	<-w.done
	return w.notify.Close()
}

// Settled returns a channel of folders with events. It delivers them after a
// short time without events; nil means that any folder may have changed.
func (w *Watcher) Settled() <-chan []string { return w.settled }

// forward sends the folders of each event. A created or deleted folder counts
// for itself and for its parent.
func (w *Watcher) forward(ctx context.Context) {
	send := func(dirs ...string) {
		for _, dir := range dirs {
			select {
			case w.events <- dir:
			case <-ctx.Done():
			}
		}
	}
	for {
		select {
		case <-ctx.Done():
			return
		case e, ok := <-w.notify.Events:
			if !ok {
				return
			}
			if e.Op != fsnotify.Chmod {
				send(filepath.Dir(e.Name), e.Name)
			}
		case _, ok := <-w.notify.Errors: // such as fsnotify.ErrEventOverflow: events were lost
			if !ok {
				return
			}
			send(all)
		}
	}
}

// settle collects events until none has come for a moment, or until the first
// has waited for long. It sends them when the receiver is ready, together with
// the events that came meanwhile.
func settle(ctx context.Context, events <-chan string, moment, long func() <-chan time.Time, settled chan<- []string) {
	pending := map[string]bool{}
	var quiet, late <-chan time.Time // nil while there are no events
	var ready chan<- []string        // nil until the events may be sent
	for {
		var dirs []string
		if !pending[all] {
			dirs = slices.Sorted(maps.Keys(pending))
		}
		select {
		case <-ctx.Done():
			return
		case dir := <-events:
			if len(pending) == 0 {
				late = long()
			}
			pending[dir] = true
			if late != nil {
				quiet, ready = moment(), nil
			}
		case <-quiet:
			quiet, ready = nil, settled
		case <-late:
			quiet, late, ready = nil, nil, settled
		case ready <- dirs:
			pending, quiet, late, ready = map[string]bool{}, nil, nil, nil
		}
	}
}

// Watch replaces the watched folders. It watches a missing folder as soon as
// the folder is created. It returns the folders that were not watched before.
func (w *Watcher) Watch(folders []string) (added []string, err error) {
	w.wanted = folders
	return w.Renew()
}

// Renew watches folders that exist again, and returns them. A git checkout, for
// example, deletes and creates folders.
func (w *Watcher) Renew() (added []string, err error) {
	watched := map[string]bool{}
	for _, dir := range w.notify.WatchList() {
		watched[dir] = true
	}
	keep := map[string]bool{}
	for i := 0; i < len(w.wanted); i++ {
		dir, err := w.nearest(w.wanted[i], watched)
		if err != nil {
			return added, err
		}
		keep[dir] = true
		if watched[dir] {
			continue
		}
		watched[dir] = true
		added = append(added, dir)
		if dir != w.wanted[i] {
			i-- // try again: it may have been created before its parent was watched
		}
	}
	for dir := range watched {
		if !keep[dir] {
			_ = w.notify.Remove(dir) // an error means that it is deleted
		}
	}
	return added, nil
}

// nearest watches a folder, or its nearest existing parent. It returns that
// folder.
func (w *Watcher) nearest(dir string, watched map[string]bool) (string, error) {
	for ; ; dir = filepath.Dir(dir) {
		info, err := os.Stat(dir)
		if err == nil && !info.IsDir() {
			err = syscall.ENOTDIR
		}
		if err == nil && !watched[dir] {
			err = w.notify.Add(dir)
		}
		if err == nil {
			return dir, nil
		}
		if !gone(err) || dir == filepath.Dir(dir) {
			return "", explain(err)
		}
	}
}

// gone reports whether the path does not exist, or a parent is a file.
func gone(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR)
}

// explain adds to an error of the system what to do. See inotify(7).
func explain(err error) error {
	switch {
	case errors.Is(err, syscall.ENOSPC):
		return fmt.Errorf("the system lets this user watch no more folders: raise the limit with `sudo sysctl fs.inotify.max_user_watches=524288`, or end other programs that watch files: %w", err)
	case errors.Is(err, syscall.EMFILE):
		return fmt.Errorf("the system lets this user watch with no more programs: raise the limit with `sudo sysctl fs.inotify.max_user_instances=1024`, or end other programs that watch files: %w", err)
	}
	return fmt.Errorf("watch files: %w", err)
}
