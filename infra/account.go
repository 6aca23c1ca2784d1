package main

import (
	"fmt"
	"regexp"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// retries of one call of AWS. API Gateway takes ten changes a second from an
// account, so an update of many routes is refused often before it is done.
// https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html
const retries = 25

// newAccount declares the one provider that everything goes through, bound to
// the stack's account, and refuses any other before anything is declared. It
// returns where to declare the rest. A change of role
// or profile is one of the provider and touches no resource. A change of region
// replaces all of them: it is another stack's work.
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
		return nil, fmt.Errorf("AWS did not tell which account the credentials for stack %s, of account %s, are of; "+
			"sign in there, or set %s or %s: %w", ctx.Stack(), cfg.Account, cfg.key("profile"), cfg.key("role"), err)
	case found != cfg.Account:
		return nil, fmt.Errorf("stack %s belongs to AWS account %s and the credentials are of %s, so nothing was changed; "+
			"sign in to %[2]s, or correct %[4]s, %[5]s or %[6]s in Pulumi.%[1]s.yaml",
			ctx.Stack(), cfg.Account, found, cfg.key("account"), cfg.key("profile"), cfg.key("role"))
	}
	return &stack{ctx, cfg, pulumi.Provider(provider)}, nil
}

// refusedAccount is the account that the provider has found and refused by its
// own check, which comes before any call it makes; else "".
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

// tags are those of every resource, which bills and searches go by.
func (c config) tags(ctx *pulumi.Context) map[string]string {
	tags := map[string]string{"Project": ctx.Project(), "Stack": ctx.Stack(), "ManagedBy": "pulumi"}
	for name, value := range c.Tags {
		tags[name] = value
	}
	return tags
}
