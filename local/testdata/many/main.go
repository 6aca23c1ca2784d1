// Command many declares as many functions as its settings say, each with all
// that belongs to it. One zip serves them all.
package main

import (
	"fmt"
	"strconv"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/apigatewayv2"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cloudwatch"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/dynamodb"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/iam"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/lambda"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/secretsmanager"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ssm"
	"github.com/pulumi/pulumi-command/sdk/go/command/local"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// settings are the stack's.
type settings struct {
	functions, memory int
	first             int    // the memory of the first function
	path              string // of the roles: a change replaces them
	trigger           string // of the commands: a change replaces them
}

func main() {
	pulumi.Run(func(ctx *pulumi.Context) error {
		text := func(name string) string { value, _ := ctx.GetConfig("many:" + name); return value }
		number := func(name string) int { n, _ := strconv.Atoi(text(name)); return n } // 0 unless given
		if warning := text("warning"); warning != "" {
			if err := ctx.Log.Warn(warning, nil); err != nil {
				return err
			}
		}
		if value := text("value"); value != "" {
			if err := newStores(ctx, pulumi.ToSecret(pulumi.String(value)).(pulumi.StringOutput)); err != nil {
				return err
			}
		}
		return newService(ctx, settings{number("functions"), number("memory"), number("first"), text("path"), text("trigger")})
	})
}

func newStores(ctx *pulumi.Context, value pulumi.StringOutput) error {
	if _, err := dynamodb.NewTable(ctx, "items", &dynamodb.TableArgs{
		HashKey: pulumi.String("id"), BillingMode: pulumi.String("PAY_PER_REQUEST"),
		Attributes: dynamodb.TableAttributeArray{dynamodb.TableAttributeArgs{Name: pulumi.String("id"), Type: pulumi.String("S")}},
	}); err != nil {
		return err
	}
	if _, err := ssm.NewParameter(ctx, "value", &ssm.ParameterArgs{Type: pulumi.String("SecureString"), Value: value}); err != nil {
		return err
	}
	secret, err := secretsmanager.NewSecret(ctx, "key", &secretsmanager.SecretArgs{})
	if err != nil {
		return err
	}
	ctx.Export("secret", pulumi.ToSecret(secret.Arn))
	return nil
}

func newService(ctx *pulumi.Context, s settings) error {
	api, err := apigatewayv2.NewApi(ctx, "api", &apigatewayv2.ApiArgs{ProtocolType: pulumi.String("HTTP")})
	if err != nil {
		return err
	}
	var routes []pulumi.Resource
	for i := range s.functions {
		memory := s.memory
		if i == 0 && s.first > 0 {
			memory = s.first
		}
		route, err := newFunction(ctx, s, api, fmt.Sprintf("f%03d", i), memory)
		if err != nil {
			return err
		}
		routes = append(routes, route)
	}
	stage, err := apigatewayv2.NewStage(ctx, "api", &apigatewayv2.StageArgs{
		ApiId: api.ID(), Name: pulumi.String("$default"), AutoDeploy: pulumi.Bool(true),
	}, pulumi.DependsOn(routes))
	if err != nil {
		return err
	}
	ctx.Export("url", stage.InvokeUrl)
	return nil
}

// newFunction declares nine resources, with the component itself.
func newFunction(ctx *pulumi.Context, s settings, api *apigatewayv2.Api, name string, memory int) (pulumi.Resource, error) {
	var component pulumi.ResourceState
	if err := ctx.RegisterComponentResource("many:index:Function", name, &component); err != nil {
		return nil, err
	}
	in := pulumi.Parent(&component)
	zip, err := local.NewCommand(ctx, name, &local.CommandArgs{
		Create: pulumi.String("build"), Triggers: pulumi.Array{pulumi.String(s.trigger)},
		Interpreter: pulumi.ToStringArray([]string{"/bin/echo"}),
	}, in)
	if err != nil {
		return nil, err
	}
	logs, err := cloudwatch.NewLogGroup(ctx, name, &cloudwatch.LogGroupArgs{RetentionInDays: pulumi.Int(7)}, in)
	if err != nil {
		return nil, err
	}
	role, rights, err := newRole(ctx, s, logs, name, in)
	if err != nil {
		return nil, err
	}
	fn, err := lambda.NewFunction(ctx, name, &lambda.FunctionArgs{
		Runtime: pulumi.String("provided.al2023"), Handler: pulumi.String("bootstrap"), Role: role.Arn,
		Code:       zip.Stdout.ApplyT(func(string) pulumi.Archive { return pulumi.NewFileArchive("code.zip") }).(pulumi.ArchiveOutput),
		MemorySize: pulumi.Int(memory), LoggingConfig: lambda.FunctionLoggingConfigArgs{LogFormat: pulumi.String("JSON"), LogGroup: logs.Name},
	}, in, pulumi.DependsOn([]pulumi.Resource{rights}))
	if err != nil {
		return nil, err
	}
	return newRoute(ctx, api, fn, name, in)
}

func newRole(ctx *pulumi.Context, s settings, logs *cloudwatch.LogGroup, name string, in pulumi.ResourceOption) (*iam.Role, *iam.RolePolicy, error) {
	args := &iam.RoleArgs{
		AssumeRolePolicy: pulumi.String(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"Service":"lambda.amazonaws.com"}}]}`),
	}
	if s.path != "" {
		args.Path = pulumi.String(s.path)
	}
	role, err := iam.NewRole(ctx, name, args, in)
	if err != nil {
		return nil, nil, err
	}
	rights, err := iam.NewRolePolicy(ctx, name, &iam.RolePolicyArgs{
		Role: role.Name,
		Policy: pulumi.JSONMarshal(map[string]any{"Version": "2012-10-17", "Statement": []any{
			map[string]any{"Effect": "Allow", "Action": []string{"logs:CreateLogStream", "logs:PutLogEvents"}, "Resource": pulumi.Sprintf("%s:*", logs.Arn)},
		}}),
	}, in)
	return role, rights, err
}

func newRoute(ctx *pulumi.Context, api *apigatewayv2.Api, fn *lambda.Function, name string, in pulumi.ResourceOption) (pulumi.Resource, error) {
	permission, err := lambda.NewPermission(ctx, name, &lambda.PermissionArgs{
		Action: pulumi.String("lambda:InvokeFunction"), Function: fn.Name, Principal: pulumi.String("apigateway.amazonaws.com"),
		SourceArn: pulumi.Sprintf("%s/*/GET/%s", api.ExecutionArn, name),
	}, in)
	if err != nil {
		return nil, err
	}
	integration, err := apigatewayv2.NewIntegration(ctx, name, &apigatewayv2.IntegrationArgs{
		ApiId: api.ID(), IntegrationType: pulumi.String("AWS_PROXY"), IntegrationUri: fn.Arn, PayloadFormatVersion: pulumi.String("2.0"),
	}, in)
	if err != nil {
		return nil, err
	}
	return apigatewayv2.NewRoute(ctx, name, &apigatewayv2.RouteArgs{
		ApiId: api.ID(), RouteKey: pulumi.String("GET /" + name), Target: pulumi.Sprintf("integrations/%s", integration.ID()),
	}, in, pulumi.DependsOn([]pulumi.Resource{permission}))
}
