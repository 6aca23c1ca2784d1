package main

import (
	"context"
	"fmt"
	"net"
	"path/filepath"
	"time"

	"skiff/local/aws/lambda"
	"skiff/local/cloud"
	"skiff/local/engine/delve"
	"skiff/local/process/npm"
)

// debugFunction runs a function under Delve from now on. Each process of the
// function waits until a debugger attaches.
func debugFunction(ctx context.Context, e *engine, c *cloud.Cloud, stack, name string) error {
	p := e.project
	id, zip, err := c.FunctionZip(p.Name, stack, p.program, name)
	if err != nil {
		return fmt.Errorf("-debug: %w", err)
	}
	binary, err := debugBinary(ctx, newBuilder(p, e.waits), name, zip)
	if err != nil {
		return err
	}
	cache, err := npm.CacheDir()
	if err != nil {
		return err
	}
	task := e.waits.Task("Delve")
	defer task.Done()
	dlv, err := delve.Find(ctx, cache, task)
	if err != nil {
		return err
	}
	addr, err := freeAddress()
	if err != nil {
		return err
	}
	first := true
	waits := func() {
		if answersSoon(ctx, addr) {
			fmt.Fprint(e.stdout, waiting(name, addr, first))
			first = false
		}
	}
	return c.Debug(id, lambda.Debugger{
		Dir:     filepath.Dir(binary),
		Command: []string{dlv, "exec", "--headless", "--accept-multiclient", "--api-version=2", "--listen=" + addr},
		Started: waits,
	})
}

// debugBinary builds the function of a zip with debug symbols.
func debugBinary(ctx context.Context, b builder, name, zip string) (string, error) {
	if !b.there() {
		return "", fmt.Errorf("-debug: %s is not there, a program that builds the functions", b.folder())
	}
	if err := b.compile(ctx); err != nil {
		return "", err
	}
	zips, err := b.zips(ctx)
	if err != nil {
		return "", err
	}
	for _, z := range zips.Functions {
		if z.Path == zip {
			return b.debug(ctx, z.Function)
		}
	}
	return "", fmt.Errorf("-debug: the code of %s is in %s, which the program in %s does not build", name, zip, b.folder())
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
