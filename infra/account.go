package main

import (
	"fmt"
	"regexp"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// retries limits how often the provider repeats one call. API Gateway allows an
// account ten changes a second, so it throttles an update of many routes
// several times.
// https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html
const retries = 25

// newAccount declares the one provider that all resources use. It binds the
// provider to the stack's account and fails if the credentials belong to
// another account, before anything else is declared.
//
// A changed role or profile changes only the provider. A changed region
// replaces every resource: use a new stack for another region.
func newAccount(ctx *pulumi.Context, cfg config) (*stack, error) {
	args := &aws.ProviderArgs{
		Region:            pulumi.String(cfg.Region),
		AllowedAccountIds: pulumi.StringArray{pulumi.String(cfg.Account)},
		DefaultTags:       aws.ProviderDefaultTagsArgs{Tags: pulumi.ToStringMap(cfg.tags(ctx))},
		MaxRetries:        pulumi.Int(retries),
	}
	if cfg.Profile != "" {
		args.Profile = pulumi.String(cfg.Profile)
	}
	if cfg.Role != "" {
		args.AssumeRole = aws.ProviderAssumeRoleArgs{RoleArn: pulumi.String(cfg.Role)}
	}
	provider, err := aws.NewProvider(ctx, "aws", args)
	if err != nil {
		return nil, err
	}
	identity, err := aws.GetCallerIdentity(ctx, &aws.GetCallerIdentityArgs{}, pulumi.Provider(provider))
	found := refusedAccount(err)
	if err == nil {
		found = identity.AccountId
	}
	switch {
	case found == "":
		return nil, fmt.Errorf("AWS does not say which account the credentials belong to; stack %s needs credentials of account %s: "+
			"sign in there, or set %s or %s: %w", ctx.Stack(), cfg.Account, cfg.key("profile"), cfg.key("role"), err)
	case found != cfg.Account:
		return nil, fmt.Errorf("stack %s belongs to AWS account %s, but the credentials belong to %s; nothing was changed: "+
			"sign in to %[2]s, or correct %[4]s, %[5]s or %[6]s in Pulumi.%[1]s.yaml",
			ctx.Stack(), cfg.Account, found, cfg.key("account"), cfg.key("profile"), cfg.key("role"))
	}
	return &stack{ctx, cfg, pulumi.Provider(provider)}, nil
}

// refusedAccount returns the account in the error of the provider's own check
// of the account, or "" for another error. The provider makes this check before
// its first call.
// https://registry.terraform.io/providers/hashicorp/aws/latest/docs#allowed_account_ids-1
func refusedAccount(err error) string {
	if err == nil {
		return ""
	}
	match := regexp.MustCompile(`(?i)account id not allowed: (\d{12})`).FindStringSubmatch(err.Error())
	if match == nil {
		return ""
	}
	return match[1]
}

// tags returns the tags of every resource. Bills and searches use them.
func (c config) tags(ctx *pulumi.Context) map[string]string {
	tags := map[string]string{"Project": ctx.Project(), "Stack": ctx.Stack(), "ManagedBy": "pulumi"}
	for name, value := range c.Tags {
		tags[name] = value
	}
	return tags
}
