// Package gobuild runs `go build` and shows its progress.
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

// ErrNoGo means that there is no go command.
var ErrNoGo = errors.New("there is no go command on PATH: install Go from https://go.dev/dl")

// grace is the time the compiler has to end after SIGINT.
const grace = 5 * time.Second

// Garbage is an environment variable that makes the compiler collect garbage
// less often. A large package of Pulumi's SDKs takes an eighth less CPU time and
// 100 MB more memory. A Build has it unless its Env has another value.
const Garbage = "GOGC=400"

// Build is one `go build`.
type Build struct {
	Dir      string
	Env      []string
	Args     []string       // follow `go build -v`
	Packages int            // approximate number of packages without a cache; 0 if unknown
	Progress *progress.Task // shows lines such as "12 packages compiled, 5s"
	Compiled func(string)   // is called with the import path of each package that is compiled; may be nil
}

// Run runs the build. An error contains the compiler's messages.
func (b Build) Run(ctx context.Context) error {
	cmd := exec.Command("go", append([]string{"build", "-v"}, b.Args...)...)
	cmd.Dir, cmd.Env = b.Dir, append([]string{Garbage}, b.Env...)
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

// maxSaid is how many of the compiler's lines an error contains.
const maxSaid = 100

// counter reads the output of `go build -v`: a line for each package and each
// download, which become progress. Other lines are messages of the compiler.
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
		if c.build.Compiled != nil {
			c.build.Compiled(line)
		}
	case len(c.said) < maxSaid:
		c.said = append(c.said, line)
	}
	c.build.Progress.Say("%s", c.progress(time.Since(c.started)))
}

// progress returns what the build has done after a time, and an estimate of the
// remaining time.
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
