package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/apigatewayv2"
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

	declared    lambdas.Function
	name        pulumi.StringOutput
	integration *apigatewayv2.Integration // nil without routes
	routes      []*apigatewayv2.Route
	permission  *lambda.Permission // nil without routes
}

// newFunctions declares every function of the program. It asks for all digests
// at once, so that a preview tells what changed without compiling.
func (p program) newFunctions(ctx *pulumi.Context, cfg config, in pulumi.ResourceOption, items *table, api *apigatewayv2.Api) ([]*function, error) {
	var names []string
	for _, f := range p.functions {
		names = append(names, f.Name)
	}
	zips := p.builder(cfg.Target, names)
	digests, err := zips.Digests(ctx.Context())
	if err != nil {
		return nil, err
	}
	var fns []*function
	for _, declared := range p.functions {
		f := &function{declared: declared}
		if err := ctx.RegisterComponentResource("skiff:lambda:Function", declared.Name, f, in); err != nil {
			return nil, err
		}
		code, err := f.newCode(ctx, cfg, zips, digests[declared.Name])
		if err != nil {
			return nil, err
		}
		fn, err := f.newLambda(ctx, cfg, items, code)
		if err != nil {
			return nil, err
		}
		if err := f.connect(ctx, cfg, api, fn); err != nil {
			return nil, err
		}
		f.name = fn.Name
		if err := ctx.RegisterResourceOutputs(f, pulumi.Map{"name": fn.Name, "arn": fn.Arn}); err != nil {
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
func (f *function) newLambda(ctx *pulumi.Context, cfg config, items *table, code pulumi.ArchiveOutput) (*lambda.Function, error) {
	logs, err := cloudwatch.NewLogGroup(ctx, f.declared.Name, &cloudwatch.LogGroupArgs{
		RetentionInDays: pulumi.Int(cfg.LogDays),
	}, pulumi.Parent(f))
	if err != nil {
		return nil, err
	}
	role, rights, err := f.newRole(ctx, cfg, items, logs)
	if err != nil {
		return nil, err
	}
	return lambda.NewFunction(ctx, f.declared.Name, &lambda.FunctionArgs{
		Role:                         role.Arn,
		Runtime:                      pulumi.String("provided.al2023"),
		Handler:                      pulumi.String("bootstrap"),
		Architectures:                pulumi.StringArray{architecture(cfg.Target)},
		Code:                         code,
		MemorySize:                   pulumi.Int(cfg.Memory),
		Timeout:                      pulumi.Int(cfg.Timeout),
		ReservedConcurrentExecutions: pulumi.Int(cfg.Concurrency),
		TracingConfig:                lambda.FunctionTracingConfigArgs{Mode: tracingMode(cfg)},
		Environment:                  lambda.FunctionEnvironmentArgs{Variables: f.environment(cfg, items)},
		// JSON makes Lambda's own lines, START to REPORT, JSON like those of
		// the handlers, which it passes on as they are. It drops lines below
		// its own level, info unless set.
		// https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-advanced.html
		LoggingConfig: lambda.FunctionLoggingConfigArgs{
			LogFormat:           pulumi.String("JSON"),
			LogGroup:            logs.Name,
			ApplicationLogLevel: pulumi.String(strings.ToUpper(cfg.LogLevel)),
		},
	}, pulumi.Parent(f), pulumi.DependsOn([]pulumi.Resource{rights}))
}

// newRole declares the role that the function alone takes, and its rights:
// what is declared on the table, and to write to its own log group. It may not
// create log groups: there is one.
func (f *function) newRole(ctx *pulumi.Context, cfg config, items *table, logs *cloudwatch.LogGroup) (*iam.Role, *iam.RolePolicy, error) {
	trusted, err := trust("lambda.amazonaws.com")
	if err != nil {
		return nil, nil, err
	}
	args := &iam.RoleArgs{AssumeRolePolicy: pulumi.String(trusted)}
	if cfg.PermissionsBoundary != "" {
		args.PermissionsBoundary = pulumi.String(cfg.PermissionsBoundary)
	}
	role, err := iam.NewRole(ctx, f.declared.Name, args, pulumi.Parent(f))
	if err != nil {
		return nil, nil, err
	}
	grants := append(items.grants(f.declared),
		grant{[]string{"logs:CreateLogStream", "logs:PutLogEvents"}, pulumi.Sprintf("%s:*", logs.Arn)})
	if cfg.Tracing {
		grants = append(grants, traces())
	}
	rights, err := iam.NewRolePolicy(ctx, f.declared.Name, &iam.RolePolicyArgs{
		Role:   role.Name,
		Policy: allow(grants...),
	}, pulumi.Parent(f))
	return role, rights, err
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
func (f *function) environment(cfg config, items *table) pulumi.StringMap {
	env := pulumi.StringMap{names.LogLevelVariable: pulumi.String(cfg.LogLevel)}
	if len(f.declared.TableActions)+len(f.declared.IndexActions) > 0 {
		env[names.TableNameVariable] = items.name
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

// connect gives the function its place in the API: one integration for all its
// routes, of which an API has 300 at most, and one permission, for a function's
// resource policy has 20 KB.
// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html
func (f *function) connect(ctx *pulumi.Context, cfg config, api *apigatewayv2.Api, fn *lambda.Function) error {
	if len(f.declared.Routes) == 0 {
		return nil
	}
	var err error
	f.integration, err = apigatewayv2.NewIntegration(ctx, f.declared.Name, &apigatewayv2.IntegrationArgs{
		ApiId:                api.ID(),
		IntegrationType:      pulumi.String("AWS_PROXY"),
		IntegrationUri:       fn.InvokeArn,
		PayloadFormatVersion: pulumi.String("2.0"),
		TimeoutMilliseconds:  pulumi.Int(30_000), // the most there is: the function's own comes first
	}, pulumi.Parent(f))
	if err != nil {
		return err
	}
	for _, key := range f.declared.Routes {
		route, err := apigatewayv2.NewRoute(ctx, key, &apigatewayv2.RouteArgs{
			ApiId:    api.ID(),
			RouteKey: pulumi.String(key),
			Target:   pulumi.Sprintf("integrations/%s", f.integration.ID()),
		}, pulumi.Parent(f))
		if err != nil {
			return err
		}
		f.routes = append(f.routes, route)
	}
	f.permission, err = lambda.NewPermission(ctx, f.declared.Name, &lambda.PermissionArgs{
		Action:    pulumi.String("lambda:InvokeFunction"),
		Function:  fn.Name,
		Principal: pulumi.String("apigateway.amazonaws.com"),
		SourceArn: pulumi.Sprintf("%s/%s/%s", api.ExecutionArn, cfg.Stage, sourcePattern(f.declared.Routes)),
	}, pulumi.Parent(f))
	return err
}

// check refuses a declaration that AWS would refuse half way through an update.
func check(functions []lambdas.Function) error {
	owner := map[string]string{}
	seen := map[string]bool{}
	for _, f := range functions {
		if !validName(f.Name) {
			return fmt.Errorf("function %q: a name has 1 to 32 of a-z 0-9 -, and begins with a letter", f.Name)
		}
		if seen[f.Name] {
			return fmt.Errorf("function %s is declared twice", f.Name)
		}
		seen[f.Name] = true
		for _, key := range f.Routes {
			if !validRouteKey(key) {
				return fmt.Errorf("function %s: route %q must be a method and a path, such as GET /items/{id}", f.Name, key)
			}
			if other, taken := owner[key]; taken {
				return fmt.Errorf("route %s is declared by %s and by %s; a route has one function", key, other, f.Name)
			}
			owner[key] = f.Name
		}
	}
	if len(owner) > maxRoutes {
		return fmt.Errorf("%d routes are declared, and an HTTP API has %d at most", len(owner), maxRoutes)
	}
	return nil
}
