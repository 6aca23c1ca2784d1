package main

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"skiff/infra/build"
	"skiff/infra/recording"
	"skiff/lambdas"
)

// throughAWS is the one provider that the program declares.
const throughAWS = "urn:pulumi:mock::skiff::pulumi:providers:aws::aws::pulumi-id of aws"

// cloud stands for AWS: it invents what that would answer.
type cloud struct {
	caller  string // account of the credentials
	refusal error  // of the provider, for any call
}

// Create answers with ids, ARNs and names that show in the inputs of others
// where they were used.
func (c cloud) Create(args pulumi.MockResourceArgs) (string, map[string]any) {
	last := args.TypeToken[strings.LastIndexByte(args.TypeToken, '/')+1:]
	kind, _, _ := strings.Cut(last, ":")
	service, _, _ := strings.Cut(strings.TrimPrefix(args.TypeToken, "aws:"), "/")
	arn := fmt.Sprintf("arn:aws:%s:mock:123456789012:%s/%s", service, kind, args.Name)
	return kind + "-id of " + args.Name, map[string]any{
		"name":         "skiff-mock-" + args.Name + "-0000000",
		"arn":          arn,
		"invokeArn":    arn + "/invocations",
		"executionArn": "arn:aws:execute-api:mock:123456789012:" + args.Name,
		"invokeUrl":    "https://" + args.Name + ".execute-api.mock.amazonaws.com/",
		"stdout":       "sha256 of " + args.Name,
	}
}

// Call tells whose the credentials are, through the stack's provider; the
// program calls nothing else.
func (c cloud) Call(args pulumi.MockCallArgs) (resource.PropertyMap, error) {
	if args.Token != "aws:index/getCallerIdentity:getCallerIdentity" || args.Provider != throughAWS {
		return nil, fmt.Errorf("call of %s through %q", args.Token, args.Provider)
	}
	return resource.NewPropertyMapFromMap(map[string]any{"accountId": c.caller}), c.refusal
}

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

// deployWith runs the whole program with credentials of the stack's account.
func deployWith(t *testing.T, functions []lambdas.Function, settings map[string]string) (*recording.Stack, error) {
	t.Helper()
	return deployIn(t, cloud{caller: settings["skiff:account"]}, functions, settings)
}

// deployIn runs the whole program in a cloud.
func deployIn(t *testing.T, c cloud, functions []lambdas.Function, settings map[string]string) (*recording.Stack, error) {
	t.Helper()
	return recording.Run(t, "skiff", "mock", settings, c, func(ctx *pulumi.Context, all string) (pulumi.Map, error) {
		return program{functions: functions, settings: all, builder: func(target build.Target, names []string) builder {
			return prebuilt{build.New(root, target, names), names}
		}}.deploy(ctx)
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
