package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"skiff/internal/rehearsal"
	"skiff/local/engine/gobuild"
	"skiff/local/engine/progress"
	"skiff/local/process/child"
)

// buildGrace is the time that the compiler has to end after an interrupt.
const buildGrace = 5 * time.Second

// builder is the project's program that builds the zips of its functions.
type builder struct {
	program string // folder of the Pulumi program
	root    string // folder of go.mod
	binary  string // path of the compiled builder
	waits   *progress.Display
}

func newBuilder(p project, waits *progress.Display) builder {
	return builder{p.program, moduleRoot(p.program), filepath.Join(p.state, "bin", p.Name+"-"+rehearsal.ZipFolder), waits}
}

// moduleRoot returns the nearest folder with a go.mod, or dir if there is none.
func moduleRoot(dir string) string {
	for at := dir; ; at = filepath.Dir(at) {
		if _, err := os.Stat(filepath.Join(at, "go.mod")); err == nil {
			return at
		}
		if at == filepath.Dir(at) {
			return dir
		}
	}
}

func (b builder) folder() string { return filepath.Join(b.program, rehearsal.ZipFolder) }

// there reports whether the project has a builder.
func (b builder) there() bool {
	_, err := os.Stat(b.folder())
	return err == nil
}

// compile compiles the builder. The builder contains the declaration, so each
// change of the program recompiles it.
func (b builder) compile(ctx context.Context) error {
	task := b.waits.Task("the program that builds the functions")
	defer task.Done()
	err := gobuild.Build{
		Dir: b.program, Env: cleanEnvironment(os.Environ()),
		Args: []string{"-o", b.binary, "./" + rehearsal.ZipFolder}, Progress: task,
	}.Run(ctx)
	if err != nil {
		return fmt.Errorf("the program in %s: %w", b.folder(), err)
	}
	return nil
}

// run runs the builder and returns its standard output.
func (b builder) run(ctx context.Context, args ...string) (stdout []byte, err error) {
	cmd := exec.Command(b.binary, append([]string{"-target", rehearsal.Host}, args...)...)
	cmd.Env = cleanEnvironment(os.Environ())
	return b.output(ctx, cmd)
}

// ahead builds every zip with go run, as the commands of the stack do. They then
// find the zips, and the executable of the builder in Go's cache: without it,
// each of them links the builder at the same time.
func (b builder) ahead(ctx context.Context) error {
	task := b.waits.Task("the functions")
	defer task.Done()
	cmd := exec.Command("go", "run", b.folder(), "-target", rehearsal.Host)
	cmd.Env = append([]string{gobuild.Garbage}, cleanEnvironment(os.Environ())...)
	_, err := b.output(ctx, cmd)
	return err
}

// output runs a command at the root of the module and returns its standard
// output. An error contains its standard error.
func (b builder) output(ctx context.Context, cmd *exec.Cmd) (stdout []byte, err error) {
	cmd.Dir = b.root
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	p, err := child.Start(cmd)
	if err != nil {
		return nil, err
	}
	select {
	case <-p.Done():
		err = p.Wait()
	case <-ctx.Done():
		p.End(syscall.SIGINT, buildGrace)
		return nil, ctx.Err()
	}
	if err != nil {
		err = errors.New(strings.TrimSpace(errs.String()))
	}
	return out.Bytes(), err
}

// zips builds every zip whose source has changed. A function that does not
// compile does not stop the others.
func (b builder) zips(ctx context.Context) (zips rehearsal.Zips, err error) {
	out, err := b.run(ctx)
	if ctx.Err() != nil {
		return zips, ctx.Err()
	}
	if bad := json.Unmarshal(out, &zips); bad != nil {
		return zips, cmp.Or(err, fmt.Errorf("the program in %s prints no JSON: %w", b.folder(), bad))
	}
	return zips, err
}

// debug builds a function for a debugger. The name is the builder's name of the
// function.
func (b builder) debug(ctx context.Context, function string) (binary string, err error) {
	out, err := b.run(ctx, "-debug", function)
	return strings.TrimSpace(string(out)), err
}
