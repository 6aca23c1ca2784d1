package cli

import (
	"bytes"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"skiff/local/engine/progress"
	"skiff/local/process/child"
	"skiff/local/process/npm"
)

// Pulumi's installer: the npm package pulumi
// (https://www.npmjs.com/package/pulumi), with the digest of its archive.
var (
	//go:embed installer/package.json
	installerManifest []byte
	//go:embed installer/package-lock.json
	installerLock []byte
)

// installLimit is the time limit for the installer, which downloads some 130
// MB.
const installLimit = 10 * time.Minute

// installedPath returns where Pulumi's installer and Automation API put this
// version for all programs of a user.
func installedPath() (string, error) {
	home := os.Getenv("PULUMI_HOME")
	if home == "" {
		user, err := os.UserHomeDir()
		if err != nil {
			return "", err
		}
		home = filepath.Join(user, ".pulumi")
	}
	return filepath.Join(home, "versions", Version, "bin", "pulumi"), nil
}

// install runs Pulumi's installer and returns the path of the CLI. The
// installer itself is in cache.
func install(ctx context.Context, cache string, task *progress.Task) (path string, err error) {
	path, err = installedPath()
	if err != nil {
		return "", err
	}
	ctx, cancel := context.WithTimeoutCause(ctx, installLimit, fmt.Errorf("it did not end within %s", installLimit))
	defer cancel()
	home, err := npm.Package{
		Name: "pulumi", Purpose: "the installer of the Pulumi CLI", Manifest: installerManifest, Lock: installerLock,
	}.Install(ctx, cache, task)
	if err != nil {
		return "", err
	}
	task.Say("Pulumi's installer downloads v%s once for this user, to %s", Version, filepath.Dir(path))
	if err := runInstaller(ctx, filepath.Join(home, "node_modules", "pulumi", "run.js")); err != nil {
		return "", err
	}
	if !newEnough(ctx, path) {
		return "", fmt.Errorf("the installer left no working CLI at %s", path)
	}
	return path, nil
}

// runInstaller runs the installer's script. The script installs the CLI before
// it runs the command version.
func runInstaller(ctx context.Context, script string) error {
	var out bytes.Buffer
	cmd := exec.Command("node", script, "version")
	cmd.Env = append(os.Environ(), "PULUMI_VERSION="+Version, "PULUMI_SKIP_UPDATE_CHECK=true")
	cmd.Stdout, cmd.Stderr = &out, &out
	p, err := child.Start(cmd)
	if err != nil {
		return err
	}
	select {
	case <-p.Done():
		err = p.Wait()
	case <-ctx.Done():
		return errors.Join(context.Cause(ctx), p.End(syscall.SIGTERM, time.Second))
	}
	if err != nil {
		return fmt.Errorf("%w: %s", err, lastLine(out.String()))
	}
	return nil
}

func lastLine(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return lines[len(lines)-1]
}
