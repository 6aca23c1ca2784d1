package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
)

// git runs git in one repository.
type git struct {
	dir string
	env []string // added to this process's environment
}

// run runs git and returns its output without the newline at the end.
func (g git) run(args ...string) (string, error) {
	out, err := g.feed(nil, args...)
	return strings.TrimRight(string(out), "\n"), err
}

// feed runs git with in as standard input and returns its output.
func (g git) feed(in []byte, args ...string) ([]byte, error) {
	cmd := exec.Command("git", args...)
	cmd.Dir = g.dir
	cmd.Env = append(os.Environ(), g.env...)
	cmd.Stdin = bytes.NewReader(in)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		said := strings.TrimSpace(stderr.String() + stdout.String())
		return stdout.Bytes(), fmt.Errorf("git %s: %w: %s", strings.Join(args, " "), err, said)
	}
	return stdout.Bytes(), nil
}

// commit returns the id of the commit that ref names.
func (g git) commit(ref string) (string, error) {
	return g.run("rev-parse", "--verify", "--quiet", "--end-of-options", ref+"^{commit}")
}

// clean fails if the work tree has uncommitted changes.
func (g git) clean() error {
	changes, err := g.run("status", "--porcelain")
	if err != nil {
		return fmt.Errorf("rename needs a git repository: %w", err)
	}
	if changes == "" {
		return nil
	}
	lines := strings.Split(changes, "\n")
	if len(lines) > 5 {
		lines = append(lines[:5], "...")
	}
	return errors.New("there are uncommitted changes; commit them, or run git stash -u, so that one command can undo the renaming:\n" + strings.Join(lines, "\n"))
}
