package cli

import (
	"context"
	_ "embed"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"skiff/local/engine/gobuild"
	"skiff/local/engine/progress"
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
func build(ctx context.Context, path string, task *progress.Task) error {
	if _, err := exec.LookPath("go"); err != nil {
		return fmt.Errorf("%w, or put a pulumi on PATH", gobuild.ErrNoGo)
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
	task.Say("v%s is built from the module proxy, once (some minutes)", Version)
	// The version is what the engine tells programs and plugins; without it
	// the CLI takes itself for a development build.
	err = gobuild.Build{
		Dir: dir,
		Env: append(os.Environ(), "CGO_ENABLED=0", "GOWORK=off", "GOFLAGS="),
		Args: []string{"-trimpath", "-mod=readonly",
			"-ldflags=-s -w -X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=v" + Version,
			"-o", "pulumi", command},
		Packages: packages,
		Progress: task,
	}.Run(ctx)
	if err != nil {
		return fmt.Errorf("%w\ncheck that go reaches its module proxy, then try again, or put a pulumi on PATH", err)
	}
	return os.Rename(filepath.Join(dir, "pulumi"), path)
}
