package gitlab

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"path/filepath"

	"skiff/local/process/npm"
)

//go:embed package.json
var manifest []byte

//go:embed package-lock.json
var lock []byte

// ErrNoRsync means that rsync is missing, which copies the project for each
// job.
var ErrNoRsync = errors.New("rsync, which copies the project for each job, is not on PATH: install it (apt-get install rsync), then try again")

// Install installs gitlab-ci-local below cache once, and returns its path.
func Install(ctx context.Context, cache string, progress io.Writer) (string, error) {
	if _, err := exec.LookPath("rsync"); err != nil {
		return "", ErrNoRsync
	}
	home, err := npm.Package{
		Name: "gitlab-ci-local", Purpose: "which runs pipelines on this machine", Manifest: manifest, Lock: lock,
	}.Install(ctx, cache, progress)
	if err != nil {
		return "", fmt.Errorf("pipelines: %w", err)
	}
	return filepath.Join(home, "node_modules", ".bin", "gitlab-ci-local"), nil
}
