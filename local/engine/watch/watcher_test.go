package watch

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// settling runs settle with timers that the test fires.
type settling struct {
	events  chan string
	moments chan chan time.Time // a channel for each started moment
	limits  chan chan time.Time // a channel for each started limit
	settled chan []string
}

func newSettling(t *testing.T) settling {
	s := settling{make(chan string), make(chan chan time.Time, 10), make(chan chan time.Time, 10), make(chan []string)}
	ctx, stop := context.WithCancel(t.Context())
	t.Cleanup(stop)
	timer := func(set chan chan time.Time) func() <-chan time.Time {
		return func() <-chan time.Time {
			c := make(chan time.Time)
			set <- c
			return c
		}
	}
	go settle(ctx, s.events, timer(s.moments), timer(s.limits), s.settled)
	return s
}

func (s settling) none(t *testing.T) {
	t.Helper()
	select {
	case dirs := <-s.settled:
		t.Errorf("settled too soon: %q", dirs)
	default:
	}
}

// TestSettleInTime checks that events are sent after the limit even if more
// events come.
func TestSettleInTime(t *testing.T) {
	t.Parallel()
	s := newSettling(t)
	for _, dir := range []string{"a", "b"} {
		s.events <- dir
		s.none(t)
	}
	limit := <-s.limits
	limit <- time.Time{}
	s.events <- "c"
	if got := <-s.settled; !slices.Equal(got, []string{"a", "b", "c"}) {
		t.Errorf("settled %q", got)
	}
	s.events <- "d"
	s.none(t)
	limit = <-s.limits
	limit <- time.Time{}
	if got := <-s.settled; !slices.Equal(got, []string{"d"}) {
		t.Errorf("then settled %q", got)
	}
}

func TestSettle(t *testing.T) {
	t.Parallel()
	s := newSettling(t)
	s.events <- "b"
	first := <-s.moments
	s.none(t)
	s.events <- "a"
	s.events <- "b"
	<-s.moments
	last := <-s.moments
	select {
	case first <- time.Time{}:
		t.Error("the moment after the first event counts")
	default:
	}
	s.none(t)
	last <- time.Time{}
	// No receiver is ready, and another event comes.
	s.events <- "c"
	more := <-s.moments
	s.none(t)
	more <- time.Time{}
	if got := <-s.settled; !slices.Equal(got, []string{"a", "b", "c"}) {
		t.Errorf("settled %q", got)
	}
	s.none(t)
	s.events <- "d"
	s.events <- all
	<-s.moments
	(<-s.moments) <- time.Time{}
	if got := <-s.settled; got != nil {
		t.Errorf("settled %q where events are lost", got)
	}
}

// until waits for an event in a folder, and renews the watches meanwhile.
func until(t *testing.T, w *Watcher, dir string) {
	t.Helper()
	deadline := time.After(time.Minute)
	for {
		select {
		case dirs := <-w.Settled():
			added, err := w.Renew()
			if err != nil {
				t.Fatal(err)
			}
			if slices.Contains(append(dirs, added...), dir) {
				return
			}
		case <-deadline:
			t.Fatalf("no event in %s", dir)
		}
	}
}

func TestWatcher(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	dir, later := filepath.Join(root, "a/b"), filepath.Join(root, "x/y/z")
	file := filepath.Join(dir, "f.go")
	write(t, file, "1")
	w, err := NewWatcher()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.Close() })
	if added, err := w.Watch([]string{dir, later}); err != nil || !slices.Equal(added, []string{dir, root}) {
		t.Fatalf("added %q, %v", added, err)
	}
	write(t, file, "2")
	until(t, w, dir)
	// Some editors save like this: another file takes the name.
	write(t, file+"~", "3")
	if err := os.Rename(file+"~", file); err != nil {
		t.Fatal(err)
	}
	until(t, w, dir)
	// git does this when it checks out another commit and returns.
	if err := os.RemoveAll(filepath.Dir(dir)); err != nil {
		t.Fatal(err)
	}
	until(t, w, dir)
	write(t, file, "4")
	until(t, w, dir)
	write(t, file, "5")
	until(t, w, dir)
	if err := os.Rename(filepath.Dir(dir), filepath.Join(root, "moved")); err != nil {
		t.Fatal(err)
	}
	until(t, w, filepath.Dir(dir))
	if err := os.Rename(filepath.Join(root, "moved"), filepath.Dir(dir)); err != nil {
		t.Fatal(err)
	}
	until(t, w, dir)
	write(t, file, "6")
	until(t, w, dir)
	write(t, filepath.Join(later, "g.go"), "1")
	until(t, w, later)
	write(t, filepath.Join(later, "g.go"), "2")
	until(t, w, later)
}

func TestExplain(t *testing.T) {
	t.Parallel()
	for err, want := range map[error]string{
		syscall.ENOSPC: "fs.inotify.max_user_watches=524288`", syscall.EMFILE: "fs.inotify.max_user_instances=1024`", syscall.EACCES: "watch files: permission denied",
	} {
		if got := explain(err).Error(); !strings.Contains(got, want) {
			t.Errorf("%v: %s", err, got)
		}
	}
}

func TestPackages(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	for name, text := range map[string]string{
		"go.mod":             "module example\n\ngo 1.26.0\n\nrequire example.com/other v1.0.0\n\nreplace example.com/other => ../other\n",
		"infra/main.go":      "package main\n\nimport (\n\t_ \"embed\"\n\t_ \"example/names\"\n\t_ \"example.com/other\"\n)\n\n//go:embed texts/a.txt\nvar a string\n\nfunc main() {}\n",
		"infra/texts/a.txt":  "a",
		"infra/main_test.go": "package main\n\nimport _ \"example/unused\"\n",
		"names/names.go":     "package names\n",
		"unused/unused.go":   "package unused\n",
		"../other/go.mod":    "module example.com/other\n",
		"../other/other.go":  "package other\n",
	} {
		write(t, filepath.Join(root, "project", name), text)
	}
	project := filepath.Join(root, "project")
	env := append(os.Environ(), "GOFLAGS=", "GOWORK=off", "GOPROXY=off")
	got, err := Packages(t.Context(), filepath.Join(project, "infra"), env, ".")
	want := Folders{
		filepath.Join(project, "infra"): true, filepath.Join(project, "infra/texts"): true,
		filepath.Join(project, "names"): false, filepath.Join(root, "other"): false,
	}
	if err != nil || len(got) != len(want) {
		t.Errorf("%v, %v", got, err)
	}
	for dir, embeds := range want {
		if found, ok := got[dir]; !ok || found != embeds {
			t.Errorf("%s: %v %v, not %v", dir, ok, found, embeds)
		}
	}
	write(t, filepath.Join(project, "names/names.go"), "package names\n\nimport _ \"example/gone\"\n")
	if _, err := Packages(t.Context(), filepath.Join(project, "infra"), env, "."); err != ErrIncomplete {
		t.Errorf("with an import of what is not there: %v", err)
	}
}
