package main

import (
	"context"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cloudwatch"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/iam"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/lambda"
	command "github.com/pulumi/pulumi-command/sdk/go/command/local"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"skiff/infra/build"
	"skiff/lambdas"
	"skiff/lambdas/names"
)

// function is a Lambda function with the resources that belong only to it: the
// command that builds it, its role and its log group. It is the only component
// of this program, because it repeats. All its resources have the same name.
type function struct {
	pulumi.ResourceState
	lambdas.Function

	lambda *lambda.Function
	rights *iam.RolePolicy
}

// newFunctions declares the functions. It computes all digests in one step, so
// a preview shows what changed without compiling.
func (p program) newFunctions(s *stack, service parts, stored, clients places, tokens *issuer) (fns []*function, err error) {
	zips := p.builder(s.cfg.Target, service.FunctionNames())
	digests, err := zips.Digests(s.ctx.Context())
	if err != nil {
		return nil, err
	}
	at := stored.and(clients)
	for _, declaration := range service.Functions {
		env := environment(s.cfg, declaration, at, tokens)
		f, err := newFunction(s, declaration, zips, digests[declaration.Name], at.grants(declaration), env)
		if err != nil {
			return nil, err
		}
		fns = append(fns, f)
	}
	return fns, nil
}

// newFunction declares one function with its resources.
func newFunction(s *stack, declaration lambdas.Function, zips builder, digest string, grants []grant, env pulumi.StringMap) (*function, error) {
	f := &function{Function: declaration}
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
// sha256. A new digest runs the command. The digest is an environment variable,
// because a changed variable updates the command in place and a changed trigger
// replaces it.
//
// On a checkout that has no zips, the program builds them when the sha256 from
// the state resolves, even in a preview: the engine reads the zip to compare
// it.
func (f *function) newCode(s *stack, zips builder, digest string) (pulumi.ArchiveOutput, error) {
	cmd, err := command.NewCommand(s.ctx, f.Name, &command.CommandArgs{
		Create:      pulumi.Sprintf("go run ./infra/zip -target %s %s", s.cfg.Target, f.Name),
		Dir:         pulumi.String(root),
		Environment: pulumi.StringMap{build.DigestVariable: pulumi.String(digest)},
		// A failed command's error contains its output. Logging would print the
		// output twice.
		Logging: command.LoggingNone,
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

// newLambda declares the Lambda function. The log group exists first: otherwise
// Lambda creates one that keeps logs for ever.
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
		// With JSON, Lambda writes its own lines, from START to REPORT, as JSON
		// too. It passes on the lines of the handlers unchanged and drops lines
		// below this level; the default is info.
		// https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-advanced.html
		LoggingConfig: lambda.FunctionLoggingConfigArgs{
			LogFormat:           pulumi.String("JSON"),
			LogGroup:            logs.Name,
			ApplicationLogLevel: pulumi.String(strings.ToUpper(s.cfg.LogLevel)),
		},
	}, pulumi.Parent(f), pulumi.DependsOn([]pulumi.Resource{f.rights}))
	return err
}

// newRole declares the function's role. The role allows the grants, and writing
// to the function's log group. It does not allow creating log groups, because
// newLambda declares the group.
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

// newRole declares a role with the stack's permissions boundary, if there is
// one.
func newRole(s *stack, name, trusted string, option pulumi.ResourceOption) (*iam.Role, error) {
	args := &iam.RoleArgs{AssumeRolePolicy: pulumi.String(trusted)}
	if s.cfg.PermissionsBoundary != "" {
		args.PermissionsBoundary = pulumi.String(s.cfg.PermissionsBoundary)
	}
	return iam.NewRole(s.ctx, name, args, option)
}

// tracingMode returns the tracing mode of Lambda. With PassThrough a function
// sends traces only if its caller does, and HTTP APIs do not.
func tracingMode(cfg config) pulumi.String {
	if cfg.Tracing {
		return "Active"
	}
	return "PassThrough"
}

// environment returns all environment variables that the function reads.
func environment(cfg config, f lambdas.Function, at places, tokens *issuer) pulumi.StringMap {
	env := at.variables(f)
	env[names.LogLevelVariable] = pulumi.String(cfg.LogLevel)
	if f.Authorizes && tokens != nil {
		env[names.IssuerVariable], env[names.AudiencesVariable] = tokens.url, tokens.joined()
	}
	return env
}

// architecture returns Lambda's name for the target's processor.
func architecture(t build.Target) pulumi.String {
	if t.Arch == "amd64" {
		return "x86_64"
	}
	return pulumi.String(t.Arch)
}
