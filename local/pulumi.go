package main

import (
	"cmp"
	"context"
	"crypto/sha1"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/urfave/cli/v3"

	"skiff/local/cloud"
	"skiff/local/store"
)

// pulumiCommand returns the command pulumi.
func pulumiCommand(l *commandLine) *cli.Command {
	return l.command(&cli.Command{
		Name: "pulumi", ArgsUsage: "ARGS...", Usage: "run a Pulumi command against the local cloud", SkipFlagParsing: true,
	}, runPulumi)
}

// runPulumi runs one Pulumi command against the cloud that serves, or opens a
// cloud for it.
func runPulumi(ctx context.Context, o options, stdout, stderr io.Writer) error {
	if o.assume {
		o.args = withoutSecretsProvider(o.args)
	}
	if err := refuse(o.args); err != nil {
		return err
	}
	return withCloud(ctx, o, project.open, stderr, func(p project, s session) error {
		e := newEngine(p, s, stdout, stderr)
		if o.assume {
			var err error
			if e.caller, err = s.assumeRole(ctx, os.Getenv); err != nil {
				return err
			}
		}
		stack := e.stackOf(o.args)
		if subcommand(o.args) != "stack" {
			if err := p.checkStack(stack); err != nil {
				return err
			}
		}
		prepare := func() error { return e.prepare(ctx, stack) }
		if words := commandWords(o.args); len(words) > 1 && words[0] == "stack" && words[1] == "ls" {
			prepare = func() error { return e.connect(ctx, "") } // lists all stacks, so it needs none
		}
		if err := prepare(); err != nil {
			return stopped(ctx, err)
		}
		if err := e.checkRemoval(ctx, o, stack); err != nil {
			return err
		}
		return e.run(ctx, o.args, stack)
	})
}

// opener opens a project's cloud if no process has it open, and returns its
// close function.
type opener func(p project, o options, stderr io.Writer) (session, func() error, error)

// withCloud calls do with the cloud that serves, or opens a cloud for the call.
func withCloud(ctx context.Context, o options, open opener, stderr io.Writer, do func(project, session) error) (err error) {
	p, err := openProject(o)
	if err != nil {
		return err
	}
	s, closeCloud, err := attach(ctx, p, o, open, stderr)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, closeCloud()) }()
	return do(p, s)
}

// pollDelay is the interval at which a cloud in use or a lock is checked.
const pollDelay = 100 * time.Millisecond

// attach returns the cloud to act on. It uses a cloud that serves, waits for a
// cloud that runs another command, and otherwise opens one.
func attach(ctx context.Context, p project, o options, open opener, stderr io.Writer) (session, func() error, error) {
	waiting := false
	for {
		s, closeCloud, err := open(p, o, stderr)
		if !errors.Is(err, store.ErrInUse) {
			return s, closeCloud, err
		}
		s, err = p.lastSession()
		if err != nil {
			return s, nil, err
		}
		// While another process starts, the session file still describes the
		// process before it.
		if s.Serving && answers(s.Control.Address) {
			return s, func() error { return nil }, nil
		}
		if !waiting {
			fmt.Fprintf(stderr, "local: waiting for process %d, which uses %s\n", s.PID, p.state)
			waiting = true
		}
		select {
		case <-ctx.Done():
			return s, nil, ctx.Err()
		case <-time.After(pollDelay):
		}
	}
}

func answers(addr string) bool {
	conn, err := net.DialTimeout("tcp", addr, time.Second)
	if err != nil {
		return false
	}
	conn.Close()
	return true
}

// open opens the cloud for one command. Its APIs keep their last address.
func (p project) open(o options, stderr io.Writer) (session, func() error, error) {
	c, s, err := p.openCloud(o, stderr)
	if err != nil {
		return s, nil, err
	}
	return s, c.Close, nil
}

// openReached opens the cloud and its gateway, for commands that may call a
// queue's URL or the @connections API.
func (p project) openReached(o options, stderr io.Writer) (session, func() error, error) {
	c, s, err := p.openCloud(o, stderr)
	if err != nil {
		return s, nil, err
	}
	l, err := listen(s.Addr)
	if err != nil {
		fmt.Fprintf(stderr, "local: while this command runs, the APIs and the queue URLs do not answer: %v\n", err)
		return s, c.Close, nil
	}
	gateway := c.Gateway()
	go gateway.Serve(c.Listen(l))
	return s, func() error { return errors.Join(shutDown(gateway), c.Close()) }, nil
}

func (p project) openCloud(o options, stderr io.Writer) (*cloud.Cloud, session, error) {
	s, err := p.lastSession()
	if err != nil {
		return nil, s, err
	}
	s.PID, s.Serving, s.Inert = os.Getpid(), false, strings.Join(p.inert, ",")
	if o.addr != "" {
		s.Addr = o.addr
	}
	c, err := openCloud(p, s, stderr)
	if err != nil {
		return nil, s, err
	}
	s.use(c)
	if err := p.writeSession(s); err != nil {
		return nil, s, errors.Join(err, c.Close())
	}
	return c, s, nil
}

func hasFlag(args []string, name string) bool {
	return slices.ContainsFunc(args, func(a string) bool { return a == name || strings.HasPrefix(a, name+"=") })
}

// stackOf returns the stack that a command names, or the selected stack, or the
// served one.
func (e *engine) stackOf(args []string) string {
	for i, arg := range args {
		for _, name := range []string{"--stack", "-s"} {
			if arg == name && i+1 < len(args) {
				return shortName(args[i+1])
			}
			if value, ok := strings.CutPrefix(arg, name+"="); ok {
				return shortName(value)
			}
		}
	}
	served := defaultStack
	if e.session.Serving {
		served = e.session.Stack
	}
	return cmp.Or(e.selected(), served)
}

// shortName returns a stack's name without organization and project.
func shortName(stack string) string { return stack[strings.LastIndexByte(stack, '/')+1:] }

// selected returns the stack that `pulumi stack select` chose in this folder,
// or "". Pulumi stores the choice under the path of Pulumi.yaml.
func (e *engine) selected() string {
	path := sha1.Sum([]byte(filepath.Join(e.project.dir, "Pulumi.yaml")))
	file := fmt.Sprintf("%s-%x-workspace.json", e.project.Name, path)
	var w struct{ Stack string }
	if data, err := os.ReadFile(filepath.Join(e.project.state, "home", "workspaces", file)); err == nil && json.Unmarshal(data, &w) == nil {
		return shortName(w.Stack)
	}
	return ""
}
