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

// saves lists the commands that change a stack and save its state at their end,
// and those that show what such a command would do. All of them read the stack's
// file. The engine saves it once, not
// after every step: a command that is killed leaves its state as it was before,
// and the cloud makes up for it. See provider.Unsaved.
var saves = []string{"up", "update", "preview", "pre", "destroy", "down", "dn", "refresh", "import", "watch"}

// destroys lists the names of the command that deletes a stack's resources.
var destroys = []string{"destroy", "down", "dn"}

// lockPatience is how long a lock is waited for.
const lockPatience = 5 * time.Second

// recovering runs one command of the CLI on a stack as if every command before it
// had ended, whether or not it did.
func (e *engine) recovering(ctx context.Context, args []string, stack string) error {
	busy, here, err := e.unlock(stack)
	// The CLI of a cloud that was killed dies of it, but not before it.
	for end := time.Now().Add(lockPatience); here && err == nil && time.Now().Before(end) && ctx.Err() == nil; {
		time.Sleep(pollDelay)
		busy, here, err = e.unlock(stack)
	}
	if err != nil {
		return err
	}
	if busy {
		return e.execute(ctx, args, stack) // Pulumi says whose the lock is
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
		return err // it has saved nothing
	}
	c.Complete = err == nil && complete(args)
	// A command that was interrupted has saved, too.
	if endErr := cloud.End(context.WithoutCancel(ctx), e.session.Control, c); endErr != nil {
		if err == nil {
			return endErr
		}
		fmt.Fprintf(e.stderr, "local: %v\n", endErr)
	}
	return err
}

// command describes a command on a stack to the cloud.
func (e *engine) command(stack string) (cloud.Command, error) {
	inert, err := e.inert(stack)
	return cloud.Command{
		Program: cloud.Program{Dir: e.project.program, Caller: e.caller, Inert: inert},
		Stack:   "urn:pulumi:" + stack + "::" + e.project.Name, State: e.project.checkpoint(stack),
	}, err
}

// refreshStale has Pulumi read the resources that a command which was killed has
// changed or deleted. A destroy deletes them as they are.
func (e *engine) refreshStale(ctx context.Context, c cloud.Command, args []string, stack string) error {
	stale, err := cloud.Begin(ctx, e.session.Control, c)
	if err != nil || len(stale) == 0 || slices.Contains(destroys, subcommand(args)) {
		return err
	}
	fmt.Fprintf(e.stderr, "local: a command on %s was killed; reading the %d resources that it has changed\n", stack, len(stale))
	// It is the cloud's own matter, for which no role needs a right.
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
		return fmt.Errorf("read what a command that was killed has changed: %w", err)
	}
	c.Refreshed = true
	_, err = cloud.Begin(ctx, e.session.Control, c)
	return err
}

// complete reports whether a command that succeeds leaves in the stack what its
// program declares, and nothing else.
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

// same reports whether a file has not been written between two looks at it. A
// destroy may remove it.
func same(before, after os.FileInfo) bool {
	if before == nil || after == nil {
		return before == nil && after == nil
	}
	return os.SameFile(before, after) && before.ModTime().Equal(after.ModTime())
}

// killed reports whether a process was ended by a signal.
func killed(err error) bool {
	exit, ok := errors.AsType[*exec.ExitError](err)
	if !ok {
		return false
	}
	status, ok := exit.Sys().(syscall.WaitStatus)
	return ok && status.Signaled()
}

// unlock removes the locks of the stack whose holders have been killed: Pulumi
// keeps them for a person to remove. It reports whether one is left, and whether
// a process of this machine holds it.
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
			continue // released
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

// runs reports whether a process of this machine is one of the CLI: the id of one
// that has ended may be another's by now.
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
