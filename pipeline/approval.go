package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"runtime"
	"strings"

	"skiff/infra/build"
)

// approval is what was previewed, and so what whoever starts the deployment has
// approved. The deployment is of exactly this or not at all.
type approval struct {
	Stack    string
	Commit   string
	Manifest string // its sha256: of every zip, and of the program
	Plan     string // its sha256: of each operation on each resource
}

// approve records what was previewed.
func (p pipeline) approve(stack, manifest string) error {
	commit, err := p.commit()
	if err != nil {
		return err
	}
	plan, err := build.FileSum(p.planFile(stack))
	if err != nil {
		return fmt.Errorf("the plan: %w", err)
	}
	return writeJSON(p.approvalFile(stack), approval{stack, commit, manifest, plan})
}

// checkApproved refuses a deployment of anything else than was previewed, and
// says what differs.
func (p pipeline) checkApproved(ctx context.Context, stack string) error {
	preview := "plan " + stack
	var a approval
	if err := readJSON(p.approvalFile(stack), preview, &a); err != nil {
		return err
	}
	commit, err := p.commit()
	if err != nil {
		return err
	}
	if a.Stack != stack || a.Commit != commit {
		return fmt.Errorf("the commit differs: the plan is of stack %s and commit %s, this is stack %s and commit %s; run the jobs of one pipeline",
			a.Stack, short(a.Commit), stack, short(commit))
	}
	_, manifest, err := p.readManifest()
	if err != nil {
		return err
	}
	if a.Manifest != manifest {
		return fmt.Errorf("the manifest of the zips differs: what was previewed has the sha256 %s, what is here %s; run the job %q again, then this one",
			a.Manifest, manifest, preview)
	}
	plan, err := build.FileSum(p.planFile(stack))
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("the plan is missing, though it was made: its artifacts have expired; run the job %q again, then this one", preview)
	}
	if err != nil {
		return err
	}
	if a.Plan != plan {
		return fmt.Errorf("the plan differs: what was previewed has the sha256 %s, what is here %s; run the job %q again, then this one", a.Plan, plan, preview)
	}
	return p.checkFresh(ctx, stack)
}

// checkFresh refuses to go on where a zip would be built anew: that would not be
// the one that was built, whatever its bytes.
func (p pipeline) checkFresh(ctx context.Context, stack string) error {
	b, target, err := p.builder(stack)
	if err != nil {
		return err
	}
	stale, err := b.Stale(ctx)
	if err != nil {
		return err
	}
	if len(stale) > 0 {
		return fmt.Errorf("the zips differ: for %s this checkout, with %s, makes others of %s than the job \"build\" has made; run that job again, and those after it",
			target, runtime.Version(), strings.Join(stale, ", "))
	}
	return nil
}
