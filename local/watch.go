package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"skiff/internal/rehearsal"
	"skiff/local/cloud"
	"skiff/local/engine/watch"
)

// watching makes a served stack follow its source. A change of functions only
// is compiled and swapped in. The stack's state does not contain it, so the
// next `pulumi up` deploys it as usual. A change of the program brings the
// stack up.
type watching struct {
	engine         *engine
	cloud          *cloud.Cloud
	stack          string
	debugged       *debugging // nil for none
	stdout, stderr io.Writer

	tree    *watch.Tree
	watcher *watch.Watcher
	builder builder
	builds  bool              // the project has a builder
	running map[string]string // SHA-256 of the running zips, by path
	mains   map[string]string // folders of main packages, by function
	changed map[watch.Part][]string
	news    bool   // there are changes to handle
	failed  bool   // the last change failed
	shown   string // the last error printed
}

// watchStack follows the source of a stack until ctx ends. Files saved after
// began may not be deployed yet. debugged is nil if no function runs under a
// debugger.
func watchStack(ctx context.Context, e *engine, c *cloud.Cloud, stack string, began time.Time, debugged *debugging) (err error) {
	w, err := newWatching(e, c, stack)
	if err != nil {
		return err
	}
	w.debugged = debugged
	defer func() { err = errors.Join(err, w.watcher.Close()) }()
	if err := w.begin(ctx, began); err != nil {
		return stopped(ctx, err)
	}
	for {
		w.follow(ctx)
		select {
		case <-ctx.Done():
			return nil
		case dirs := <-w.watcher.Settled():
			w.show(w.look(dirs))
			// The mistake may be in a file outside all functions, such as a
			// test that go list cannot parse, so any change is a reason to try
			// again.
			w.news = w.news || w.failed
		}
	}
}

func newWatching(e *engine, c *cloud.Cloud, stack string) (*watching, error) {
	watcher, err := watch.NewWatcher()
	if err != nil {
		return nil, err
	}
	b := newBuilder(e.project, e.waits)
	files := map[string]watch.Part{e.project.stackFile(stack): watch.Program, filepath.Join(e.project.dir, "Pulumi.yaml"): watch.Program}
	for _, name := range []string{"go.mod", "go.sum", "go.work", "go.work.sum"} {
		files[filepath.Join(b.root, name)] = watch.Program
	}
	return &watching{
		engine: e, cloud: c, stack: stack, stdout: e.stdout, stderr: e.stderr,
		builder: b, builds: b.there(), tree: watch.NewTree(files), watcher: watcher,
		running: map[string]string{}, mains: map[string]string{}, changed: map[watch.Part][]string{},
	}, nil
}

// begin compiles and watches everything once.
func (w *watching) begin(ctx context.Context, began time.Time) error {
	if !w.builds {
		fmt.Fprintf(w.stdout, "watch: the program %s, which builds the functions, is missing: each change brings the stack up\n", w.builder.folder())
	} else if err := w.builder.compile(ctx); err != nil {
		return err
	}
	if err := w.list(ctx, began); err != nil {
		return err
	}
	if w.builds {
		failure := w.rebuild(ctx, began)
		if err := errors.Join(ctx.Err(), w.renew(began)); err != nil {
			return err
		}
		if failure != nil && !w.news { // follow handles news, and prints its own errors
			w.fail(failure)
		}
	}
	fmt.Fprintf(w.stdout, "watch: %d folders are watched\n", len(w.tree.Folders()))
	return w.look(nil)
}

// list watches the current folders of the program. A file in a new folder
// counts as changed if it was saved after since, because no build has read it.
func (w *watching) list(ctx context.Context, since time.Time) error {
	patterns, dir := []string{".", "./" + rehearsal.ZipFolder}, w.engine.project.program
	if !w.builds {
		patterns, dir = []string{"./..."}, w.builder.root
	}
	folders, err := watch.Packages(ctx, dir, cleanEnvironment(os.Environ()), patterns...)
	if err != nil && !errors.Is(err, watch.ErrIncomplete) {
		return err
	}
	if err == nil || len(w.tree.Folders()) < len(folders) {
		w.tree.Set(watch.Program, folders)
	}
	return w.renew(since)
}

// renew watches the folders of the tree.
func (w *watching) renew(since time.Time) error {
	added, err := w.watcher.Watch(w.tree.Folders())
	if err != nil {
		return err
	}
	if err := w.tree.Look(since); err != nil {
		return err
	}
	return w.look(added)
}

// look records which files changed in the given folders, or in all folders if
// dirs is nil.
func (w *watching) look(dirs []string) error {
	added, err := w.watcher.Renew()
	if err != nil {
		return err
	}
	if dirs != nil {
		dirs = append(dirs, added...)
	}
	changed, err := w.tree.Changed(dirs...)
	if err != nil {
		return err
	}
	w.news = w.news || len(changed) > 0
	for part, paths := range changed {
		for _, path := range paths {
			if !slices.Contains(w.changed[part], path) {
				w.changed[part] = append(w.changed[part], path)
			}
		}
	}
	return nil
}

// maxOutdated is the number of errors that one call of follow does not print
// because the source has changed again. A build that changes its own source has
// more.
const maxOutdated = 3

// follow handles changes until none are left. Failed changes stay recorded,
// because the next change must still bring up a program that did not compile.
// The error of a source that was saved again meanwhile is outdated.
func (w *watching) follow(ctx context.Context) {
	outdated := 0
	for w.news && ctx.Err() == nil {
		w.news = false
		began, program := time.Now(), len(w.changed[watch.Program]) > 0
		var err error
		if program || !w.builds || w.lacksMain() {
			err = w.bringUp(ctx, began)
		} else {
			err = w.rebuild(ctx, began)
		}
		if ctx.Err() != nil {
			return
		}
		if err != nil {
			w.show(w.renew(began))
			if outdated++; !w.news || outdated > maxOutdated {
				w.fail(err)
			}
			continue
		}
		w.failed, w.shown, w.changed = false, "", map[watch.Part][]string{}
		if program {
			w.show(w.list(ctx, began))
		} else {
			w.show(w.renew(began))
		}
	}
}

// fail prints the error of a change, once.
func (w *watching) fail(err error) {
	w.failed = true
	if w.shown == err.Error() {
		return
	}
	w.shown = err.Error()
	fmt.Fprintf(w.stderr, "watch: %v\nwatch: the previous version keeps serving\n", err)
}

// show prints an error of the watch itself.
func (w *watching) show(err error) {
	if err != nil && !errors.Is(err, context.Canceled) {
		fmt.Fprintf(w.stderr, "watch: %v\n", err)
	}
}

// lacksMain reports whether a function's main package is gone, which means that
// the declaration changes.
func (w *watching) lacksMain() bool {
	for _, dir := range w.mains {
		if sources, err := filepath.Glob(filepath.Join(dir, "*.go")); err == nil && len(sources) == 0 {
			return true
		}
	}
	return false
}

// names returns the changed files of the parts, relative to the module.
func (w *watching) names(parts ...watch.Part) string {
	var names []string
	for _, part := range parts {
		for _, path := range w.changed[part] {
			if rel, err := filepath.Rel(w.builder.root, path); err == nil {
				path = rel
			}
			names = append(names, path)
		}
	}
	if len(names) > 3 {
		return fmt.Sprintf("%s and %d more files", names[0], len(names)-1)
	}
	return strings.Join(names, ", ")
}
