// Package gobuild runs `go build` and shows how far it is.
package gobuild

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"syscall"
	"time"

	"skiff/local/engine/progress"
	"skiff/local/process/child"
)

// ErrNoGo is returned where there is no go command.
var ErrNoGo = errors.New("there is no go command on PATH: install Go from https://go.dev/dl")

// grace is how long the compiler may take to end once it is asked to.
const grace = 5 * time.Second

// Build is one `go build`.
type Build struct {
	Dir      string
	Env      []string
	Args     []string       // after `go build -v`
	Packages int            // about how many a build from nothing compiles; 0 if that is not known
	Progress *progress.Task // says lines such as "12 packages compiled, 5s"
}

// Run runs the build to its end. An error holds what the compiler says.
func (b Build) Run(ctx context.Context) error {
	cmd := exec.Command("go", append([]string{"build", "-v"}, b.Args...)...)
	cmd.Dir, cmd.Env = b.Dir, b.Env
	c := &counter{build: b, started: time.Now()}
	cmd.Stderr = c
	p, err := child.Start(cmd)
	if errors.Is(err, exec.ErrNotFound) {
		return ErrNoGo
	}
	if err != nil {
		return err
	}
	select {
	case <-p.Done():
		err = p.Wait()
	case <-ctx.Done():
		p.End(syscall.SIGINT, grace)
		return ctx.Err()
	}
	if err != nil {
		return fmt.Errorf("go build: %w\n%s", err, strings.Join(c.said, "\n"))
	}
	return nil
}

// maxSaid is how many lines of the compiler an error holds.
const maxSaid = 100

// counter turns what `go build -v` prints, a line a package or a download,
// into progress. What else it prints is what the compiler says.
type counter struct {
	build    Build
	started  time.Time
	compiled int
	fetched  int
	rest     []byte
	said     []string
}

func (c *counter) Write(data []byte) (int, error) {
	c.rest = append(c.rest, data...)
	for {
		line, rest, ended := bytes.Cut(c.rest, []byte("\n"))
		if !ended {
			return len(data), nil
		}
		c.rest = rest
		c.line(string(line))
	}
}

func (c *counter) line(line string) {
	switch {
	case strings.HasPrefix(line, "go: downloading"):
		c.fetched++
	case !strings.Contains(line, " "):
		c.compiled++
	case len(c.said) < maxSaid:
		c.said = append(c.said, line)
	}
	c.build.Progress.Say("%s", c.progress(time.Since(c.started)))
}

// progress says what the build has done in such a time, and about how long the
// rest takes.
func (c *counter) progress(took time.Duration) string {
	if c.compiled == 0 {
		return fmt.Sprintf("%d modules fetched, %s", c.fetched, took.Round(time.Second))
	}
	if c.build.Packages == 0 || c.compiled >= c.build.Packages {
		return fmt.Sprintf("%d packages compiled, %s", c.compiled, took.Round(time.Second))
	}
	text := fmt.Sprintf("%d of about %d packages compiled, %s", c.compiled, c.build.Packages, took.Round(time.Second))
	if c.compiled >= c.build.Packages/20 {
		left := took * time.Duration(c.build.Packages-c.compiled) / time.Duration(c.compiled)
		text += fmt.Sprintf(", about %s left", max(left.Round(10*time.Second), 10*time.Second))
	}
	return text
}
