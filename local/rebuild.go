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
	"slices"
	"strings"
	"syscall"
	"time"

	"skiff/internal/rehearsal"
	"skiff/local/engine/gobuild"
	"skiff/local/engine/watch"
	"skiff/local/process/child"
)

// buildGrace is how long the compiler may take to end once it is asked to.
const buildGrace = 5 * time.Second

func (w *watching) builderFolder() string {
	return filepath.Join(w.engine.project.program, rehearsal.ZipFolder)
}

// compileBuilder compiles the project's own program that builds zips. It has the
// declaration in it, so it is compiled again with the program.
func (w *watching) compileBuilder(ctx context.Context) error {
	binary := filepath.Join(w.engine.project.state, "bin", w.engine.project.Name+"-"+rehearsal.ZipFolder)
	err := gobuild.Build{
		What: "the program that builds the functions", Dir: w.engine.project.program, Env: cleanEnvironment(os.Environ()),
		Args: []string{"-o", binary, "./" + rehearsal.ZipFolder}, Progress: w.stderr,
	}.Run(ctx)
	if err != nil {
		return fmt.Errorf("the program in %s: %w", w.builderFolder(), err)
	}
	w.builder = binary
	return nil
}

// runBuilder runs the project's builder with arguments.
func (w *watching) runBuilder(ctx context.Context, args ...string) (stdout []byte, err error) {
	cmd := exec.Command(w.builder, append([]string{"-target", rehearsal.Host}, args...)...)
	cmd.Dir, cmd.Env = w.root, cleanEnvironment(os.Environ())
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

// build builds every zip whose source has changed, and watches what they are made
// of. Where a function does not compile, the zips of the others are there.
func (w *watching) build(ctx context.Context) (rehearsal.Zips, error) {
	var zips rehearsal.Zips
	out, err := w.runBuilder(ctx)
	if ctx.Err() != nil {
		return zips, ctx.Err()
	}
	if bad := json.Unmarshal(out, &zips); bad != nil {
		return zips, cmp.Or(err, fmt.Errorf("the program in %s prints no JSON: %w", w.builderFolder(), bad))
	}
	if len(zips.Folders) > 0 {
		folders := watch.Folders{}
		for _, f := range zips.Folders {
			folders.Add(f.Path, f.Embeds)
		}
		w.tree.Set(watch.Code, folders)
		clear(w.mains)
		for _, z := range zips.Functions {
			w.mains[z.Function] = z.Main
		}
	}
	return zips, err
}

// rebuild compiles the functions and swaps in those that have changed. A zip of no
// function has the stack brought up.
func (w *watching) rebuild(ctx context.Context, began time.Time) error {
	zips, err := w.build(ctx)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	swapped, unknown, swapErr := w.swap(zips)
	if err := errors.Join(err, swapErr); err != nil {
		if len(swapped) > 0 {
			w.say(began, "%s", newCode(swapped))
		}
		return err
	}
	if len(unknown) > 0 {
		return w.bringUp(ctx, began)
	}
	again := ""
	if w.failed {
		again = "it compiles again: "
	}
	switch {
	case len(swapped) > 0:
		w.say(began, "%s%s", again, newCode(swapped))
	case w.failed || len(w.changed) > 0:
		w.say(began, "%sno function has other code than before", again)
	}
	return nil
}

// swap has the functions run the zips that have changed.
func (w *watching) swap(zips rehearsal.Zips) (swapped, unknown []string, err error) {
	var changed []string
	for _, z := range zips.Functions {
		if z.SHA256 != "" && w.running[z.Path] != z.SHA256 {
			changed = append(changed, z.Path)
		}
	}
	if len(changed) == 0 {
		return nil, nil, nil
	}
	swapped, unknown, err = w.cloud.Swap(w.engine.project.Name, w.stack, w.engine.project.program, changed)
	if err != nil {
		return swapped, unknown, err
	}
	for _, z := range zips.Functions {
		if z.SHA256 != "" && !slices.Contains(unknown, z.Path) {
			w.running[z.Path] = z.SHA256
		}
	}
	return swapped, unknown, nil
}

func newCode(functions []string) string {
	if len(functions) == 1 {
		return functions[0] + " runs new code"
	}
	return strings.Join(functions, ", ") + " run new code"
}

// say is a line of a result, with the time that it took.
func (w *watching) say(began time.Time, format string, args ...any) {
	fmt.Fprintf(w.stdout, "watch: "+format+" (%.1f s)\n", append(args, time.Since(began).Seconds())...)
}

// bringUp brings the stack up with what the program says now, once it and the
// functions compile.
func (w *watching) bringUp(ctx context.Context, began time.Time) error {
	fmt.Fprintf(w.stdout, "watch: %s changed: bringing the stack up\n", w.names(watch.Program, watch.Code))
	binary, err := w.engine.compile(ctx, w.engine.project.program)
	if err != nil {
		return err
	}
	var zips rehearsal.Zips
	if w.builder != "" {
		if err := w.compileBuilder(ctx); err != nil {
			return err
		}
		if zips, err = w.build(ctx); err != nil {
			return err
		}
	}
	summary, err := w.up(ctx, binary)
	if err != nil {
		return err
	}
	w.say(began, "the stack is up: %s", summary)
	// What ran without being deployed may have been newer than what is.
	swapped, _, err := w.swap(zips)
	if len(swapped) > 0 {
		w.say(began, "%s", newCode(swapped))
	}
	return err
}

// up runs Pulumi with a compiled program, after whatever command is at work on the
// stack. What it prints is shown where it fails.
func (w *watching) up(ctx context.Context, binary string) (summary string, err error) {
	for {
		if err := w.await(ctx); err != nil {
			return "", err
		}
		var out bytes.Buffer
		e := *w.engine
		e.stdout, e.stderr = &out, &out
		if err = e.prepare(ctx, w.stack); err == nil {
			e.compiling = compiled(binary)
			err = e.run(ctx, []string{"up", "--yes", "--skip-preview", "--suppress-outputs", "--stack", w.stack}, w.stack)
		}
		if err == nil {
			return resources(out.String()), nil
		}
		busy, _, lockErr := w.engine.unlock(w.stack)
		if ctx.Err() != nil || lockErr != nil {
			return "", errors.Join(ctx.Err(), lockErr)
		}
		if !busy { // else another command was faster to take the lock
			return "", fmt.Errorf("the stack did not come up: %w\n%s", err, diagnostics(out.String()))
		}
	}
}

// await waits for the command that is at work on the stack, if there is one.
func (w *watching) await(ctx context.Context) error {
	for told := false; ; told = true {
		busy, _, err := w.engine.unlock(w.stack)
		if err != nil || !busy {
			return err
		}
		if !told {
			fmt.Fprintf(w.stdout, "watch: waiting for another command that is at work on %s\n", w.stack)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(pollDelay):
		}
	}
}

// resources is what an update says it has done, in one line.
func resources(out string) string {
	_, counts, found := strings.Cut(out, "\nResources:\n")
	if !found {
		return "nothing changed"
	}
	var all []string
	for line := range strings.Lines(counts) {
		line = strings.TrimLeft(strings.TrimSpace(line), "+-~ ")
		if line == "" {
			break
		}
		all = append(all, line)
	}
	return strings.Join(all, ", ")
}

// diagnostics is the part of what an update prints that says what is wrong.
func diagnostics(out string) string {
	if _, part, found := strings.Cut(out, "\nDiagnostics:\n"); found {
		part, _, _ = strings.Cut(part, "\nResources:\n")
		return strings.TrimSpace(part)
	}
	return strings.TrimSpace(out)
}
