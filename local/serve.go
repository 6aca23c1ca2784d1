package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"skiff/local/aws/apigateway"
	"skiff/local/cloud"
	"skiff/local/engine/progress"
	"skiff/local/process/npm"
	"skiff/local/store"
)

// drain is the time that running requests have after the program is asked to
// end.
const drain = 35 * time.Second

// serve brings the stack up on this machine and serves it until ctx ends.
func serve(ctx context.Context, o options, stdout, stderr io.Writer) (err error) {
	p, err := openProject(o)
	if err != nil {
		return err
	}
	o.stack = cmp.Or(o.stack, defaultStack)
	if err := p.checkStack(o.stack); err != nil {
		return err
	}
	last, err := p.lastSession()
	if err != nil {
		return err
	}
	began := time.Now()
	waits := progress.New(stderr)
	c, s, closeCloud, err := p.openServing(cmp.Or(o.addr, defaultAddr), o.stack, waits)
	if errors.Is(err, store.ErrInUse) {
		return p.explainInUse()
	}
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, closeCloud()) }()
	engine := newEngine(p, s, stdout, waits)
	if err := bringUp(ctx, engine, c, o.stack, last.Addr != s.Addr || last.Stack != s.Stack); err != nil {
		return stopped(ctx, err)
	}
	if err := seed(stdout, c, p.Name, o.stack); err != nil {
		return err
	}
	if err := announce(stdout, c, "http://"+s.Addr); err != nil {
		return err
	}
	var debugged *debugging
	if o.debug != "" {
		// A request at a breakpoint would delay the end.
		defer c.EndDebugging()
		if debugged, err = debugFunction(ctx, engine, c, o.stack, o.debug); err != nil {
			return stopped(ctx, err)
		}
	}
	if o.watch {
		return watchStack(ctx, engine, c, o.stack, began, debugged)
	}
	<-ctx.Done()
	return nil
}

// openServing opens the cloud and serves its APIs at addr until stop is called.
func (p project) openServing(addr, stack string, stderr io.Writer) (c *cloud.Cloud, s session, stop func() error, err error) {
	l, err := listen(addr)
	if err != nil {
		return nil, s, nil, p.explainPort(err)
	}
	s = session{PID: os.Getpid(), Serving: true, Addr: l.Addr().String(), Stack: stack, Inert: strings.Join(p.inert, ",")}
	c, err = openCloud(p, s, stderr)
	if err != nil {
		l.Close()
		return nil, s, nil, err
	}
	gateway := c.Gateway()
	go gateway.Serve(c.Listen(l))
	stop = func() error { return errors.Join(shutDown(gateway), c.Close()) }
	s.use(c)
	if err := errors.Join(c.RunSchedules(), p.writeSession(s)); err != nil {
		return nil, s, nil, errors.Join(err, stop())
	}
	return c, s, stop, nil
}

// stopped returns nil if ctx has ended, because the error then follows from
// that.
func stopped(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return nil
	}
	return err
}

// openCloud opens the local cloud of a project. A cloud that serves prints the
// functions' log lines.
func openCloud(p project, s session, stderr io.Writer) (*cloud.Cloud, error) {
	cache, err := npm.CacheDir()
	if err != nil {
		return nil, err
	}
	if err := p.makeState(); err != nil {
		return nil, err
	}
	o := cloud.Options{
		Dir: p.state, URL: "http://" + s.Addr,
		Root:  apigateway.Root{Project: p.Name, Stack: s.Stack},
		Env:   cleanEnvironment(os.Environ()),
		Cache: cache, Engine: p.items, Stderr: stderr,
	}
	if s.Serving {
		o.Lines = stderr
	}
	return cloud.Open(o)
}

// makeState creates the folder of the local cloud. Only this user can read it,
// and git ignores it.
func (p project) makeState() error {
	if err := os.MkdirAll(p.state, 0o700); err != nil {
		return fmt.Errorf("create the folder of the local cloud %s: %w", p.state, err)
	}
	return os.WriteFile(filepath.Join(p.state, ".gitignore"), []byte("*\n"), 0o644)
}

// bringUp deploys the stack. If the gateway's address has changed, it refreshes
// the state, which contains the address.
func bringUp(ctx context.Context, e *engine, c *cloud.Cloud, stack string, moved bool) error {
	stop := e.startCompiling(ctx)
	defer stop()
	warm := make(chan error, 1)
	go func() {
		task := e.waits.Task("the store")
		defer task.Done()
		warm <- c.Warm(ctx, task)
	}()
	if err := e.prepare(ctx, stack); err != nil {
		return errors.Join(err, <-warm)
	}
	// On a new machine the store is the likeliest part to be missing, and its
	// error is easier to understand than Pulumi's.
	if err := <-warm; err != nil {
		return err
	}
	args := []string{"up", "--yes", "--skip-preview", "--stack", stack}
	if moved {
		args = append(args, "--refresh")
	}
	_, err := e.up(ctx, args, stack)
	return err
}

// shutDown refuses new requests and waits for the running ones.
func shutDown(s *http.Server) error {
	ctx, cancel := context.WithTimeout(context.Background(), drain)
	defer cancel()
	return s.Shutdown(ctx)
}

// explainPort returns a clearer error if this project's cloud uses the port.
func (p project) explainPort(err error) error {
	if _, statErr := os.Stat(p.state); statErr != nil {
		return err
	}
	db, openErr := store.Open(p.state, 0)
	if errors.Is(openErr, store.ErrInUse) {
		return p.explainInUse()
	}
	if openErr == nil {
		err = errors.Join(err, db.Close())
	}
	return err
}

func (p project) explainInUse() error {
	s, err := p.lastSession()
	if err != nil {
		return err
	}
	return fmt.Errorf("the local cloud in %s is in use by process %d, which serves http://%s: use it (go run ./local pulumi ... acts on it), end that process, or start another local cloud with -state DIR", p.state, s.PID, s.Addr)
}
