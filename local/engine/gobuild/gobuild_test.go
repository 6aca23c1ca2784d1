package gobuild

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestProgress(t *testing.T) {
	t.Parallel()
	var compiled []string
	c := &counter{started: time.Now(), build: Build{Compiled: func(importPath string) { compiled = append(compiled, importPath) }}}
	// A line may arrive in pieces.
	for _, piece := range []string{"go: downloading a v1\nf", "mt\nstrings\n# project/infra\nmain.go:1:1: no such thing\n"} {
		if _, err := c.Write([]byte(piece)); err != nil {
			t.Fatal(err)
		}
	}
	if said := strings.Join(c.said, "|"); c.fetched != 1 || c.compiled != 2 || !slices.Equal(compiled, []string{"fmt", "strings"}) || said != "# project/infra|main.go:1:1: no such thing" {
		t.Errorf("%d fetched, %d compiled, %v, said %q", c.fetched, c.compiled, compiled, said)
	}
}

func TestProgressLeft(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		compiled, packages int
		want               string
	}{
		{0, 800, "7 modules fetched, 1m0s"},
		{5, 0, "5 packages compiled, 1m0s"},
		{10, 800, "10 of about 800 packages compiled, 1m0s"}, // too few for an estimate
		{200, 800, "200 of about 800 packages compiled, 1m0s, about 3m0s left"},
		{799, 800, "799 of about 800 packages compiled, 1m0s, about 10s left"},
		{801, 800, "801 packages compiled, 1m0s"},
	} {
		c := &counter{build: Build{Packages: test.packages}, fetched: 7, compiled: test.compiled}
		if got := c.progress(time.Minute); got != test.want {
			t.Errorf("%d of %d: %q, not %q", test.compiled, test.packages, got, test.want)
		}
	}
}

// module writes a program to a folder.
func module(t *testing.T, source string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{"go.mod": "module m\n\ngo 1.26\n", "main.go": source} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestRun(t *testing.T) {
	t.Parallel()
	dir := module(t, "package main\n\nfunc main() {}\n")
	b := Build{Dir: dir, Env: os.Environ(), Args: []string{"-o", "m", "."}}
	if err := b.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(dir, "m")); err != nil {
		t.Error(err)
	}
}

func TestCompilersMessage(t *testing.T) {
	t.Parallel()
	b := Build{Dir: module(t, "package main\n\nfunc main() { nothing() }\n"), Env: os.Environ(), Args: []string{"-o", "m", "."}}
	err := b.Run(t.Context())
	if err == nil || !strings.Contains(err.Error(), "main.go:3:15: undefined: nothing") {
		t.Errorf("got %v", err)
	}
}

func TestCancelled(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	b := Build{Dir: module(t, "package main\n\nfunc main() {}\n"), Env: os.Environ(), Args: []string{"-o", "m", "."}}
	if err := b.Run(ctx); err != nil && !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}
