package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/iam"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// gitlab is the IAM OIDC provider that authenticates GitLab's pipelines.
type gitlab struct {
	arn pulumi.StringOutput
}

// newGitLab declares the provider, or looks up the existing one. An account has
// at most one provider for each URL, so a second stack in the account uses the
// provider of the first.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_create_oidc.html
func newGitLab(ctx *pulumi.Context, cfg config, in pulumi.ResourceOrInvokeOption) (*gitlab, error) {
	if cfg.CreateProvider {
		// No thumbprint: IAM retrieves it, and does not need it for public
		// certificate authorities.
		provider, err := iam.NewOpenIdConnectProvider(ctx, "gitlab", &iam.OpenIdConnectProviderArgs{
			Url:           pulumi.String(cfg.GitLabURL),
			ClientIdLists: pulumi.StringArray{pulumi.String(cfg.GitLabAudience)},
		}, in, pulumi.Protect(true))
		if err != nil {
			return nil, err
		}
		return &gitlab{arn: provider.Arn}, nil
	}
	arn := scope{config: cfg}.iam("oidc-provider/" + cfg.issuer())
	found, err := iam.LookupOpenIdConnectProvider(ctx, &iam.LookupOpenIdConnectProviderArgs{Arn: &arn}, in)
	if err != nil {
		return nil, fmt.Errorf("%s must exist, because %s:createProvider is false; create it, or set createProvider to true: %w", arn, ctx.Project(), err)
	}
	if !slices.Contains(found.ClientIdLists, cfg.GitLabAudience) {
		return nil, fmt.Errorf("%s accepts the audiences %s but not %s; add it: aws iam add-client-id-to-open-id-connect-provider "+
			"--open-id-connect-provider-arn %[1]s --client-id %[3]s", arn, strings.Join(found.ClientIdLists, ", "), cfg.GitLabAudience)
	}
	return &gitlab{arn: pulumi.String(arn).ToStringOutput()}, nil
}

// issuer returns the provider's URL without https://, as in its ARN and its
// condition keys.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_iam-condition-keys.html#condition-keys-wif
func (c config) issuer() string { return strings.TrimPrefix(c.GitLabURL, "https://") }

// subject returns the claim sub of a token for a pipeline of the branch. For a
// merge request it contains the source branch, for a fork the path of the fork,
// for a tag the word tag. So none of these equals the subject of a protected
// branch. IAM compares no other claim except the audience.
// https://docs.gitlab.com/ci/cloud_services/aws/
func (c config) subject(branch string) string {
	return "project_path:" + c.GitLabProject + ":ref_type:branch:ref:" + branch
}

// trustDeploy returns the trust policy of the deploy role: only pipelines of
// the deploy branch may assume it. With a stack for each merge request, all
// pipelines that may preview may assume it.
func (c config) trustDeploy(provider string) (string, error) {
	if c.PerMergeRequest {
		return c.trustPreview(provider)
	}
	return c.trust(provider, "StringEquals", c.subject(c.DeployBranch))
}

// trustPreview returns the trust policy of the preview role: only pipelines of
// the project's preview branches may assume it.
func (c config) trustPreview(provider string) (string, error) {
	return c.trust(provider, "StringLike", c.subject(c.PreviewBranches))
}

func (c config) trust(provider, operator, subject string) (string, error) {
	s := statement{
		Effect:    "Allow",
		Principal: principal{Federated: provider},
		Action:    []string{"sts:AssumeRoleWithWebIdentity"},
	}
	s = s.when("StringEquals", c.issuer()+":aud", c.GitLabAudience).when(operator, c.issuer()+":sub", subject)
	return document(maxTrust, []statement{s})
}
