package main

import (
	"context"
	"flag"
	"fmt"
	"path/filepath"
)

// deploy executes the plan that preview -plan has made. If anything differs
// from what was previewed, it fails before it changes anything.
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

// checkSettled fails if an earlier deployment was killed while AWS was creating
// something. The state does not say whether that exists now. Pulumi would only
// warn, and create it again.
func (p pipeline) checkSettled(ctx context.Context, stack string) error {
	pending, err := p.pending(ctx, stack)
	if err != nil || len(pending) == 0 {
		return err
	}
	return fmt.Errorf("an earlier deployment of %s was killed while AWS was creating %v; this job has changed nothing: run the job \"recover %[1]s\", then this job",
		stack, pending)
}
