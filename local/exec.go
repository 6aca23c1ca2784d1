package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"

	"github.com/urfave/cli/v3"
	"go.yaml.in/yaml/v3"

	"skiff/local/cloud"
	"skiff/local/process/child"
)

// execCommand returns the command exec.
func execCommand(l *commandLine) *cli.Command {
	return l.command(&cli.Command{
		Name: "exec", ArgsUsage: "CMD...", Usage: "run a command that uses AWS against the local cloud", SkipFlagParsing: true,
		Description: `CMD gets the environment variables that the SDKs and the AWS CLI need: the endpoints of the services,
keys that allow every call, and the region of the stack. A call that the local cloud does not support
fails with an error that names it.`,
		Metadata: examples("exec aws dynamodb list-tables", "exec go run ./infra/key SECRET", "exec env"),
	}, func(ctx context.Context, o options, stdout, stderr io.Writer) error {
		if len(o.args) == 0 {
			return misused("exec takes a command, such as: go run ./local exec go run ./infra/key SECRET")
		}
		return runExec(ctx, o, stdout, stderr)
	})
}

// runExec runs a command that uses AWS against the local cloud. All services
// are at a local endpoint, which refuses unsupported ones.
func runExec(ctx context.Context, o options, stdout, stderr io.Writer) error {
	return withCloud(ctx, o, project.openReached, stderr, func(p project, s session) error {
		region := p.region(cmp.Or(o.stack, s.Stack))
		// boto3 and version 1 of the AWS CLI read AWS_DEFAULT_REGION only.
		// https://docs.aws.amazon.com/sdkref/latest/guide/feature-region.html
		env := append(s.environment(), "AWS_REGION="+region, "AWS_DEFAULT_REGION="+region)
		// Version 2 of the AWS CLI opens a pager for its output, and may prompt
		// for missing parameters.
		// https://docs.aws.amazon.com/cli/latest/userguide/cli-configure-envvars.html
		env = append(env, "AWS_PAGER=", "AWS_CLI_AUTO_PROMPT=off")
		return runTool(ctx, p.dir, o.args, env, stdout, stderr)
	})
}

// environment returns the environment of commands that a person runs.
func (s session) environment() []string {
	env := slices.Concat(cleanEnvironment(os.Environ()), s.Operator)
	return append(env, withoutProxy(env)...)
}

// withoutProxy excludes loopback addresses from the user's proxy. Go's clients
// exclude them by default, Python's do not.
func withoutProxy(env []string) []string {
	set := map[string]string{}
	for _, v := range env {
		if name, value, _ := strings.Cut(v, "="); strings.HasSuffix(strings.ToUpper(name), "_PROXY") {
			set[name] = value
		}
	}
	if len(set) == 0 {
		return nil
	}
	except := strings.TrimPrefix(cmp.Or(set["no_proxy"], set["NO_PROXY"])+",127.0.0.1,localhost", ",")
	return []string{"NO_PROXY=" + except, "no_proxy=" + except}
}

// runTool runs a command in a folder. If the command fails, it has printed why,
// and runTool returns an exitError.
func runTool(ctx context.Context, dir string, args, env []string, stdout, stderr io.Writer) error {
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Dir, cmd.Env = dir, env
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, stdout, stderr
	p, err := child.Start(cmd)
	if err != nil {
		return fmt.Errorf("start %s: %w", args[0], err)
	}
	if err := await(ctx, p, false); err != nil {
		return exitError(child.ExitCode(err))
	}
	return nil
}

// region returns the region in the stack's file, or the default one.
func (p project) region(stack string) string {
	var file struct {
		Config map[string]any `yaml:"config"`
	}
	data, err := os.ReadFile(p.stackFile(stack))
	if err != nil || yaml.Unmarshal(data, &file) != nil {
		return cloud.Region
	}
	region, _ := file.Config["aws:region"].(string)
	return cmp.Or(region, cloud.Region)
}
