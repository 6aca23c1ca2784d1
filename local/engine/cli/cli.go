// Package cli finds the Pulumi CLI, or builds the pinned version of it from
// the Go module proxy, once for all projects of a user.
package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/blang/semver"

	"skiff/local/process/child"
	"skiff/local/process/lock"
)

// Version is the CLI that is built where PATH has none as new. It is the
// version of the SDK in go.mod.
const Version = "3.250.0"

// Find returns the path of a Pulumi CLI: the one on PATH if it is at least
// Version, else the one in cache, which is built if need be, with progress.
func Find(ctx context.Context, cache string, progress io.Writer) (path string, err error) {
	if path, err := exec.LookPath("pulumi"); err == nil && newEnough(ctx, path) {
		return path, nil
	}
	path = filepath.Join(cache, "pulumi-v"+Version, "pulumi")
	if _, err := os.Stat(path); err == nil {
		return path, nil
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return "", err
	}
	// A second start while the first one builds waits for it.
	unlock, err := lock.Wait(ctx, path+".lock", func() {
		fmt.Fprintln(progress, "local: waiting for another process that builds the Pulumi CLI")
	})
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, unlock()) }()
	if _, err := os.Stat(path); err == nil {
		return path, nil
	}
	if err := build(ctx, path, progress); err != nil {
		return "", fmt.Errorf("build the Pulumi CLI v%s: %w", Version, err)
	}
	return path, nil
}

// answerLimit is how long a CLI may take to tell its version.
const answerLimit = 10 * time.Second

// newEnough asks a CLI for its version. One that does not say is not used.
func newEnough(ctx context.Context, path string) bool {
	ctx, cancel := context.WithTimeout(ctx, answerLimit)
	defer cancel()
	var out bytes.Buffer
	cmd := exec.Command(path, "version")
	cmd.Env = append(os.Environ(), "PULUMI_SKIP_UPDATE_CHECK=true")
	cmd.Stdout = &out
	p, err := child.Start(cmd)
	if err != nil {
		return false
	}
	select {
	case <-p.Done():
		err = p.Wait()
	case <-ctx.Done():
		p.End(syscall.SIGKILL, 0)
		return false
	}
	if err != nil {
		return false
	}
	v, err := semver.ParseTolerant(strings.TrimSpace(out.String()))
	return err == nil && v.GTE(semver.MustParse(Version))
}
