// Package cli finds the Pulumi CLI. If there is none, it gets the pinned
// version once for all projects of a user, from Pulumi's installer or by a
// build from the Go module proxy.
package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/blang/semver"

	"skiff/local/engine/progress"
	"skiff/local/process/child"
	"skiff/local/process/lock"
)

// Version is the version of the CLI that is installed if PATH has none as new.
// It equals the version of the SDK in go.mod.
const Version = "3.250.0"

// Find returns the path of a Pulumi CLI of at least Version. It tries PATH, the
// CLI built in cache, and the CLI that Pulumi's installer has put into the
// user's Pulumi home. If there is none, it runs Pulumi's installer. If that
// fails, it builds the CLI once shared is closed: the build of the program has
// then compiled the packages that the CLI shares. shared is nil without such a
// build. The task shows the progress.
func Find(ctx context.Context, cache string, shared <-chan struct{}, task *progress.Task) (path string, err error) {
	if path, ok := found(ctx, cache); ok {
		return path, nil
	}
	built := builtPath(cache)
	if err := os.MkdirAll(filepath.Dir(built), 0o755); err != nil {
		return "", err
	}
	// If another process installs or builds the CLI, wait for it.
	unlock, err := lock.Wait(ctx, built+".lock", func() {
		task.Say("waiting for another process that installs or builds it")
	})
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, unlock()) }()
	if path, ok := found(ctx, cache); ok {
		return path, nil
	}
	path, err = install(ctx, cache, task)
	if err == nil || ctx.Err() != nil {
		return path, err
	}
	task.Note("Pulumi's installer does not work here (%v); building the CLI instead", err)
	packages := allPackages
	if shared != nil {
		packages = ownPackages
		task.Say("waiting for the program, with which it shares packages")
		select {
		case <-shared:
		case <-ctx.Done():
			return "", ctx.Err()
		}
	}
	if err := build(ctx, built, packages, task); err != nil {
		return "", fmt.Errorf("build the Pulumi CLI v%s: %w", Version, err)
	}
	return built, nil
}

// builtPath returns the path of the CLI built in cache.
func builtPath(cache string) string { return filepath.Join(cache, "pulumi-v"+Version, "pulumi") }

// found returns an existing CLI. The one in cache is complete, because the
// build renames it only at the end.
func found(ctx context.Context, cache string) (path string, ok bool) {
	if path, err := exec.LookPath("pulumi"); err == nil && newEnough(ctx, path) {
		return path, true
	}
	built := builtPath(cache)
	if _, err := os.Stat(built); err == nil {
		return built, true
	}
	if path, err := installedPath(); err == nil && newEnough(ctx, path) {
		return path, true
	}
	return "", false
}

// answerLimit is the time limit for the CLI to print its version.
const answerLimit = 10 * time.Second

// newEnough reports whether a CLI prints a version of at least Version.
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
