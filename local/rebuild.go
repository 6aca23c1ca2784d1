package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"skiff/internal/rehearsal"
	"skiff/local/engine/events"
	"skiff/local/engine/watch"
)

// build builds every zip whose source has changed, and watches the sources.
func (w *watching) build(ctx context.Context) (rehearsal.Zips, error) {
	zips, err := w.builder.zips(ctx)
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

// rebuild compiles the functions and swaps the changed ones. If the stack lacks
// the function of a zip, it brings the stack up.
func (w *watching) rebuild(ctx context.Context, began time.Time) error {
	zips, err := w.build(ctx)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	swapped, unknown, swapErr := w.swap(ctx, zips)
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
		w.say(began, "%sno function's code has changed", again)
	}
	return nil
}

// swap makes the functions run the zips that have changed.
func (w *watching) swap(ctx context.Context, zips rehearsal.Zips) (swapped, unknown []string, err error) {
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
	if d := w.debugged; d != nil && d.outdated(zips) {
		err = d.run(ctx, zips)
	}
	return swapped, unknown, err
}

func newCode(functions []string) string {
	if len(functions) == 1 {
		return functions[0] + " runs new code"
	}
	return strings.Join(functions, ", ") + " run new code"
}

// say prints a result with the time that it took.
func (w *watching) say(began time.Time, format string, args ...any) {
	fmt.Fprintf(w.stdout, "watch: "+format+" (%.1f s)\n", append(args, time.Since(began).Seconds())...)
}

// bringUp brings the stack up with the current program, if it and the functions
// compile.
func (w *watching) bringUp(ctx context.Context, began time.Time) error {
	fmt.Fprintf(w.stdout, "watch: %s changed: bringing the stack up\n", w.names(watch.Program, watch.Code))
	binary, err := w.engine.compile(ctx, w.engine.project.program, nil)
	if err != nil {
		return err
	}
	var zips rehearsal.Zips
	if w.builds {
		if err := w.builder.compile(ctx); err != nil {
			return err
		}
		if zips, err = w.build(ctx); err != nil {
			return err
		}
	}
	changes, err := w.up(ctx, binary)
	if err != nil {
		return err
	}
	w.say(began, "the stack is up: %s", changes)
	// If a zip equals the deployed one again, the update does not touch the
	// function, which may still run code that was swapped in later.
	swapped, _, err := w.swap(ctx, zips)
	if len(swapped) > 0 {
		w.say(began, "%s", newCode(swapped))
	}
	return err
}

// up runs Pulumi with a compiled program, after other commands on the stack. It
// returns what changed. If it fails, the error has Pulumi's diagnostics.
func (w *watching) up(ctx context.Context, binary string) (changes string, err error) {
	for {
		if err := w.await(ctx); err != nil {
			return "", err
		}
		var said bytes.Buffer
		e := *w.engine
		e.stderr = &said
		var update *events.Update
		if err = e.prepare(ctx, w.stack); err == nil {
			e.compiling = compiled(binary)
			update, err = e.up(ctx, []string{"up", "--yes", "--skip-preview", "--stack", w.stack}, w.stack)
		}
		if err == nil {
			_, err = w.stderr.Write(said.Bytes())
			return update.Changes(), err
		}
		busy, _, lockErr := w.engine.unlock(w.stack)
		if ctx.Err() != nil || lockErr != nil {
			return "", errors.Join(ctx.Err(), lockErr)
		}
		if !busy { // else another command took the lock first
			return "", fmt.Errorf("the stack did not come up: %w\n%s", err, strings.TrimSpace(said.String()))
		}
	}
}

// await waits until no command works on the stack.
func (w *watching) await(ctx context.Context) error {
	for said := false; ; said = true {
		busy, _, err := w.engine.unlock(w.stack)
		if err != nil || !busy {
			return err
		}
		if !said {
			fmt.Fprintf(w.stdout, "watch: waiting for another command on %s to end\n", w.stack)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(pollDelay):
		}
	}
}
