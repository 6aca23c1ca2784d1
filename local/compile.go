package main

import "context"

// compilation is a build of the program in the background.
type compilation struct {
	taken  bool          // by a run of the program
	done   chan struct{} // closed once binary and err are set
	binary string
	err    error
}

// startCompiling compiles the program while the Pulumi CLI is downloaded and
// the store starts, which saves minutes on a new machine. The first run of the
// program takes the result. stop ends a build that no run takes.
func (e *engine) startCompiling(ctx context.Context) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	c := &compilation{done: make(chan struct{})}
	e.compiling = c
	go func() {
		defer close(c.done)
		c.binary, c.err = e.compile(ctx, e.project.program)
	}()
	return func() {
		cancel()
		<-c.done
	}
}

// build returns the program's binary to the language host.
func (e *engine) build(ctx context.Context, dir string) (string, error) {
	c := e.compiling
	if c == nil || c.taken {
		return e.compile(ctx, dir)
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
	c := &compilation{done: make(chan struct{}), binary: binary}
	close(c.done)
	return c
}
