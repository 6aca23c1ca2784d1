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

// grace is how long Pulumi may take to end after an interrupt. It waits for
// running AWS operations and records their results. GitLab waits less before it
// kills the job. The command recover cleans up after that.
const grace = 10 * time.Minute

// result is the output of a Pulumi command.
type result struct {
	stdout, all bytes.Buffer
}

// pulumi runs one Pulumi command in dir. It prints the command and the output.
// Standard output also goes to stdout, unless that is nil. If the command fails
// in a known way, the error says what to do.
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
		return r, fmt.Errorf("pulumi %s was stopped; the state of %s has its changes until then", args[0], stack)
	}
	if err != nil {
		return r, explain(stack, args[0], r.all.String(), err)
	}
	return r, nil
}
