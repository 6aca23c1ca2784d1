package main

import (
	"bytes"
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

	"skiff/local/cloud"
)

// saves lists the commands that change a stack, and the ones that preview such
// a change. All of them read the stack's file. Here the engine saves the state
// once, at the end. A killed command leaves the old state, and the cloud
// recovers the difference: see provider.Unsaved.
var saves = []string{"up", "update", "preview", "pre", "destroy", "down", "dn", "refresh", "import", "watch"}

// destroys lists the names of the command that deletes a stack's resources.
var destroys = []string{"destroy", "down", "dn"}

// lockPatience is the time to wait for a lock.
const lockPatience = 5 * time.Second

// recovering runs one command of the CLI on a stack. It first recovers from
// commands that were killed.
func (e *engine) recovering(ctx context.Context, args []string, stack string) error {
	busy, here, err := e.unlock(stack)
	// When a cloud is killed, its CLI ends too, but a little later.
	for end := time.Now().Add(lockPatience); here && err == nil && time.Now().Before(end) && ctx.Err() == nil; {
		time.Sleep(pollDelay)
		busy, here, err = e.unlock(stack)
	}
	if err != nil {
		return err
	}
	if busy {
		return e.execute(ctx, args, stack) // Pulumi prints who holds the lock
	}
	c, err := e.command(stack)
	if err != nil {
		return err
	}
	if err := e.refreshStale(ctx, c, args, stack); err != nil {
		return err
	}
	before, _ := os.Stat(c.State)
	err = e.execute(ctx, args, stack)
	after, _ := os.Stat(c.State)
	if killed(err) || same(before, after) {
		return err // it saved nothing
	}
	c.Complete = err == nil && complete(args)
	// An interrupted command has also saved its state.
	if endErr := cloud.End(context.WithoutCancel(ctx), e.session.Control, c); endErr != nil {
		if err == nil {
			return endErr
		}
		fmt.Fprintf(e.stderr, "local: %v\n", endErr)
	}
	return err
}

// command returns the description of a command for the cloud.
func (e *engine) command(stack string) (cloud.Command, error) {
	inert, err := e.inert(stack)
	return cloud.Command{
		Program: cloud.Program{Dir: e.project.program, Caller: e.caller, Inert: inert},
		Stack:   "urn:pulumi:" + stack + "::" + e.project.Name, State: e.project.checkpoint(stack),
	}, err
}

// refreshStale makes Pulumi read the resources that a killed command changed or
// deleted. A destroy does not need this.
func (e *engine) refreshStale(ctx context.Context, c cloud.Command, args []string, stack string) error {
	stale, err := cloud.Begin(ctx, e.session.Control, c)
	if err != nil || len(stale) == 0 || slices.Contains(destroys, subcommand(args)) {
		return err
	}
	fmt.Fprintf(e.stderr, "local: a command on stack %s was killed; reading the %d resources that it changed\n", stack, len(stale))
	// The cloud runs this refresh for itself, so no role needs a right for it.
	var out bytes.Buffer
	own := *e
	own.stdout, own.stderr, own.quiet, own.caller = &out, &out, nil, ""
	if err := own.connect(ctx, stack); err != nil {
		return err
	}
	refresh := []string{"refresh", "--yes", "--skip-preview", "--skip-pending-creates", "--stack", stack}
	for _, urn := range stale {
		refresh = append(refresh, "--target", urn)
	}
	if err := own.execute(ctx, refresh, stack); err != nil {
		fmt.Fprint(e.stderr, out.String())
		return fmt.Errorf("read the resources that a killed command changed: %w", err)
	}
	c.Refreshed = true
	_, err = cloud.Begin(ctx, e.session.Control, c)
	return err
}

// checkRemoval refuses to remove a stack while the cloud has resources that a
// killed command created. Pulumi refuses to remove a stack with resources, but
// its state does not have these. --force leaves both kinds
// (https://www.pulumi.com/docs/iac/cli/commands/pulumi_stack_rm/).
func (e *engine) checkRemoval(ctx context.Context, o options, stack string) error {
	words := commandWords(o.args)
	if len(words) < 2 || words[0] != "stack" || words[1] != "rm" && words[1] != "remove" || hasFlag(o.args, "--force") || hasFlag(o.args, "-f") {
		return nil
	}
	if len(words) > 2 {
		stack = shortName(words[2])
	}
	c, err := e.command(stack)
	if err != nil {
		return err
	}
	lost, err := cloud.Lost(ctx, e.session.Control, c)
	if err != nil || len(lost) == 0 {
		return err
	}
	return fmt.Errorf("stack %s still has %d resources that a killed command created, such as %s: delete them first with `%s`, or keep them with --force", stack, len(lost), lost[0], o.line("pulumi destroy --stack", stack))
}

// complete reports whether a successful command leaves exactly the declared
// resources in the stack.
func complete(args []string) bool {
	if !slices.Contains(append([]string{"up", "update"}, destroys...), subcommand(args)) {
		return false
	}
	part := func(arg string) bool {
		name, _, _ := strings.Cut(arg, "=")
		return slices.Contains([]string{"--target", "--exclude", "--target-replace", "--preview-only", "--exclude-protected"}, name) ||
			strings.HasPrefix(arg, "-t") || strings.HasPrefix(arg, "-x")
	}
	return !slices.ContainsFunc(args, part)
}

// same reports whether a file is unchanged between two calls of os.Stat. A
// destroy may remove the file.
func same(before, after os.FileInfo) bool {
	if before == nil || after == nil {
		return before == nil && after == nil
	}
	return os.SameFile(before, after) && before.ModTime().Equal(after.ModTime())
}

// killed reports whether a signal ended the process.
func killed(err error) bool {
	exit, ok := errors.AsType[*exec.ExitError](err)
	if !ok {
		return false
	}
	status, ok := exit.Sys().(syscall.WaitStatus)
	return ok && status.Signaled()
}

// unlock removes the locks of killed commands on the stack, which Pulumi leaves
// to a person. It reports whether a lock is left, and whether a process of this
// machine holds it.
func (e *engine) unlock(stack string) (busy, here bool, err error) {
	files, err := filepath.Glob(filepath.Join(e.project.backend(), ".pulumi", "locks", "organization", e.project.Name, stack, "*.json"))
	if err != nil {
		return false, false, err
	}
	for _, file := range files {
		var lock struct {
			PID      int
			Hostname string
		}
		data, err := os.ReadFile(file)
		if err != nil {
			continue // released meanwhile
		}
		host, hostErr := os.Hostname()
		if json.Unmarshal(data, &lock) != nil || hostErr != nil || lock.Hostname != host || e.runs(lock.PID) {
			busy, here = true, here || lock.Hostname == host
			continue
		}
		if err := os.Remove(file); err != nil && !errors.Is(err, os.ErrNotExist) {
			return false, false, err
		}
	}
	return busy, here, nil
}

// runs reports whether the process is the CLI. The system may reuse the id of
// an ended process for another program.
func (e *engine) runs(pid int) bool {
	if err := syscall.Kill(pid, 0); errors.Is(err, syscall.ESRCH) {
		return false
	}
	exe, err := os.Readlink(fmt.Sprintf("/proc/%d/exe", pid))
	if _, linux := os.Readlink("/proc/self/exe"); linux != nil {
		return true
	}
	return err == nil && filepath.Base(exe) == filepath.Base(e.path)
}
