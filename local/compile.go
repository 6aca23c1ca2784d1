package main

import (
	"context"
	"strings"
	"sync"
	"time"
)

// compilation is a build of the program in the background.
type compilation struct {
	taken  bool          // by a run of the program
	shared chan struct{} // closed once the packages that the Pulumi CLI shares are compiled
	done   chan struct{} // closed once binary and err are set
	binary string
	err    error
}

// startCompiling compiles the program while the Pulumi CLI is downloaded and
// the store starts, which saves minutes on a new machine. The first run of the
// program takes the result. stop ends a build that no run takes.
func (e *engine) startCompiling(ctx context.Context) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	c := &compilation{shared: make(chan struct{}), done: make(chan struct{})}
	e.compiling = c
	var builds sync.WaitGroup
	builds.Go(func() {
		defer close(c.done)
		share := sync.OnceFunc(func() { close(c.shared) })
		defer share()
		c.binary, c.err = e.compile(ctx, e.project.program, func(importPath string) {
			if strings.HasPrefix(importPath, unshared) {
				share()
			}
		})
	})
	builds.Go(func() { e.buildAhead(ctx, c.done) })
	return func() {
		cancel()
		builds.Wait()
	}
}

// unshared begins the import paths that compile last: a minute of work, none of
// it for the CLI, all of it after the packages that the CLI shares.
const unshared = "github.com/pulumi/pulumi-aws/"

// aheadDelay is the time after which a compile of the program is taken for a
// first one, without a cache.
const aheadDelay = 5 * time.Second

// buildAhead builds the functions during a first compile of the program. The
// large packages of the SDKs compile one after the other and leave processors
// idle. The stack's commands then find the zips, and they report errors.
func (e *engine) buildAhead(ctx context.Context, compiled <-chan struct{}) {
	select {
	case <-compiled:
		return
	case <-ctx.Done():
		return
	case <-time.After(aheadDelay):
	}
	if b := newBuilder(e.project, e.waits); b.there() {
		_ = b.ahead(ctx)
	}
}

// build returns the program's binary to the language host.
func (e *engine) build(ctx context.Context, dir string) (string, error) {
	c := e.compiling
	if c == nil || c.taken {
		return e.compile(ctx, dir, nil)
	}
	c.taken = true
	select {
	case <-c.done:
		return c.binary, c.err
	case <-ctx.Done():
		return "", ctx.Err()
	}
}

// compiled returns a finished compilation.
func compiled(binary string) *compilation {
	c := &compilation{shared: make(chan struct{}), done: make(chan struct{}), binary: binary}
	close(c.shared)
	close(c.done)
	return c
}
