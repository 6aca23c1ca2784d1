// Package delve finds the Go debugger Delve. If there is none, it builds the
// pinned version from the Go module proxy, once for all projects of a user.
package delve

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"time"

	"skiff/local/engine/gobuild"
	"skiff/local/engine/progress"
	"skiff/local/process/lock"
)

// Version is the version that is built if PATH has none that is new enough.
const Version = "1.27.2"

// A module that requires the debugger, for its build. delve.sum pins every
// module.
//
//go:embed delve.mod
var module []byte

//go:embed delve.sum
var sums []byte

const command = "github.com/go-delve/delve/cmd/dlv"

// tools is a file that makes the module require the debugger.
const tools = "//go:build tools\n\npackage tools\n\nimport _ \"" + command + "\"\n"

// packages is the approximate number of packages in a build without a cache.
const packages = 320

// Find returns the path of a dlv that supports the go command on PATH: the dlv
// on PATH, or the one in cache. If there is none, it builds it.
func Find(ctx context.Context, cache string, task *progress.Task) (path string, err error) {
	if path, err := exec.LookPath("dlv"); err == nil && knows(ctx, path) {
		return path, nil
	}
	built := filepath.Join(cache, "delve-v"+Version, "dlv")
	if err := os.MkdirAll(filepath.Dir(built), 0o755); err != nil {
		return "", err
	}
	unlock, err := lock.Wait(ctx, built+".lock", func() {
		task.Say("waiting for another process that builds it")
	})
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, unlock()) }()
	if _, err := os.Stat(built); err == nil {
		return built, nil // complete: the build renames it only at the end
	}
	if err := build(ctx, built, task); err != nil {
		return "", fmt.Errorf("build Delve v%s: %w\ncheck that go reaches its module proxy, then try again, or put a dlv on PATH", Version, err)
	}
	return built, nil
}

// build compiles the debugger to path. path exists only if the build is
// complete.
func build(ctx context.Context, path string, task *progress.Task) error {
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
	task.Note("building the debugger Delve v%s from the module proxy, once (a minute or two)", Version)
	err = gobuild.Build{
		Dir: dir, Env: append(os.Environ(), "CGO_ENABLED=0", "GOWORK=off", "GOFLAGS="),
		Args:     []string{"-trimpath", "-mod=readonly", "-ldflags=-s -w", "-o", "dlv", command},
		Packages: packages, Progress: task,
	}.Run(ctx)
	if err != nil {
		return err
	}
	return os.Rename(filepath.Join(dir, "dlv"), path)
}

// answerLimit is the time limit for a command to print its version.
const answerLimit = 10 * time.Second

// knows reports whether a debugger supports programs of the go command on PATH.
// Delve 1.N supports Go up to 1.N:
// https://github.com/go-delve/delve/blob/master/pkg/goversion/compat.go
func knows(ctx context.Context, path string) bool {
	ctx, cancel := context.WithTimeout(ctx, answerLimit)
	defer cancel()
	said, err := exec.CommandContext(ctx, path, "version").Output()
	if err != nil {
		return false
	}
	language, err := exec.CommandContext(ctx, "go", "env", "GOVERSION").Output()
	return err == nil && minor(said) >= minor(language) && minor(language) > 0
}

// minor returns N of the first version 1.N in a text, or -1.
func minor(text []byte) int {
	found := regexp.MustCompile(`\b(?:go)?1\.(\d+)`).FindSubmatch(text)
	if found == nil {
		return -1
	}
	n, err := strconv.Atoi(string(found[1]))
	if err != nil {
		return -1
	}
	return n
}
