// Package npm installs programs of the npm registry as their lock files pin
// them, once for all projects of a user.
package npm

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// minNode is the oldest major version of Node.js that the programs run on.
const minNode = 20

// ErrNoNode says that Node.js, or npm beside it, is missing or too old. The
// error that wraps it tells what to install.
var ErrNoNode = errors.New("Node.js 20 or newer is needed")

// CacheDir is the folder that installs of every project share: local-cloud in
// the user's cache folder. It does not have a project's name: each renamed
// clone would build the Pulumi CLI again, for ten minutes.
func CacheDir() (string, error) {
	dir, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("no cache folder: %w; set HOME or XDG_CACHE_HOME", err)
	}
	return filepath.Join(dir, "local-cloud"), nil
}

// Package is one program: what package.json and package-lock.json say of it.
type Package struct {
	Name           string // of the program
	Module         string // its package in the registry; "" for Name
	Purpose        string // for the line that tells of an install
	Manifest, Lock []byte
}

// Install puts the package under dir, once, and returns the folder that holds
// its node_modules. The folder's name is the lock file's digest, so that
// projects with the same lock share it and another lock never meets old files.
// Two installs at once are safe. It writes one line to progress before it
// fetches.
func (p Package) Install(ctx context.Context, dir string, progress io.Writer) (home string, err error) {
	sum := sha256.Sum256(p.Lock)
	home = filepath.Join(dir, p.Name+"-"+hex.EncodeToString(sum[:]))
	if p.installed(home) {
		return home, nil
	}
	if err := p.install(ctx, dir, home, progress); err != nil {
		return "", fmt.Errorf("%s: %w", p.Name, err)
	}
	return home, nil
}

func (p Package) install(ctx context.Context, dir, home string, progress io.Writer) error {
	npm, err := findNPM(ctx)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	p.removeAbandoned(dir)
	temp, err := os.MkdirTemp(dir, p.tempPrefix())
	if err != nil {
		return err
	}
	defer os.RemoveAll(temp)

	fmt.Fprintf(progress, "installing %s, %s, into %s\n", p.Name, p.Purpose, home)
	if err := p.fetch(ctx, npm, temp); err != nil {
		return err
	}
	if !p.installed(temp) {
		return fmt.Errorf("npm ci has not installed it, and does not say why: remove npm's cache (npm cache clean --force), then try again")
	}
	// A rename onto a folder that is not empty fails: another install was quicker, and its files are as good.
	if err := os.Rename(temp, home); err != nil && !p.installed(home) {
		return err
	}
	return nil
}

// tempPrefix names the folders of installs under way.
func (p Package) tempPrefix() string { return "." + p.Name + "-" }

// installed trusts the name: a folder gets it by rename, when it is complete.
func (p Package) installed(home string) bool {
	module := p.Module
	if module == "" {
		module = p.Name
	}
	_, err := os.Stat(filepath.Join(home, "node_modules", filepath.FromSlash(module), "package.json"))
	return err == nil
}

// removeAbandoned removes what killed installs left. An hour is longer than
// any install that still runs.
func (p Package) removeAbandoned(dir string) {
	left, _ := filepath.Glob(filepath.Join(dir, p.tempPrefix()+"*"))
	for _, path := range left {
		if info, err := os.Stat(path); err == nil && time.Since(info.ModTime()) > time.Hour {
			os.RemoveAll(path)
		}
	}
}

// fetch runs npm in folder with the lock. Install scripts stay off: what is
// pinned here has its binaries prebuilt, and a script only to compile where none
// fits.
func (p Package) fetch(ctx context.Context, npm, folder string) error {
	for name, data := range map[string][]byte{"package.json": p.Manifest, "package-lock.json": p.Lock} {
		if err := os.WriteFile(filepath.Join(folder, name), data, 0o644); err != nil {
			return err
		}
	}
	var out bytes.Buffer
	cmd := exec.CommandContext(ctx, npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")
	cmd.Dir = folder
	cmd.Stdout, cmd.Stderr = &out, &out
	cmd.WaitDelay = time.Second
	err := cmd.Run()
	if ctx.Err() != nil {
		return fmt.Errorf("npm ci: %w", context.Cause(ctx))
	}
	if err != nil {
		return fmt.Errorf("npm ci: %w; check that npm reaches its registry, then try again: %s", err, lastLines(out.String(), 5))
	}
	return nil
}

// findNPM returns npm's path, with a Node.js new enough beside it.
func findNPM(ctx context.Context) (string, error) {
	node, err := exec.LookPath("node")
	if err != nil {
		return "", fmt.Errorf("%w; install it with npm, then try again: no node on PATH", ErrNoNode)
	}
	npm, err := exec.LookPath("npm")
	if err != nil {
		return "", fmt.Errorf("%w, with npm; install npm, then try again: no npm on PATH", ErrNoNode)
	}
	out, err := exec.CommandContext(ctx, node, "--version").Output()
	if err != nil {
		return "", fmt.Errorf("%w; install it anew: %s --version: %w", ErrNoNode, node, err)
	}
	version := strings.TrimSpace(string(out))
	major, _, _ := strings.Cut(strings.TrimPrefix(version, "v"), ".")
	if n, err := strconv.Atoi(major); err != nil || n < minNode {
		return "", fmt.Errorf("%w; install it, then try again: node on PATH is %s", ErrNoNode, version)
	}
	return npm, nil
}

// lastLines is the end of a program's output on one line, for an error.
func lastLines(output string, n int) string {
	lines := strings.Split(strings.TrimSpace(output), "\n")
	if len(lines) > n {
		lines = lines[len(lines)-n:]
	}
	return strings.Join(lines, "; ")
}
