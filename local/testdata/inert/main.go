// Command inert is a stack with types of Cognito's, whose outputs another
// resource uses, and with a property of that one that has no effect here.
package main

import (
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cognito"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ssm"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

func main() { pulumi.Run(deploy) }

func deploy(ctx *pulumi.Context) error {
	pool, err := cognito.NewUserPool(ctx, "users", &cognito.UserPoolArgs{
		AutoVerifiedAttributes: pulumi.StringArray{pulumi.String("email")},
	})
	if err != nil {
		return err
	}
	client, err := cognito.NewUserPoolClient(ctx, "web", &cognito.UserPoolClientArgs{UserPoolId: pool.ID()})
	if err != nil {
		return err
	}
	issuer := pulumi.Sprintf("https://%s", pool.Endpoint)
	if _, err := ssm.NewParameter(ctx, "issuer", &ssm.ParameterArgs{
		Name: pulumi.String("/inert/issuer"), Type: pulumi.String("String"), Value: issuer, AllowedPattern: pulumi.String("^https:"),
	}); err != nil {
		return err
	}
	ctx.Export("issuer", issuer)
	ctx.Export("pool", pool.Arn)
	ctx.Export("audience", client.ID())
	return nil
}
