package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/urfave/cli/v3"

	"skiff/internal/rehearsal"
	"skiff/local/aws/issuer"
	"skiff/local/gitlab"
	"skiff/local/process/npm"
)

// ciFlags are the flags of ci.
type ciFlags struct {
	event, project string
	variables      []string
}

// ciCommand returns the command ci.
func ciCommand(l *commandLine) *cli.Command {
	var c ciFlags
	return l.command(&cli.Command{
		Name: "ci", ArgsUsage: "[JOB...]", Usage: "run the project's GitLab pipeline, or some of its jobs",
		Description:               "The jobs act on the local cloud, which serves until the last job ends.",
		Metadata:                  examples("ci", "ci -event merge_request_event review", "ci -var NAME=VALUE test"),
		DisableSliceFlagSeparator: true,
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "event", Local: true, Value: gitlab.Push, Destination: &c.event, Usage: "`EVENT` that starts the pipeline: push, merge_request_event or schedule (default push)"},
			&cli.StringFlag{Name: "project", Local: true, Destination: &c.project, Usage: "`GROUP/PROJECT` of the pipeline (default the project of the remote origin)"},
			&cli.StringSliceFlag{Name: "var", Local: true, Destination: &c.variables, Usage: "variable `NAME=VALUE` for all jobs; can be repeated"},
		},
	}, func(ctx context.Context, o options, stdout, stderr io.Writer) error {
		return runCI(ctx, o, c, stdout, stderr)
	})
}

// runCI runs the project's pipeline, or some of its jobs, against the local
// cloud. It serves the cloud meanwhile, because jobs may call the API.
func runCI(ctx context.Context, o options, c ciFlags, stdout, stderr io.Writer) error {
	cache, err := npm.CacheDir()
	if err != nil {
		return err
	}
	runner, err := gitlab.Install(ctx, cache, stderr)
	if err != nil {
		return err
	}
	return withCloud(ctx, o, project.openToServe, stderr, func(p project, s session) error {
		pipeline, err := p.pipeline(o, c)
		if err != nil {
			return err
		}
		if err := errors.Join(p.addTokens(pipeline), p.addCaches(pipeline)); err != nil {
			return err
		}
		env, err := p.jobEnvironment(s)
		if err != nil {
			return err
		}
		args, err := pipeline.Args()
		if err != nil {
			return err
		}
		return runTool(ctx, p.dir, append([]string{runner}, args...), env, stdout, stderr)
	})
}

// openToServe is an opener that also serves the cloud, at the command line's
// address or the last one.
func (p project) openToServe(o options, stderr io.Writer) (session, func() error, error) {
	last, err := p.lastSession()
	if err != nil {
		return last, nil, err
	}
	_, s, stop, err := p.openServing(cmp.Or(o.addr, last.Addr), last.Stack, stderr)
	return s, stop, err
}

// pipeline returns the pipeline that the command line selects.
func (p project) pipeline(o options, c ciFlags) (*gitlab.Pipeline, error) {
	run := &gitlab.Pipeline{Dir: p.dir, State: filepath.Join(p.state, "ci"), Variables: map[string]string{}}
	run.Event, run.Jobs = c.event, o.args
	for _, text := range c.variables {
		name, value, ok := strings.Cut(text, "=")
		if !ok {
			return nil, misused("-var %q is not NAME=VALUE", text)
		}
		run.Variables[name] = value
	}
	var err error
	run.Project, err = gitlab.Find(p.dir, c.project)
	return run, err
}

// addTokens adds the ID tokens that GitLab would give the jobs, signed with the
// local cloud's key.
// https://docs.gitlab.com/ci/secrets/id_token_authentication/
func (p project) addTokens(run *gitlab.Pipeline) error {
	audiences, err := gitlab.IDTokens(p.dir)
	if err != nil {
		return err
	}
	key, err := issuer.Open(p.state)
	if err != nil {
		return err
	}
	now := time.Now()
	for name, audience := range audiences {
		if _, given := run.Variables[name]; given {
			continue
		}
		run.Variables[name], err = key.Sign(issuer.Claims{
			Issuer: run.Project.Server, Audience: audience, Subject: run.Project.Subject(), Issued: now, Expires: now.Add(time.Hour),
		})
		if err != nil {
			return fmt.Errorf("the token %s: %w", name, err)
		}
	}
	return nil
}

// addCaches makes jobs use this user's Go caches instead of the runner's.
func (p project) addCaches(run *gitlab.Pipeline) error {
	names := []string{"GOPATH", "GOCACHE", "GOMODCACHE"}
	cmd := exec.Command("go", append([]string{"env"}, names...)...)
	cmd.Dir = p.dir
	out, err := cmd.Output()
	if err != nil {
		return fmt.Errorf("go env: %w", err)
	}
	for i, value := range strings.SplitN(strings.TrimSpace(string(out)), "\n", len(names)) {
		run.Variables[names[i]] = value
	}
	return nil
}

// jobEnvironment returns the environment of the runner, which jobs inherit. It
// has the endpoints of the services but no keys, a pulumi that acts on the
// cloud, and a curl that resolves its domains.
func (p project) jobEnvironment(s session) ([]string, error) {
	dir := filepath.Join(p.state, "ci", "tools")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	path := os.Getenv("PATH")
	if err := os.WriteFile(filepath.Join(dir, "pulumi"), []byte(pulumiScript(self, p.state, path)), 0o755); err != nil {
		return nil, err
	}
	// https://curl.se/docs/manpage.html#--connect-to
	curl := fmt.Sprintf("connect-to = \"::%s\"\ncacert = %q\n", s.Addr, filepath.Join(p.state, "ca.pem"))
	if err := os.WriteFile(filepath.Join(dir, ".curlrc"), []byte(curl), 0o644); err != nil {
		return nil, err
	}
	var env []string
	for _, variable := range append(cleanEnvironment(os.Environ()), s.Operator...) {
		name, _, _ := strings.Cut(variable, "=")
		switch {
		case name == "PATH", strings.HasPrefix(name, "AWS_ACCESS_"), strings.HasPrefix(name, "AWS_SECRET_"), strings.HasPrefix(name, "AWS_SESSION_"):
		default:
			env = append(env, variable)
		}
	}
	return append(env, "PATH="+dir+string(os.PathListSeparator)+path, "CURL_HOME="+dir, rehearsal.TargetVariable+"="+rehearsal.Host), nil
}

// pulumiScript returns the script that is pulumi for jobs. It resets PATH to
// this process's, because Pulumi would otherwise find the script on the job's
// PATH and start it without end.
func pulumiScript(self, state, path string) string {
	return fmt.Sprintf("#!/bin/sh\nPATH=%s exec %s -state %s -assume pulumi \"$@\"\n", quoted(path), quoted(self), quoted(state))
}

// quoted quotes a word for a shell.
func quoted(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }
