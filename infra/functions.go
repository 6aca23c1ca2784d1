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

// function is a Lambda function with all that belongs to it alone: the command
// that builds it, its role, its log group. It is the one component, for it is
// what repeats. All its parts share its name.
type function struct {
	pulumi.ResourceState
	lambdas.Function

	lambda *lambda.Function
	rights *iam.RolePolicy
}

// newFunctions declares every function. It asks for all digests at once, so that
// a preview says what changed without compiling.
func (p program) newFunctions(s *stack, service parts, stored, clients places, tokens *issuer) (fns []*function, err error) {
	zips := p.builder(s.cfg.Target, service.FunctionNames())
	digests, err := zips.Digests(s.ctx.Context())
	if err != nil {
		return nil, err
	}
	at := stored.and(clients)
	for _, declared := range service.Functions {
		env := environment(s.cfg, declared, at, tokens)
		f, err := newFunction(s, declared, zips, digests[declared.Name], at.grants(declared), env)
		if err != nil {
			return nil, err
		}
		fns = append(fns, f)
	}
	return fns, nil
}

// newFunction declares one function with its parts.
func newFunction(s *stack, declared lambdas.Function, zips builder, digest string, grants []grant, env pulumi.StringMap) (*function, error) {
	f := &function{Function: declared}
	if err := s.ctx.RegisterComponentResource(s.ctx.Project()+":lambda:Function", f.Name, f, s.in); err != nil {
		return nil, err
	}
	code, err := f.newCode(s, zips, digest)
	if err != nil {
		return nil, err
	}
	if err := f.newLambda(s, code, grants, env); err != nil {
		return nil, err
	}
	return f, s.ctx.RegisterResourceOutputs(f, pulumi.Map{"name": f.lambda.Name, "arn": f.lambda.Arn})
}

// newCode declares the command that builds the function's zip and prints its
// sha256. The digest makes it run: a changed variable updates the command in
// place, where a changed trigger would replace it. A checkout that has the
// state of an earlier run and no zips builds them as the sha256 resolves, even
// in a preview: the engine reads the zip to see whether it changed.
func (f *function) newCode(s *stack, zips builder, digest string) (pulumi.ArchiveOutput, error) {
	cmd, err := local.NewCommand(s.ctx, f.Name, &local.CommandArgs{
		Create:      pulumi.Sprintf("go run ./infra/zip -target %s %s", s.cfg.Target, f.Name),
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
		zip, err := zips.Ensure(ctx, f.Name, strings.TrimSpace(stdout))
		if err != nil {
			return nil, err
		}
		return pulumi.NewFileArchive(zip), nil
	}).(pulumi.ArchiveOutput), nil
}

// newLambda declares the function itself. The log group is there before it,
// or Lambda would make one of its own that keeps logs for ever.
func (f *function) newLambda(s *stack, code pulumi.ArchiveOutput, grants []grant, env pulumi.StringMap) error {
	logs, err := cloudwatch.NewLogGroup(s.ctx, f.Name, &cloudwatch.LogGroupArgs{
		RetentionInDays: pulumi.Int(s.cfg.LogDays),
	}, pulumi.Parent(f))
	if err != nil {
		return err
	}
	role, err := f.newRole(s, logs, grants)
	if err != nil {
		return err
	}
	f.lambda, err = lambda.NewFunction(s.ctx, f.Name, &lambda.FunctionArgs{
		Role:                         role.Arn,
		Runtime:                      pulumi.String("provided.al2023"),
		Handler:                      pulumi.String("bootstrap"),
		Architectures:                pulumi.StringArray{architecture(s.cfg.Target)},
		Code:                         code,
		MemorySize:                   pulumi.Int(s.cfg.Memory),
		Timeout:                      pulumi.Int(s.cfg.Timeout),
		ReservedConcurrentExecutions: pulumi.Int(s.cfg.Concurrency),
		TracingConfig:                lambda.FunctionTracingConfigArgs{Mode: tracingMode(s.cfg)},
		Environment:                  lambda.FunctionEnvironmentArgs{Variables: env},
		// JSON makes Lambda's own lines, START to REPORT, JSON like those of
		// the handlers, which it passes on as they are. It drops lines below
		// its own level, info unless set.
		// https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-advanced.html
		LoggingConfig: lambda.FunctionLoggingConfigArgs{
			LogFormat:           pulumi.String("JSON"),
			LogGroup:            logs.Name,
			ApplicationLogLevel: pulumi.String(strings.ToUpper(s.cfg.LogLevel)),
		},
	}, pulumi.Parent(f), pulumi.DependsOn([]pulumi.Resource{f.rights}))
	return err
}

// newRole declares the role that the function alone takes, and its rights: the
// grants, and to write to its own log group. It may not create log groups: there
// is one.
func (f *function) newRole(s *stack, logs *cloudwatch.LogGroup, grants []grant) (*iam.Role, error) {
	trusted, err := trust("lambda.amazonaws.com")
	if err != nil {
		return nil, err
	}
	role, err := newRole(s, f.Name, trusted, pulumi.Parent(f))
	if err != nil {
		return nil, err
	}
	grants = append(grants, grant{[]string{"logs:CreateLogStream", "logs:PutLogEvents"}, pulumi.Sprintf("%s:*", logs.Arn)})
	if s.cfg.Tracing {
		grants = append(grants, traces())
	}
	f.rights, err = iam.NewRolePolicy(s.ctx, f.Name, &iam.RolePolicyArgs{
		Role:   role.Name,
		Policy: allow(grants...),
	}, pulumi.Parent(f))
	return role, err
}

// newRole declares a role within the stack's boundary.
func newRole(s *stack, name, trusted string, option pulumi.ResourceOption) (*iam.Role, error) {
	args := &iam.RoleArgs{AssumeRolePolicy: pulumi.String(trusted)}
	if s.cfg.PermissionsBoundary != "" {
		args.PermissionsBoundary = pulumi.String(s.cfg.PermissionsBoundary)
	}
	return iam.NewRole(s.ctx, name, args, option)
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
func environment(cfg config, f lambdas.Function, at places, tokens *issuer) pulumi.StringMap {
	env := at.variables(f)
	env[names.LogLevelVariable] = pulumi.String(cfg.LogLevel)
	if f.Authorizes && tokens != nil {
		env[names.IssuerVariable], env[names.AudiencesVariable] = tokens.url, tokens.joined()
	}
	return env
}

// architecture is Lambda's name of the target's processor.
func architecture(t build.Target) pulumi.String {
	if t.Arch == "amd64" {
		return "x86_64"
	}
	return pulumi.String(t.Arch)
}
