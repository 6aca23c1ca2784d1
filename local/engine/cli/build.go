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

// A module that requires the CLI, for its build: the CLI's go.mod has replace
// directives, which `go install` refuses. pulumi.sum pins every module. The
// project's go.mod has the same versions of the modules in both, so that the two
// builds share packages.
//
//go:embed pulumi.mod
var module []byte

//go:embed pulumi.sum
var sums []byte

// tools is a file that makes the module require the CLI.
const tools = "//go:build tools\n\npackage tools\n\nimport _ \"" + command + "\"\n"

const command = "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi"

// The approximate numbers of packages that a build compiles, for its progress.
const (
	allPackages = 1650 // without a cache
	ownPackages = 960  // after the program's build
)

// build compiles the CLI to path, about so many packages. path exists only if
// the build is complete.
func build(ctx context.Context, path string, packages int, task *progress.Task) error {
	if _, err := exec.LookPath("go"); err != nil {
		return fmt.Errorf("%w, or put a pulumi on PATH", gobuild.ErrNoGo)
	}
	// The lock is held, so these folders belong to killed builds.
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
	task.Say("building v%s from the module proxy, once (some minutes)", Version)
	err = gobuild.Build{
		Dir:      dir,
		Env:      append(os.Environ(), "GOWORK=off", "GOFLAGS="),
		Args:     append(flags(), "-o", "pulumi", command),
		Packages: packages,
		Progress: task,
	}.Run(ctx)
	if err != nil {
		return fmt.Errorf("%w\ncheck that go reaches its module proxy, then try again, or put a pulumi on PATH", err)
	}
	return os.Rename(filepath.Join(dir, "pulumi"), path)
}

// flags returns the flags of the build. Packages that the CLI shares with the
// program have the program's compiler flags, and come from the cache. The engine
// sends its version to programs and plugins; without it, the CLI calls itself a
// development build.
func flags() []string {
	flags := []string{"-mod=readonly", "-ldflags=-s -w -X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=v" + Version}
	for _, path := range unshared() {
		flags = append(flags, "-gcflags="+path+"/...=-l -dwarf=false")
	}
	return flags
}

// unshared returns import paths below which only the CLI has packages, those
// that take most of the compiler's time. Without inlining and debug data they
// take a third less, which is 100 CPU seconds, and an update takes as long.
func unshared() []string {
	return []string{
		"github.com/alecthomas/chroma",
		"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs",
		"github.com/aws/aws-sdk-go-v2/service/kms",
		"github.com/aws/aws-sdk-go-v2/service/s3",
		"github.com/envoyproxy/go-control-plane",
		"github.com/pb33f/libopenapi",
		"github.com/pulumi/pulumi/pkg/v3",
	}
}
