package main

import (
	"context"
	"flag"
	"fmt"
	"path/filepath"
)

// deploy does what was previewed with -plan, or refuses before anything changes.
func (p pipeline) deploy(*flag.FlagSet) func(context.Context, []string) error {
	return func(ctx context.Context, words []string) error {
		stack := words[0]
		if err := p.checkApproved(ctx, stack); err != nil {
			return err
		}
		if err := p.checkSettled(ctx, stack); err != nil {
			return err
		}
		if err := p.writeProject(stack); err != nil {
			return err
		}
		plan, err := filepath.Abs(p.planFile(stack))
		if err != nil {
			return err
		}
		_, err = p.pulumi(ctx, p.projectDir(), stack, p.stdout, "up", "--stack", stack, "--plan", plan, "--yes", "--skip-preview", "--non-interactive")
		return err
	}
}

// checkSettled refuses a deployment while nobody knows what AWS has made of the
// one before. Pulumi would warn, and create it once more.
func (p pipeline) checkSettled(ctx context.Context, stack string) error {
	pending, err := p.pending(ctx, stack)
	if err != nil || len(pending) == 0 {
		return err
	}
	return fmt.Errorf("a deployment of %s was killed while AWS was creating %v, so nothing was changed: run the job \"recover %[1]s\", then this one",
		stack, pending)
}
