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

// minNode is the oldest major version of Node.js that the programs support.
const minNode = 20

// ErrNoNode means that Node.js or its npm is missing or too old. The error that
// wraps it says what to install.
var ErrNoNode = errors.New("Node.js 20 or newer is needed")

// CacheDir returns the folder that all projects share for their installs:
// local-cloud in the user's cache folder. The name does not contain the
// project, because each renamed clone would otherwise build the Pulumi CLI
// again, which takes ten minutes.
func CacheDir() (string, error) {
	dir, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("no cache folder: %w; set HOME or XDG_CACHE_HOME", err)
	}
	return filepath.Join(dir, "local-cloud"), nil
}

// Package is one program with its package.json and package-lock.json.
type Package struct {
	Name           string // of the program
	Module         string // its package in the registry; "" for Name
	Purpose        string // for the message about the install
	Manifest, Lock []byte
}

// Install installs the package below dir once, and returns the folder with its
// node_modules. The folder's name has the lock file's digest, so only projects
// with the same lock share it. Two installs at the same time are safe. It
// writes one line to progress before it downloads.
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
		return fmt.Errorf("npm ci did not install it and printed no error: remove npm's cache (npm cache clean --force), then try again")
	}
	// Renaming to a folder that is not empty fails: another install was faster,
	// and its files are the same.
	if err := os.Rename(temp, home); err != nil && !p.installed(home) {
		return err
	}
	return nil
}

// tempPrefix is the name prefix of unfinished installs.
func (p Package) tempPrefix() string { return "." + p.Name + "-" }

// installed relies on the name: a folder gets its name when it is complete.
func (p Package) installed(home string) bool {
	module := p.Module
	if module == "" {
		module = p.Name
	}
	_, err := os.Stat(filepath.Join(home, "node_modules", filepath.FromSlash(module), "package.json"))
	return err == nil
}

// removeAbandoned removes what killed installs left. No running install takes
// an hour.
func (p Package) removeAbandoned(dir string) {
	left, _ := filepath.Glob(filepath.Join(dir, p.tempPrefix()+"*"))
	for _, path := range left {
		if info, err := os.Stat(path); err == nil && time.Since(info.ModTime()) > time.Hour {
			os.RemoveAll(path)
		}
	}
}

// fetch runs npm in folder with the lock file. Install scripts are disabled:
// the packages contain prebuilt binaries, and a script would only compile one
// where none fits.
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

// findNPM returns the path of npm, if there is a Node.js that is new enough.
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
		return "", fmt.Errorf("%w; reinstall it: %s --version: %w", ErrNoNode, node, err)
	}
	version := strings.TrimSpace(string(out))
	major, _, _ := strings.Cut(strings.TrimPrefix(version, "v"), ".")
	if n, err := strconv.Atoi(major); err != nil || n < minNode {
		return "", fmt.Errorf("%w; install it, then try again: node on PATH is %s", ErrNoNode, version)
	}
	return npm, nil
}

// lastLines returns the last lines of a program's output as one line, for an
// error.
func lastLines(output string, n int) string {
	lines := strings.Split(strings.TrimSpace(output), "\n")
	if len(lines) > n {
		lines = lines[len(lines)-n:]
	}
	return strings.Join(lines, "; ")
}
