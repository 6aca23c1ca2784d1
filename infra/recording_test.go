package main

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"skiff/infra/build"
	"skiff/infra/recording"
	"skiff/lambdas"
)

// facts are what the golden files say of a resource besides its inputs.
func facts(res recording.Resource) (lines []string) {
	if res.Parent != "" {
		lines = append(lines, "part of "+res.Parent)
	}
	for _, other := range res.After {
		lines = append(lines, "after "+other)
	}
	if res.Protected {
		lines = append(lines, "protected")
	}
	if res.Retained {
		lines = append(lines, "retained")
	}
	if res.CreatedIn != "" {
		lines = append(lines, "created within "+res.CreatedIn)
	}
	lines = append(lines, res.Hooks...)
	for _, name := range res.Formerly {
		lines = append(lines, "formerly "+name)
	}
	return lines
}

// prebuilt is a builder that compiles nothing. A digest is the name it stands
// for, so the goldens change with the program and not with the handlers.
type prebuilt struct {
	*build.Builder
	names []string
}

func (p prebuilt) Digests(context.Context) (map[string]string, error) {
	digests := map[string]string{}
	for _, name := range p.names {
		digests[name] = "digest of " + name
	}
	return digests, nil
}

func (p prebuilt) Ensure(_ context.Context, function, sha256 string) (string, error) {
	if sha256 != "sha256 of "+function {
		return "", fmt.Errorf("%s gets the zip with %s", function, sha256)
	}
	return p.Zip(function), nil
}

// settingsOf is what the engine hands over for a stack: its file, and the
// defaults of Pulumi.yaml for what the file leaves out.
func settingsOf(t *testing.T, stack string) map[string]string {
	t.Helper()
	return settingsIn(t, filepath.Join("..", "Pulumi."+stack+".yaml"))
}

// settingsIn is what the engine hands over for a stack with the file.
func settingsIn(t *testing.T, path string) map[string]string {
	t.Helper()
	return recording.Settings(t, "../Pulumi.yaml", path)
}

// with is the settings, changed by texts such as "skiff:memory=512".
func with(settings map[string]string, changes ...string) map[string]string {
	for _, change := range changes {
		key, value, _ := strings.Cut(change, "=")
		settings[key] = value
	}
	return settings
}

// deployWith runs the whole program with credentials of the stack's account.
func deployWith(t *testing.T, functions []lambdas.Function, settings map[string]string) (*recording.Stack, error) {
	t.Helper()
	return deployIn(t, cloud{caller: settings["skiff:account"]}, functions, settings)
}

// deployIn runs the whole program in a cloud.
func deployIn(t *testing.T, c cloud, functions []lambdas.Function, settings map[string]string) (*recording.Stack, error) {
	t.Helper()
	return run(t, c, program{functions: functions}, settings)
}

// run runs a program, which needs neither settings nor a builder of its own.
func run(t *testing.T, c cloud, p program, settings map[string]string) (*recording.Stack, error) {
	t.Helper()
	p.builder = func(target build.Target, names []string) builder {
		return prebuilt{build.New(root, target, names), names}
	}
	return recording.Run(t, "skiff", "mock", settings, c, func(ctx *pulumi.Context, all string) (pulumi.Map, error) {
		p.settings = all
		return p.deploy(ctx)
	})
}

// record runs the program for a stack as it stands.
func record(t *testing.T, stack string) *recording.Stack {
	t.Helper()
	rec, err := deployWith(t, lambdas.Functions(), settingsOf(t, stack))
	if err != nil {
		t.Fatal(err)
	}
	return rec
}
