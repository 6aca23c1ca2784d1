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

// quiet is how long no file may change until what has changed is looked at: an
// editor writes a file in several steps, a git checkout many files.
const quiet = 40 * time.Millisecond

// patience is how long changes wait for quiet: a program may write a file beside
// the source without end.
const patience = time.Second

// all stands for every folder among those in which something has happened.
const all = ""

// Watcher hears of the folders in which something happens.
type Watcher struct {
	notify  *fsnotify.Watcher
	wanted  []string
	events  chan string // folders
	settled chan []string
	done    chan struct{} // closed when settle has ended
	stop    context.CancelFunc
}

// NewWatcher hears of nothing yet. Close it.
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

// Settled yields folders in which something has happened once nothing happens for
// a moment; nil stands for any folder.
func (w *Watcher) Settled() <-chan []string { return w.settled }

// forward turns events into the folders that they are in. A folder that is made or
// deleted is in two: its own and the one above.
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
		case _, ok := <-w.notify.Errors: // such as fsnotify.ErrEventOverflow: events are lost
			if !ok {
				return
			}
			send(all)
		}
	}
}

// settle collects events until none has come for a moment, or until the first of
// them has waited for long. It hands them over when the receiver is ready. Events
// that come until then are among them.
func settle(ctx context.Context, events <-chan string, moment, long func() <-chan time.Time, settled chan<- []string) {
	pending := map[string]bool{}
	var quiet, late <-chan time.Time // while events come
	var ready chan<- []string        // once there is something to hand over
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

// Watch hears of these folders from now on, and of no others. Of one that is not
// there it hears once it is made. It returns the folders that it has not heard of
// until now.
func (w *Watcher) Watch(folders []string) (added []string, err error) {
	w.wanted = folders
	return w.Renew()
}

// Renew watches what has come back since, such as a folder that a git checkout has
// deleted and made again, and returns it.
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
			i-- // which may have been made before its parent was watched
		}
	}
	for dir := range watched {
		if !keep[dir] {
			_ = w.notify.Remove(dir) // it may be gone
		}
	}
	return added, nil
}

// nearest watches a folder, or the nearest above it that is there, unless it is
// watched.
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

// gone reports whether there is no such folder or file, or another thing of its
// name.
func gone(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR)
}

// explain says what to do where the system refuses to watch. See inotify(7).
func explain(err error) error {
	switch {
	case errors.Is(err, syscall.ENOSPC):
		return fmt.Errorf("the system lets this user watch no more folders: raise the limit with `sudo sysctl fs.inotify.max_user_watches=524288`, or end other programs that watch files: %w", err)
	case errors.Is(err, syscall.EMFILE):
		return fmt.Errorf("the system lets this user watch with no more programs: raise the limit with `sudo sysctl fs.inotify.max_user_instances=1024`, or end other programs that watch files: %w", err)
	}
	return fmt.Errorf("watch files: %w", err)
}
