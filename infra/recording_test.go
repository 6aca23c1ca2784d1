package main

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/workspace"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"skiff/infra/build"
	"skiff/infra/recording"
	"skiff/lambdas"
)

// projectFile declares the settings and the name of the project.
const projectFile = "../Pulumi.yaml"

// facts returns the lines of a golden file about a resource, except its inputs.
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

// prebuilt is a builder that compiles nothing. Its digests contain only the
// name of the function, so a changed handler does not change the goldens.
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

// project returns the name of the Pulumi project, which a team may change.
func project(t *testing.T) string {
	t.Helper()
	file, err := workspace.LoadProject(projectFile)
	if err != nil {
		t.Fatal(err)
	}
	return string(file.Name)
}

// settingsOf returns the settings of a fixture in testdata/stacks. Tests may
// rely on their values. ownStacks returns the team's own stacks.
func settingsOf(t *testing.T, stack string) map[string]string {
	t.Helper()
	return settingsIn(t, filepath.Join("testdata", "stacks", "Pulumi."+stack+".yaml"))
}

// settingsIn returns the settings of a stack's file, with the defaults of
// Pulumi.yaml.
func settingsIn(t *testing.T, path string) map[string]string {
	t.Helper()
	return recording.Settings(t, projectFile, path)
}

// with changes the settings by texts such as "memory=512" and returns them. A
// name without a namespace is a setting of the program itself.
func with(settings map[string]string, changes ...string) map[string]string {
	for _, change := range changes {
		key, value, _ := strings.Cut(change, "=")
		settings[own(settings, key)] = value
	}
	return settings
}

// own returns the whole key of a setting, in the namespace of the account's
// setting.
func own(settings map[string]string, name string) string {
	for key := range settings {
		if namespace, isAccount := strings.CutSuffix(key, ":account"); isAccount && !strings.Contains(name, ":") {
			return namespace + ":" + name
		}
	}
	return name
}

// deployWith runs the whole program with credentials of the stack's account.
func deployWith(t *testing.T, declared lambdas.Service, settings map[string]string) (*recording.Stack, error) {
	t.Helper()
	return deployIn(t, cloud{caller: settings[own(settings, "account")]}, declared, settings)
}

// deployIn runs the whole program in a cloud.
func deployIn(t *testing.T, c cloud, declared lambdas.Service, settings map[string]string) (*recording.Stack, error) {
	t.Helper()
	return run(t, c, program{declared: declared}, settings)
}

// run runs a program. It sets the program's settings and builder.
func run(t *testing.T, c cloud, p program, settings map[string]string) (*recording.Stack, error) {
	t.Helper()
	p.builder = func(target build.Target, names []string) builder {
		return prebuilt{build.New(root, target, names), names}
	}
	c.project = project(t)
	return recording.Run(t, c.project, "mock", settings, c, func(ctx *pulumi.Context, all string) (pulumi.Map, error) {
		p.settings = all
		return p.deploy(ctx)
	})
}

// record runs the program for a fixture without changes.
func record(t *testing.T, stack string) *recording.Stack {
	t.Helper()
	rec, err := deployWith(t, fixture(), settingsOf(t, stack))
	if err != nil {
		t.Fatal(err)
	}
	return rec
}
