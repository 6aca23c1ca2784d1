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

// quiet takes the place of Pulumi's own output: the engine's events say how far
// it is, and a file keeps the rest.
type quiet struct {
	address string // of the events
	log     io.Writer
	said    bytes.Buffer // on standard error, which is not part of the events
}

// take has a command of the CLI send its events. The flag for it is there with
// the variable alone, as in Pulumi's Automation API.
func (q *quiet) take(cmd *exec.Cmd) {
	cmd.Args = append(cmd.Args, "--event-log", q.address, "--color", "never", "--non-interactive")
	cmd.Env = append(cmd.Env, "PULUMI_DEBUG_COMMANDS=true")
	cmd.Stdout, cmd.Stderr = q.log, io.MultiWriter(q.log, &q.said)
}

// upLog keeps what Pulumi prints, in the folder of the local cloud.
const upLog = "up.log"

// up runs an `up` and shows how far it is. Of what Pulumi prints, warnings are
// shown, and after a failure its diagnostics.
func (e *engine) up(ctx context.Context, args []string, stack string) error {
	path := filepath.Join(e.project.state, upLog)
	log, err := os.OpenFile(path, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer log.Close()
	before, err := checkpoint.Read(e.project.checkpoint(stack))
	if err != nil {
		return err
	}
	var urns []string
	for _, r := range before {
		urns = append(urns, r.URN)
	}
	update := events.NewUpdate(urns, e.waits)
	address, stop, err := events.Serve(update.Hear)
	if err != nil {
		return err
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
		return err
	}
	own.quiet.warn(e.stderr)
	return err
}

// look is how often the events are looked at.
const look = 100 * time.Millisecond

// follow has a task say how far an update is, until stop is called.
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

// explain says why an update failed, in Pulumi's words.
func (q *quiet) explain(stderr io.Writer, update *events.Update, log string) {
	known := update.Diagnostics(stderr)
	text := q.said.String()
	if !known && text == "" {
		if data, err := os.ReadFile(log); err == nil {
			text = string(data) // it has failed without an event
		}
	}
	fmt.Fprint(stderr, text)
	fmt.Fprintf(stderr, "local: up failed; all that Pulumi printed is in %s\n", log)
}

// warn shows the CLI's own warnings.
func (q *quiet) warn(stderr io.Writer) {
	for line := range strings.Lines(q.said.String()) {
		if strings.HasPrefix(line, "warning:") {
			fmt.Fprint(stderr, line)
		}
	}
}
