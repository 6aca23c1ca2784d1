package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"skiff/local/engine/checkpoint"
	"skiff/local/engine/events"
	"skiff/local/engine/progress"
)

// quiet replaces Pulumi's output: the engine's events show the progress, and a
// log file gets the output.
type quiet struct {
	address string // of the server for events
	log     io.Writer
	said    bytes.Buffer // standard error, which events do not contain
}

// take makes a command of the CLI send its events. Pulumi accepts the flag only
// with PULUMI_DEBUG_COMMANDS, as its Automation API does.
func (q *quiet) take(cmd *exec.Cmd) {
	cmd.Args = append(cmd.Args, "--event-log", q.address, "--color", "never", "--non-interactive")
	cmd.Env = append(cmd.Env, "PULUMI_DEBUG_COMMANDS=true")
	cmd.Stdout, cmd.Stderr = q.log, io.MultiWriter(q.log, &q.said)
}

// upLog is the log of Pulumi's output, in the folder of the local cloud.
const upLog = "up.log"

// up runs `pulumi up` and shows its progress. Of Pulumi's output it prints
// warnings, and diagnostics after a failure.
func (e *engine) up(ctx context.Context, args []string, stack string) (*events.Update, error) {
	path := filepath.Join(e.project.state, upLog)
	log, err := os.OpenFile(path, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	defer log.Close()
	before, err := checkpoint.Read(e.project.checkpoint(stack))
	if err != nil {
		return nil, err
	}
	var urns []string
	for _, r := range before {
		urns = append(urns, r.URN)
	}
	update := events.NewUpdate(urns, e.waits)
	address, stop, err := events.Serve(update.Record)
	if err != nil {
		return nil, err
	}
	defer stop()
	own := *e
	own.quiet = &quiet{address: address, log: log}
	task := e.waits.Task("up")
	defer task.Done()
	defer follow(task, update)()
	err = own.run(ctx, args, stack)
	if err != nil && ctx.Err() == nil {
		task.Done()
		own.quiet.explain(e.stderr, update, path)
		return update, err
	}
	own.quiet.warn(e.stderr)
	return update, err
}

// look is the interval at which progress is shown.
const look = 100 * time.Millisecond

// follow shows the progress of an update until stop is called.
func follow(task *progress.Task, update *events.Update) (stop func()) {
	ended, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		for {
			task.Say("%s", update)
			select {
			case <-ended:
				return
			case <-time.After(look):
			}
		}
	}()
	return func() {
		close(ended)
		<-done
	}
}

// explain prints Pulumi's diagnostics of a failed update.
func (q *quiet) explain(stderr io.Writer, update *events.Update, log string) {
	known := update.Diagnostics(stderr)
	text := q.said.String()
	if !known && text == "" {
		if data, err := os.ReadFile(log); err == nil {
			text = string(data) // it failed before its first event
		}
	}
	fmt.Fprint(stderr, text)
	fmt.Fprintf(stderr, "local: up failed; all that Pulumi printed is in %s\n", log)
}

// warn prints the CLI's own warnings.
func (q *quiet) warn(stderr io.Writer) {
	for line := range strings.Lines(q.said.String()) {
		if strings.HasPrefix(line, "warning:") {
			fmt.Fprint(stderr, line)
		}
	}
}
