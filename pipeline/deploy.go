package main

import (
	"context"
	"flag"
	"path/filepath"
)

// deploy does what was previewed with -plan, or refuses before anything changes.
func (p pipeline) deploy(*flag.FlagSet) func(context.Context, []string) error {
	return func(ctx context.Context, words []string) error {
		stack := words[0]
		if err := p.checkApproved(ctx, stack); err != nil {
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
