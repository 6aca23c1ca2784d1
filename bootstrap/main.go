// Command bootstrap declares what an AWS account needs before GitLab can deploy
// a stack to it. This is a bucket for Pulumi's state, a key that encrypts the
// state, the OIDC provider for GitLab's pipelines, and the two roles that
// pipelines assume. It declares no user and no access key.
//
// An administrator runs it once for each account. Its stack has the same name
// as the stack that GitLab deploys there.
package main

import (
	"fmt"
	"os"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

func main() {
	pulumi.Run(func(ctx *pulumi.Context) error {
		outputs, err := deploy(ctx, os.Getenv(pulumi.EnvConfig))
		if err != nil {
			return err
		}
		for name, value := range outputs {
			ctx.Export(name, value)
		}
		return nil
	})
}

// deploy is the table of contents. It declares in this order: the account, the
// state, the OIDC provider, the permissions boundary of the stack's functions,
// and the roles to preview and deploy. Settings is the stack's whole
// configuration, a JSON object.
//
// Logical names are permanent: Pulumi replaces a resource whose name changes.
func deploy(ctx *pulumi.Context, settings string) (outputs pulumi.Map, err error) {
	cfg, err := readConfig(ctx, settings)
	if err != nil {
		return nil, err
	}
	in, err := newAccount(ctx, cfg)
	if err != nil {
		return nil, fmt.Errorf("account: %w", err)
	}
	state, err := newState(ctx, cfg, in)
	if err != nil {
		return nil, fmt.Errorf("state: %w", err)
	}
	gitlab, err := newGitLab(ctx, cfg, in)
	if err != nil {
		return nil, fmt.Errorf("gitlab: %w", err)
	}
	boundary, err := newBoundary(ctx, cfg, state, in)
	if err != nil {
		return nil, fmt.Errorf("boundary: %w", err)
	}
	roles, err := newRoles(ctx, cfg, state, gitlab, boundary, in)
	if err != nil {
		return nil, fmt.Errorf("roles: %w", err)
	}
	return pulumi.Map{
		"backendUrl":          pulumi.Sprintf("s3://%s?region=%s", state.bucket, cfg.Region),
		"secretsProvider":     pulumi.Sprintf("awskms://%s?region=%s", state.alias, cfg.Region),
		"oidcProviderArn":     gitlab.arn,
		"permissionsBoundary": boundary,
		"deployRoleArn":       roles.deploy,
		"previewRoleArn":      roles.preview,
	}, nil
}

// newAccount returns the option that puts a resource into the stack's account
// and region. It fails if the credentials belong to another account, before
// anything else is declared.
func newAccount(ctx *pulumi.Context, cfg config) (pulumi.ResourceOrInvokeOption, error) {
	provider, err := aws.NewProvider(ctx, "account", &aws.ProviderArgs{
		Region:            pulumi.String(cfg.Region),
		AllowedAccountIds: pulumi.StringArray{pulumi.String(cfg.Account)},
		DefaultTags: aws.ProviderDefaultTagsArgs{Tags: pulumi.StringMap{
			"Project": pulumi.String(cfg.Project),
			"Stack":   pulumi.String(cfg.Stack),
		}},
	})
	if err != nil {
		return nil, err
	}
	in := pulumi.Provider(provider)
	advice := fmt.Sprintf("use credentials of that account, or correct %s:account", ctx.Project())
	caller, err := aws.GetCallerIdentity(ctx, nil, in)
	if err != nil {
		return nil, fmt.Errorf("stack %s belongs to account %s; %s: %w", cfg.Stack, cfg.Account, advice, err)
	}
	if caller.AccountId != cfg.Account {
		return nil, fmt.Errorf("stack %s belongs to account %s, but the credentials belong to %s; %s", cfg.Stack, cfg.Account, caller.AccountId, advice)
	}
	return in, nil
}
