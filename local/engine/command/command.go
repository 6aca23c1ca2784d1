// Package command implements the Pulumi command provider: it runs a stack's
// local commands on this machine
// (https://www.pulumi.com/registry/packages/command/api-docs/local/command/).
package command

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"skiff/local/engine/provider"
	"skiff/local/process/child"
	"skiff/local/store"
)

// Token is the resource type of this package.
const Token = "command:local:Command"

// grace is the time a command has to end after SIGINT.
const grace = 5 * time.Second

// Command is the inputs of a local command. It has no assets and archives: a
// refresh empties them, also in Pulumi's command provider.
type Command struct {
	Create                 string            `json:"create,omitempty"`
	Update                 string            `json:"update,omitempty"`
	Delete                 string            `json:"delete,omitempty"`
	Dir                    string            `json:"dir,omitempty"`
	Environment            map[string]string `json:"environment,omitempty"`
	Interpreter            []string          `json:"interpreter,omitempty"`
	Logging                string            `json:"logging,omitempty"`
	Stdin                  string            `json:"stdin,omitempty"`
	Triggers               []any             `json:"triggers,omitempty" aws:"replace"`
	AddPreviousOutputInEnv *bool             `json:"addPreviousOutputInEnv,omitempty"`
}

// Outputs is the output of the last run, without the final newline.
type Outputs struct {
	Stdout string `json:"stdout"`
	Stderr string `json:"stderr"`
}

// Resources returns the resource type of this package. Commands run with env,
// without this process's environment.
func Resources(env []string) *provider.Resource[Command, Outputs] {
	return &provider.Resource[Command, Outputs]{
		Token:    Token,
		Volatile: []string{"stdout", "stderr"},
		Check:    check,
		Create: func(ctx context.Context, c provider.Call, r *store.Record[Command]) error {
			return run(ctx, c, env, r.Inputs.Create, r)
		},
		Update: func(ctx context.Context, c provider.Call, _ store.Record[Command], r *store.Record[Command]) error {
			script := r.Inputs.Update
			if script == "" {
				script = r.Inputs.Create
			}
			return run(ctx, c, env, script, r)
		},
		Delete: func(ctx context.Context, c provider.Call, r store.Record[Command]) error {
			return run(ctx, c, env, r.Inputs.Delete, &r)
		},
		Describe: func(r store.Record[Command]) Outputs {
			return Outputs{Stdout: r.State["stdout"], Stderr: r.State["stderr"]}
		},
	}
}

func check(in Command) []provider.Problem {
	loggings := []string{"", "stdout", "stderr", "stdoutAndStderr", "none"}
	if !slices.Contains(loggings, in.Logging) {
		return []provider.Problem{{Property: "logging", Reason: fmt.Sprintf("%q is none of %s", in.Logging, strings.Join(loggings[1:], ", "))}}
	}
	return nil
}

// run runs one script and stores its output in the record's State. A relative
// Dir is relative to the program's folder, because this process works in
// another one.
func run(ctx context.Context, c provider.Call, env []string, script string, r *store.Record[Command]) error {
	in := r.Inputs
	if script == "" {
		return nil
	}
	interpreter := in.Interpreter
	if len(interpreter) == 0 {
		interpreter = []string{"/bin/sh", "-c"}
	}
	cmd := exec.Command(interpreter[0], append(slices.Clone(interpreter[1:]), script)...)
	cmd.Dir = filepath.Join(c.Dir, in.Dir)
	if filepath.IsAbs(in.Dir) {
		cmd.Dir = in.Dir
	}
	cmd.Env = environment(env, in, r.State)
	cmd.Stdin = strings.NewReader(in.Stdin)
	var stdout, stderr bytes.Buffer
	out, errs := shown(c, in, "stdout"), shown(c, in, "stderr")
	cmd.Stdout, cmd.Stderr = io.MultiWriter(&stdout, out), io.MultiWriter(&stderr, errs)
	// A process that the command leaves running may keep the output open.
	cmd.WaitDelay = grace
	p, err := child.Start(cmd)
	if err != nil {
		return fmt.Errorf("start %q in %s: %w", script, cmd.Dir, err)
	}
	select {
	case <-p.Done():
		err = p.Wait()
	case <-ctx.Done():
		err = errors.Join(context.Cause(ctx), p.End(syscall.SIGINT, grace))
	}
	out.end()
	errs.end()
	if err != nil && !errors.Is(err, exec.ErrWaitDelay) {
		return fmt.Errorf("%w: running %q:\n%s%s", err, script, stdout.String(), stderr.String())
	}
	r.State = map[string]string{"stdout": trim(stdout), "stderr": trim(stderr)}
	return nil
}

// environment returns env, the output of the last run unless the command
// declines it, and the command's variables.
func environment(env []string, in Command, last map[string]string) []string {
	// Not nil: exec.Cmd would then use this process's environment.
	env = append([]string{}, env...)
	if in.AddPreviousOutputInEnv == nil || *in.AddPreviousOutputInEnv {
		if out, ok := last["stdout"]; ok {
			env = append(env, "PULUMI_COMMAND_STDOUT="+out, "PULUMI_COMMAND_STDERR="+last["stderr"])
		}
	}
	for _, name := range slices.Sorted(maps.Keys(in.Environment)) {
		env = append(env, name+"="+in.Environment[name])
	}
	return env
}

// shown returns the lines that show a stream during the run. They show nothing
// if the command's logging leaves the stream out.
func shown(c provider.Call, in Command, stream string) *lines {
	switch in.Logging {
	case "", "stdoutAndStderr", stream:
		return &lines{show: c.Log}
	}
	return &lines{show: func(string) {}}
}

// lines shows its input line by line, so that a person can follow a long
// command.
type lines struct {
	show func(string)
	rest []byte
}

func (l *lines) Write(data []byte) (int, error) {
	l.rest = append(l.rest, data...)
	for {
		line, rest, ended := bytes.Cut(l.rest, []byte("\n"))
		if !ended {
			return len(data), nil
		}
		l.show(string(line))
		l.rest = rest
	}
}

// end shows a last line without a newline.
func (l *lines) end() {
	if len(l.rest) > 0 {
		l.show(string(l.rest))
	}
}

func trim(b bytes.Buffer) string { return strings.TrimSuffix(b.String(), "\n") }
