// Command bootstrap declares what an AWS account needs before GitLab can deploy
// a stack to it: where Pulumi keeps its state and what encrypts it, how AWS
// knows GitLab's pipelines, and the two roles that they take. An administrator
// runs it once for each account, with a stack of the name of the one that is
// deployed there. It declares no user and no access key.
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

// deploy is the table of contents: whose account it is, where the state is, who
// GitLab is, what the stack's functions can be given at most, who may preview
// and deploy. Settings is the stack's whole configuration, a JSON object.
// Logical names are permanent: to rename a resource is to replace it.
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
// and region. It refuses credentials of any other account before anything is
// declared there.
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
	advice := fmt.Sprintf("set credentials of that account, or %s:account", ctx.Project())
	caller, err := aws.GetCallerIdentity(ctx, nil, in)
	if err != nil {
		return nil, fmt.Errorf("stack %s belongs to %s; %s: %w", cfg.Stack, cfg.Account, advice, err)
	}
	if caller.AccountId != cfg.Account {
		return nil, fmt.Errorf("stack %s belongs to %s and the credentials are of %s; %s", cfg.Stack, cfg.Account, caller.AccountId, advice)
	}
	return in, nil
}
