// Package command stands for the Pulumi command provider: it runs the commands
// of a stack on this machine, as the real one does
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

// grace is how long a command may take to end once it is asked to.
const grace = 5 * time.Second

// Command is the inputs of a local command. Its assets and archives are not
// known here: a refresh empties them, with the real provider too.
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

// Outputs is what the last run printed, without the last line's end.
type Outputs struct {
	Stdout string `json:"stdout"`
	Stderr string `json:"stderr"`
}

// Resources are the resource types of this package. Commands get env and
// nothing else of this process's environment.
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

// run runs one script and keeps what it prints in the record's state. The
// provider that the engine has attached works in this process's directory, so
// a relative one is resolved from the program's.
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
	// What a command leaves running may hold its output open for ever.
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

// environment adds the command's own variables and, unless it declines them,
// what the run before printed.
func environment(env []string, in Command, last map[string]string) []string {
	// Never nil, which would stand for this process's environment.
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

// shown is where a stream goes besides the state: to the person who watches,
// unless the command's logging leaves it out.
func shown(c provider.Call, in Command, stream string) *lines {
	switch in.Logging {
	case "", "stdoutAndStderr", stream:
		return &lines{show: c.Log}
	}
	return &lines{show: func(string) {}}
}

// lines shows what is written to it line by line, so that a long command is
// seen to work.
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

// end shows a last line that does not end.
func (l *lines) end() {
	if len(l.rest) > 0 {
		l.show(string(l.rest))
	}
}

func trim(b bytes.Buffer) string { return strings.TrimSuffix(b.String(), "\n") }
