package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"time"
)

// grace is how long Pulumi may take to end once it is asked to: it finishes what
// AWS is doing and writes it down. GitLab waits less and then kills the job,
// which is what the command recover is for.
const grace = 10 * time.Minute

// result is what a command of Pulumi's printed.
type result struct {
	stdout, all bytes.Buffer
}

// pulumi runs one command of the CLI in dir and shows it and what it prints. Its
// standard output goes to stdout, or nowhere but the result if that is nil. An
// error says in one sentence what to do, as far as the output tells.
func (p pipeline) pulumi(ctx context.Context, dir, stack string, stdout io.Writer, args ...string) (*result, error) {
	fmt.Fprintf(p.stderr, "+ pulumi %s\n", strings.Join(args, " "))
	r := &result{}
	cmd := exec.CommandContext(ctx, "pulumi", args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "PULUMI_SKIP_UPDATE_CHECK=true")
	outs := []io.Writer{&r.stdout, &r.all}
	if stdout != nil {
		outs = append(outs, stdout)
	}
	cmd.Stdout = io.MultiWriter(outs...)
	cmd.Stderr = io.MultiWriter(&r.all, p.stderr)
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = grace
	err := cmd.Run()
	if ctx.Err() != nil {
		return r, fmt.Errorf("pulumi %s was stopped: what it has done is in the state of %s", args[0], stack)
	}
	if err != nil {
		return r, explain(stack, args[0], r.all.String(), err)
	}
	return r, nil
}
