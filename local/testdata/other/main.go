// Command other is a stack of the same resource types as this repository's,
// declared another way: at the top of the project, with names and a provider of
// its own.
package main

import (
	"encoding/json"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/apigatewayv2"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cloudwatch"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/dynamodb"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/iam"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/lambda"
	"github.com/pulumi/pulumi-command/sdk/go/command/local"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

func main() { pulumi.Run(deploy) }

func deploy(ctx *pulumi.Context) error {
	provider, err := aws.NewProvider(ctx, "frankfurt", &aws.ProviderArgs{Region: pulumi.String("eu-central-1")})
	if err != nil {
		return err
	}
	in := pulumi.Provider(provider)
	table, err := dynamodb.NewTable(ctx, "visits", &dynamodb.TableArgs{
		HashKey: pulumi.String("who"), RangeKey: pulumi.String("at"),
		Attributes: dynamodb.TableAttributeArray{
			dynamodb.TableAttributeArgs{Name: pulumi.String("who"), Type: pulumi.String("S")},
			dynamodb.TableAttributeArgs{Name: pulumi.String("at"), Type: pulumi.String("N")},
		},
		ReadCapacity: pulumi.Int(1), WriteCapacity: pulumi.Int(1),
		Tags: pulumi.StringMap{"purpose": pulumi.String("test")},
	}, in)
	if err != nil {
		return err
	}
	fn, err := newFunction(ctx, table, in)
	if err != nil {
		return err
	}
	return newAPI(ctx, fn, in)
}

func newFunction(ctx *pulumi.Context, table *dynamodb.Table, in pulumi.ResourceOption) (*lambda.Function, error) {
	zip, err := local.NewCommand(ctx, "zip", &local.CommandArgs{
		Create: pulumi.String("CGO_ENABLED=0 go build -tags lambda.norpc -o build/bootstrap ./hello && go run ./pack build/bootstrap build/hello.zip"),
	})
	if err != nil {
		return nil, err
	}
	role, err := iam.NewRole(ctx, "hello", &iam.RoleArgs{
		Path: pulumi.String("/service/"),
		AssumeRolePolicy: document(map[string]any{
			"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": map[string]any{"Service": "lambda.amazonaws.com"},
		}),
	}, in)
	if err != nil {
		return nil, err
	}
	rights, err := iam.NewRolePolicy(ctx, "hello", &iam.RolePolicyArgs{
		Role: role.ID(),
		Policy: pulumi.JSONMarshal(map[string]any{"Version": "2012-10-17", "Statement": []any{
			map[string]any{"Effect": "Allow", "Action": "dynamodb:PutItem", "Resource": table.Arn},
			map[string]any{"Effect": "Allow", "Action": []string{"logs:CreateLogStream", "logs:PutLogEvents"}, "Resource": "arn:aws:logs:*:*:log-group:/aws/lambda/hello:*"},
		}}),
	}, in)
	if err != nil {
		return nil, err
	}
	logs, err := cloudwatch.NewLogGroup(ctx, "hello", &cloudwatch.LogGroupArgs{Name: pulumi.String("/aws/lambda/hello"), RetentionInDays: pulumi.Int(7)}, in)
	if err != nil {
		return nil, err
	}
	return lambda.NewFunction(ctx, "hello", &lambda.FunctionArgs{
		Name: pulumi.String("hello"), Runtime: pulumi.String("provided.al2023"), Handler: pulumi.String("bootstrap"),
		Code: pulumi.NewFileArchive("build/hello.zip"), Role: role.Arn,
		Environment: lambda.FunctionEnvironmentArgs{Variables: pulumi.StringMap{"TABLE": table.Name}},
	}, in, pulumi.DependsOn([]pulumi.Resource{zip, rights, logs}))
}

func newAPI(ctx *pulumi.Context, fn *lambda.Function, in pulumi.ResourceOption) error {
	api, err := apigatewayv2.NewApi(ctx, "other", &apigatewayv2.ApiArgs{
		ProtocolType:      pulumi.String("HTTP"),
		CorsConfiguration: apigatewayv2.ApiCorsConfigurationArgs{AllowOrigins: pulumi.ToStringArray([]string{"https://example.com"})},
	}, in)
	if err != nil {
		return err
	}
	integration, err := apigatewayv2.NewIntegration(ctx, "hello", &apigatewayv2.IntegrationArgs{
		ApiId: api.ID(), IntegrationType: pulumi.String("AWS_PROXY"), IntegrationUri: fn.Arn, PayloadFormatVersion: pulumi.String("2.0"),
	}, in)
	if err != nil {
		return err
	}
	if _, err := apigatewayv2.NewRoute(ctx, "any", &apigatewayv2.RouteArgs{
		ApiId: api.ID(), RouteKey: pulumi.String("ANY /hello/{proxy+}"), Target: pulumi.Sprintf("integrations/%s", integration.ID()),
	}, in); err != nil {
		return err
	}
	stage, err := apigatewayv2.NewStage(ctx, "v1", &apigatewayv2.StageArgs{ApiId: api.ID(), Name: pulumi.String("v1"), AutoDeploy: pulumi.Bool(true)}, in)
	if err != nil {
		return err
	}
	_, err = lambda.NewPermission(ctx, "hello", &lambda.PermissionArgs{
		Action: pulumi.String("lambda:InvokeFunction"), Function: fn.Arn, Principal: pulumi.String("apigateway.amazonaws.com"),
		SourceArn: pulumi.Sprintf("%s/*/*", api.ExecutionArn),
	}, in)
	ctx.Export("url", stage.InvokeUrl)
	return err
}

func document(statement map[string]any) pulumi.String {
	data, err := json.Marshal(map[string]any{"Version": "2012-10-17", "Statement": statement})
	if err != nil {
		panic(err) // strings alone
	}
	return pulumi.String(data)
}
