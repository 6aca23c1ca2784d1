package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"path/filepath"
	"slices"
	"sync/atomic"
	"time"

	"skiff/internal/rehearsal"
	"skiff/local/aws/lambda"
	"skiff/local/cloud"
	"skiff/local/engine/delve"
	"skiff/local/engine/progress"
	"skiff/local/process/npm"
)

// debugging runs a function of a served stack under Delve.
type debugging struct {
	builder   builder
	stdout    io.Writer
	cloud     *cloud.Cloud
	name      string      // of the function, as the person typed it
	id        string      // of the function in AWS
	zip       string      // path of its zip
	sum       string      // SHA-256 of the zip with the code that runs
	delve     string      // path of dlv
	addr      string      // where each process waits for a debugger
	explained atomic.Bool // how to attach is printed
}

// debugFunction runs a function under Delve from now on. Each process of the
// function waits until a debugger attaches.
func debugFunction(ctx context.Context, e *engine, c *cloud.Cloud, stack, name string) (*debugging, error) {
	p := e.project
	d := &debugging{builder: newBuilder(p, e.waits), stdout: e.stdout, cloud: c, name: name}
	var err error
	if d.id, d.zip, err = c.FunctionZip(p.Name, stack, p.program, name); err != nil {
		return nil, fmt.Errorf("-debug: %w", err)
	}
	if !d.builder.there() {
		return nil, fmt.Errorf("-debug: the program %s, which builds the functions, is missing", d.builder.folder())
	}
	if err := d.builder.compile(ctx); err != nil {
		return nil, err
	}
	zips, err := d.builder.zips(ctx)
	if err != nil {
		return nil, err
	}
	if d.delve, err = findDelve(ctx, e.waits); err != nil {
		return nil, err
	}
	if d.addr, err = freeAddress(); err != nil {
		return nil, err
	}
	return d, d.run(ctx, zips)
}

func findDelve(ctx context.Context, waits *progress.Display) (string, error) {
	cache, err := npm.CacheDir()
	if err != nil {
		return "", err
	}
	task := waits.Task("Delve")
	defer task.Done()
	return delve.Find(ctx, cache, task)
}

// run builds the function with debug symbols and runs it under Delve.
func (d *debugging) run(ctx context.Context, zips rehearsal.Zips) error {
	binary, err := d.build(ctx, zips)
	if err != nil {
		return err
	}
	return d.cloud.Debug(d.id, lambda.Debugger{
		Dir:     filepath.Dir(binary),
		Command: []string{d.delve, "exec", "--headless", "--accept-multiclient", "--api-version=2", "--listen=" + d.addr},
		Started: func() {
			if answersSoon(ctx, d.addr) {
				fmt.Fprint(d.stdout, waiting(d.name, d.addr, !d.explained.Swap(true)))
			}
		},
	})
}

// outdated reports whether the function has other code than the one that runs.
func (d *debugging) outdated(zips rehearsal.Zips) bool {
	return slices.ContainsFunc(zips.Functions, func(z rehearsal.Zip) bool { return z.Path == d.zip && z.SHA256 != "" && z.SHA256 != d.sum })
}

// build builds the function with debug symbols.
func (d *debugging) build(ctx context.Context, zips rehearsal.Zips) (binary string, err error) {
	for _, z := range zips.Functions {
		if z.Path == d.zip {
			d.sum = z.SHA256
			return d.builder.debug(ctx, z.Function)
		}
	}
	return "", fmt.Errorf("-debug: the code of %s is in %s, which the program in %s does not build", d.name, d.zip, d.builder.folder())
}

// freeAddress returns a free loopback address. All processes of the function
// use it, so that a debugger's configuration stays valid.
func freeAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}

// listenLimit is the time that Delve has to listen.
const listenLimit = time.Minute

// answersSoon reports whether something listens at an address within
// listenLimit.
func answersSoon(ctx context.Context, addr string) bool {
	ctx, cancel := context.WithTimeout(ctx, listenLimit)
	defer cancel()
	for !answers(addr) {
		select {
		case <-ctx.Done():
			return false
		case <-time.After(pollDelay):
		}
	}
	return true
}

// waiting returns the message on how to attach to a function. The first one is
// longer.
func waiting(name, addr string, first bool) string {
	text := fmt.Sprintf("function %s waits for a debugger at %s\n", name, addr)
	if !first {
		return text
	}
	_, port, _ := net.SplitHostPort(addr)
	return text + fmt.Sprintf(`  dlv connect %s
  VS Code, in launch.json: {"name": "%s", "type": "go", "request": "attach", "mode": "remote", "host": "127.0.0.1", "port": %s}
  GoLand: Run, Edit Configurations, Go Remote, host 127.0.0.1, port %[3]s
  meanwhile no timeout ends %[2]s, neither its own nor the API's, and its requests run one at a time
`, addr, name, port)
}
