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
	env []string // besides this process's own
}

// run returns what git prints, without the newline at its end.
func (g git) run(args ...string) (string, error) {
	out, err := g.feed(nil, args...)
	return strings.TrimRight(string(out), "\n"), err
}

// feed does so for a git that reads in, byte by byte.
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

// clean refuses a work tree that has anything to commit.
func (g git) clean() error {
	changes, err := g.run("status", "--porcelain")
	if err != nil {
		return fmt.Errorf("this needs a git repository: %w", err)
	}
	if changes == "" {
		return nil
	}
	lines := strings.Split(changes, "\n")
	if len(lines) > 5 {
		lines = append(lines[:5], "...")
	}
	return errors.New("there are changes that are not committed; commit them or git stash -u them first, so that one command can undo this one:\n" + strings.Join(lines, "\n"))
}
