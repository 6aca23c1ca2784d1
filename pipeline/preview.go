package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"

	"skiff/pipeline/note"
)

// preview shows what a deployment of the stack would change. It takes no lock
// and writes nothing to AWS. With -plan it also keeps the plan and its approval
// for deploy.
func (p pipeline) preview(flags *flag.FlagSet) func(context.Context, []string) error {
	withPlan := flags.Bool("plan", false, "keep the plan for deploy; it contains the inputs of all resources")
	return func(ctx context.Context, words []string) error {
		stack := words[0]
		_, manifest, err := p.readManifest()
		if err != nil {
			return err
		}
		if err := p.checkFresh(ctx, stack); err != nil {
			return err
		}
		if err := p.writeProject(stack); err != nil {
			return err
		}
		if err := os.RemoveAll(p.previewDir(stack)); err != nil {
			return err
		}
		if err := os.MkdirAll(p.previewDir(stack), 0o700); err != nil {
			return err
		}
		if err := p.runPreview(ctx, stack, *withPlan); err != nil {
			return err
		}
		shown, err := p.readPreview(stack)
		if err != nil {
			return err
		}
		fmt.Fprintln(p.stdout, note.Render(note.Options{}, []note.Preview{shown}))
		if !*withPlan {
			return nil
		}
		return p.approve(stack, manifest)
	}
}

// runPreview runs the preview and keeps its output, and its error if it fails.
func (p pipeline) runPreview(ctx context.Context, stack string, withPlan bool) error {
	args := []string{"preview", "--json", "--stack", stack}
	if withPlan {
		plan, err := filepath.Abs(p.planFile(stack))
		if err != nil {
			return err
		}
		args = append(args, "--save-plan", plan)
	}
	r, err := p.pulumi(ctx, p.projectDir(), stack, nil, args...)
	if writeErr := os.WriteFile(p.previewFile(stack), r.stdout.Bytes(), 0o600); writeErr != nil {
		return errors.Join(err, writeErr)
	}
	if err == nil {
		return nil
	}
	// The program's errors are in the JSON, which has not been printed yet.
	if shown, readErr := note.Read(stack, r.stdout.Bytes()); readErr == nil {
		fmt.Fprintln(p.stdout, note.Render(note.Options{}, []note.Preview{shown.Fail(err.Error())}))
	} else {
		fmt.Fprint(p.stderr, r.stdout.String())
	}
	return errors.Join(err, os.WriteFile(p.errorFile(stack), []byte(err.Error()+"\n"), 0o600))
}
