package cli

import (
	"bytes"
	"context"
	_ "embed"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"skiff/local/child"
)

// The module that the CLI is built in: its own go.mod has replaces, which
// `go install` refuses. The sums pin every module of it.
//
//go:embed pulumi.mod
var module []byte

//go:embed pulumi.sum
var sums []byte

// tools is the file that makes the CLI a dependency of the module.
const tools = "//go:build tools\n\npackage tools\n\nimport _ \"" + command + "\"\n"

const command = "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi"

// packages is about how many packages a build from nothing compiles; it gives
// the progress its scale.
const packages = 1650

// build compiles the CLI and puts it at path, whole or not at all.
func build(ctx context.Context, path string, progress io.Writer) error {
	if _, err := exec.LookPath("go"); err != nil {
		return ErrNoGo
	}
	// What a killed build has left is nobody's: the lock is ours.
	left, err := filepath.Glob(filepath.Join(filepath.Dir(path), "build-*"))
	if err != nil {
		return err
	}
	for _, dir := range left {
		if err := os.RemoveAll(dir); err != nil {
			return err
		}
	}
	dir, err := os.MkdirTemp(filepath.Dir(path), "build-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	for name, data := range map[string][]byte{"go.mod": module, "go.sum": sums, "tools.go": []byte(tools)} {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o644); err != nil {
			return err
		}
	}
	fmt.Fprintf(progress, "local: building the Pulumi CLI v%s from the module proxy, once (some minutes)\n", Version)
	started := time.Now()
	if err := run(ctx, dir, &counter{to: progress, started: started, shown: started}); err != nil {
		return err
	}
	fmt.Fprintf(progress, "local: built the Pulumi CLI in %s\n", time.Since(started).Round(time.Second))
	return os.Rename(filepath.Join(dir, "pulumi"), path)
}

func run(ctx context.Context, dir string, c *counter) error {
	// The version is what the engine tells programs and plugins; without it
	// the CLI takes itself for a development build.
	cmd := exec.Command("go", "build", "-v", "-trimpath", "-mod=readonly",
		"-ldflags=-s -w -X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=v"+Version,
		"-o", "pulumi", command)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOWORK=off", "GOFLAGS=")
	cmd.Stderr = c
	p, err := child.Start(cmd)
	if err != nil {
		return err
	}
	select {
	case <-p.Done():
		err = p.Wait()
	case <-ctx.Done():
		p.End(syscall.SIGINT, time.Second)
		return ctx.Err()
	}
	if err != nil {
		return fmt.Errorf("go build: %w; check that go reaches its module proxy, then try again, or put a pulumi on PATH:\n%s", err, strings.Join(c.last, "\n"))
	}
	return nil
}

// counter turns what `go build -v` prints, a line a package or a download,
// into a line of progress every few seconds. It keeps the last lines for an
// error.
type counter struct {
	to             io.Writer
	started, shown time.Time
	compiled       int
	fetched        int
	rest           []byte
	last           []string
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
	if strings.HasPrefix(line, "go: downloading") {
		c.fetched++
	} else {
		c.compiled++
	}
	c.last = append(c.last[max(0, len(c.last)-20):], line)
	if time.Since(c.shown) < 5*time.Second {
		return
	}
	c.shown = time.Now()
	fmt.Fprintf(c.to, "local:   %4d modules fetched, %4d of about %d packages compiled, %s\n",
		c.fetched, c.compiled, packages, time.Since(c.started).Round(time.Second))
}
