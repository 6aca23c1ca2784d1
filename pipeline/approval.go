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

// approval identifies what was previewed. Whoever starts the deployment
// approves exactly this, so deploy refuses anything else.
type approval struct {
	Stack    string
	Commit   string
	Manifest string // sha256 of the manifest, which covers every zip and the program
	Plan     string // sha256 of the plan, which lists each operation on each resource
}

// approve writes the approval of what was previewed.
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

// checkApproved fails if what would be deployed is not what was previewed. The
// error says what differs.
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
		return fmt.Errorf("the commit differs: the plan is for stack %s and commit %s, but this job is for stack %s and commit %s; run both jobs in the same pipeline",
			a.Stack, short(a.Commit), stack, short(commit))
	}
	_, manifest, err := p.readManifest()
	if err != nil {
		return err
	}
	if a.Manifest != manifest {
		return fmt.Errorf("the manifest of the zips differs: the previewed one has the sha256 %s, the present one %s; run the job %q again, then this job",
			a.Manifest, manifest, preview)
	}
	plan, err := build.FileSum(p.planFile(stack))
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("the plan is missing: the artifacts of its job have expired; run the job %q again, then this job", preview)
	}
	if err != nil {
		return err
	}
	if a.Plan != plan {
		return fmt.Errorf("the plan differs: the previewed one has the sha256 %s, the present one %s; run the job %q again, then this job", a.Plan, plan, preview)
	}
	return p.checkFresh(ctx, stack)
}

// checkFresh fails if Pulumi would build a zip again. Then the deployed zip
// would not be the one from the job build, even if its bytes were the same.
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
		return fmt.Errorf("the zips differ: for %s, this checkout with %s would build other zips of %s than the job \"build\" has built; run that job and the jobs after it again",
			target, runtime.Version(), strings.Join(stale, ", "))
	}
	return nil
}
