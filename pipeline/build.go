package main

import (
	"context"
	"flag"
	"fmt"
	"maps"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// build builds and records the zips of every function for the stacks, and the
// infra program. Later jobs compile nothing.
func (p pipeline) build(*flag.FlagSet) func(context.Context, []string) error {
	return func(ctx context.Context, stacks []string) error {
		files := map[string]bool{}
		for _, stack := range stacks {
			built, err := p.buildZips(ctx, stack)
			if err != nil {
				return err
			}
			for _, file := range built {
				files[file] = true
			}
		}
		if err := p.buildProgram(ctx); err != nil {
			return err
		}
		files[filepath.Base(p.programFile())] = true
		m, err := p.writeManifest(slices.Sorted(maps.Keys(files)))
		if err != nil {
			return err
		}
		fmt.Fprintf(p.stdout, "built for commit %s:\n", short(m.Commit))
		for _, file := range slices.Sorted(maps.Keys(m.Files)) {
			fmt.Fprintf(p.stdout, "  %s  %s\n", m.Files[file], file)
		}
		return nil
	}
}

// buildZips builds the zips for a stack and returns their paths below .build.
func (p pipeline) buildZips(ctx context.Context, stack string) (files []string, err error) {
	b, target, err := p.builder(stack)
	if err != nil {
		return nil, err
	}
	fmt.Fprintf(p.stderr, "build: the functions of stack %s for %s\n", stack, target)
	digests, err := b.Digests(ctx)
	if err != nil {
		return nil, err
	}
	for _, name := range slices.Sorted(maps.Keys(digests)) {
		if _, err := b.Build(ctx, name, digests[name]); err != nil {
			return nil, err
		}
		files = append(files, path.Join(path.Base(filepath.ToSlash(filepath.Dir(b.Zip(name)))), name+".zip"))
	}
	return files, nil
}

// buildProgram compiles the infra program as Pulumi's language host for Go
// does.
func (p pipeline) buildProgram(ctx context.Context) error {
	fmt.Fprintln(p.stderr, "build: the infra program; the first time takes some minutes, to compile Pulumi's packages")
	began := time.Now()
	out, err := filepath.Abs(p.programFile())
	if err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, "go", "build", "-o", out, "./infra")
	cmd.Dir = p.dir
	text, err := cmd.CombinedOutput()
	if err != nil {
		return fmt.Errorf("compile the program in infra: %w\n%s", err, strings.TrimSpace(string(text)))
	}
	fmt.Fprintf(p.stderr, "build: the infra program took %s\n", time.Since(began).Round(time.Second))
	return nil
}
