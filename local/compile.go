package main

import "context"

// compilation is a compile of the program that runs while something else is
// waited for.
type compilation struct {
	taken  bool          // by a run
	done   chan struct{} // closed once the rest is set
	binary string
	err    error
}

// startCompiling compiles the program while the Pulumi CLI is got and the store
// starts: from nothing, that saves minutes. The program's first run takes the
// result; stop ends a compile that no run waits for.
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

// build gives the language host the program's binary.
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
