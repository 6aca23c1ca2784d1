package main

import (
	"context"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cloudwatch"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/iam"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/lambda"
	"github.com/pulumi/pulumi-command/sdk/go/command/local"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"skiff/infra/build"
	"skiff/lambdas"
	"skiff/lambdas/names"
)

// function is a Lambda function with all that is its own: the command that
// builds it, its role, its log group, and its place in the API. It is the one
// component, for it is what repeats. All its parts share its name; routes have
// their route key's.
type function struct {
	pulumi.ResourceState

	declared lambdas.Function
	lambda   *lambda.Function
	rights   *iam.RolePolicy

	parts     []pulumi.Resource // what connects it with others, and a stage waits for
	published []any             // outputs: what a deployment of the HTTP API copies
	sockets   []any             // outputs: what one of the WebSocket API copies
}

// newFunctions declares every function of the program. It asks for all digests
// at once, so that a preview tells what changed without compiling.
func (p program) newFunctions(ctx *pulumi.Context, cfg config, in pulumi.ResourceOption, at places) ([]*function, error) {
	functions := p.functions
	if cfg.AttachTo != "" {
		functions = attached(functions)
	}
	zips := p.builder(cfg.Target, lambdas.Names(functions))
	digests, err := zips.Digests(ctx.Context())
	if err != nil {
		return nil, err
	}
	var fns []*function
	for _, declared := range functions {
		f := &function{declared: declared}
		if err := ctx.RegisterComponentResource("skiff:lambda:Function", declared.Name, f, in); err != nil {
			return nil, err
		}
		code, err := f.newCode(ctx, cfg, zips, digests[declared.Name])
		if err != nil {
			return nil, err
		}
		if err := f.newLambda(ctx, cfg, at, code); err != nil {
			return nil, err
		}
		if err := ctx.RegisterResourceOutputs(f, pulumi.Map{"name": f.lambda.Name, "arn": f.lambda.Arn}); err != nil {
			return nil, err
		}
		fns = append(fns, f)
	}
	return fns, nil
}

// newCode declares the command that builds the function's zip and prints its
// sha256. The digest makes it run: a changed variable updates the command in
// place, where a changed trigger would replace it. A checkout that has the
// state of an earlier run and no zips builds them as the sha256 resolves, even
// in a preview: the engine reads the zip to tell whether it changed.
func (f *function) newCode(ctx *pulumi.Context, cfg config, zips builder, digest string) (pulumi.ArchiveOutput, error) {
	cmd, err := local.NewCommand(ctx, f.declared.Name, &local.CommandArgs{
		Create:      pulumi.Sprintf("go run ./infra/zip -target %s %s", cfg.Target, f.declared.Name),
		Dir:         pulumi.String(root),
		Environment: pulumi.StringMap{build.DigestVariable: pulumi.String(digest)},
		// What a command prints is part of its error; logged too, it would be
		// there twice.
		Logging: local.LoggingNone,
	}, pulumi.Parent(f))
	if err != nil {
		return pulumi.ArchiveOutput{}, err
	}
	return cmd.Stdout.ApplyT(func(ctx context.Context, stdout string) (pulumi.Archive, error) {
		zip, err := zips.Ensure(ctx, f.declared.Name, strings.TrimSpace(stdout))
		if err != nil {
			return nil, err
		}
		return pulumi.NewFileArchive(zip), nil
	}).(pulumi.ArchiveOutput), nil
}

// newLambda declares the function itself. The log group is there before it,
// or Lambda would make one of its own that keeps logs for ever.
func (f *function) newLambda(ctx *pulumi.Context, cfg config, at places, code pulumi.ArchiveOutput) error {
	logs, err := cloudwatch.NewLogGroup(ctx, f.declared.Name, &cloudwatch.LogGroupArgs{
		RetentionInDays: pulumi.Int(cfg.LogDays),
	}, pulumi.Parent(f))
	if err != nil {
		return err
	}
	role, err := f.newRole(ctx, cfg, at, logs)
	if err != nil {
		return err
	}
	f.lambda, err = lambda.NewFunction(ctx, f.declared.Name, &lambda.FunctionArgs{
		Role:                         role.Arn,
		Runtime:                      pulumi.String("provided.al2023"),
		Handler:                      pulumi.String("bootstrap"),
		Architectures:                pulumi.StringArray{architecture(cfg.Target)},
		Code:                         code,
		MemorySize:                   pulumi.Int(cfg.Memory),
		Timeout:                      pulumi.Int(cfg.Timeout),
		ReservedConcurrentExecutions: pulumi.Int(cfg.Concurrency),
		TracingConfig:                lambda.FunctionTracingConfigArgs{Mode: tracingMode(cfg)},
		Environment:                  lambda.FunctionEnvironmentArgs{Variables: f.environment(cfg, at)},
		// JSON makes Lambda's own lines, START to REPORT, JSON like those of
		// the handlers, which it passes on as they are. It drops lines below
		// its own level, info unless set.
		// https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-advanced.html
		LoggingConfig: lambda.FunctionLoggingConfigArgs{
			LogFormat:           pulumi.String("JSON"),
			LogGroup:            logs.Name,
			ApplicationLogLevel: pulumi.String(strings.ToUpper(cfg.LogLevel)),
		},
	}, pulumi.Parent(f), pulumi.DependsOn([]pulumi.Resource{f.rights}))
	return err
}

// newRole declares the role that the function alone takes, and its rights: what
// is declared, and to write to its own log group. It may not create log groups:
// there is one.
func (f *function) newRole(ctx *pulumi.Context, cfg config, at places, logs *cloudwatch.LogGroup) (*iam.Role, error) {
	trusted, err := trust("lambda.amazonaws.com")
	if err != nil {
		return nil, err
	}
	args := &iam.RoleArgs{AssumeRolePolicy: pulumi.String(trusted)}
	if cfg.PermissionsBoundary != "" {
		args.PermissionsBoundary = pulumi.String(cfg.PermissionsBoundary)
	}
	role, err := iam.NewRole(ctx, f.declared.Name, args, pulumi.Parent(f))
	if err != nil {
		return nil, err
	}
	grants := append(at.grants(f.declared),
		grant{[]string{"logs:CreateLogStream", "logs:PutLogEvents"}, pulumi.Sprintf("%s:*", logs.Arn)})
	if cfg.Tracing {
		grants = append(grants, traces())
	}
	f.rights, err = iam.NewRolePolicy(ctx, f.declared.Name, &iam.RolePolicyArgs{
		Role:   role.Name,
		Policy: allow(grants...),
	}, pulumi.Parent(f))
	return role, err
}

// tracingMode is Lambda's name of the setting. A function that sends no traces
// of its own still passes on those of its caller, of which HTTP APIs make none.
func tracingMode(cfg config) pulumi.String {
	if cfg.Tracing {
		return "Active"
	}
	return "PassThrough"
}

// environment is what the function reads from its environment and nothing else.
func (f *function) environment(cfg config, at places) pulumi.StringMap {
	env := at.variables(f.declared)
	env[names.LogLevelVariable] = pulumi.String(cfg.LogLevel)
	return env
}

// architecture is Lambda's name of the target's processor.
func architecture(t build.Target) pulumi.String {
	if t.Arch == "amd64" {
		return "x86_64"
	}
	return pulumi.String(t.Arch)
}
