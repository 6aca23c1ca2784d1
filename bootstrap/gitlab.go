package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/iam"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// gitlab is GitLab as IAM knows it: the OIDC provider that vouches for its
// pipelines.
type gitlab struct {
	arn pulumi.StringOutput
}

// newGitLab declares the provider, or finds the account's own. An account has
// one for each URL, so a second stack in it uses the first one's.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_create_oidc.html
func newGitLab(ctx *pulumi.Context, cfg config, in pulumi.ResourceOrInvokeOption) (*gitlab, error) {
	if cfg.CreateProvider {
		// No thumbprint: IAM finds it, and for public authorities needs none.
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
		return nil, fmt.Errorf("%s is to exist, since %s:createProvider is false: %w", arn, ctx.Project(), err)
	}
	if !slices.Contains(found.ClientIdLists, cfg.GitLabAudience) {
		return nil, fmt.Errorf("%s accepts the audiences %s and not %s; add it with aws iam add-client-id-to-open-id-connect-provider "+
			"--open-id-connect-provider-arn %[1]s --client-id %[3]s", arn, strings.Join(found.ClientIdLists, ", "), cfg.GitLabAudience)
	}
	return &gitlab{arn: pulumi.String(arn).ToStringOutput()}, nil
}

// issuer is the provider's URL as its ARN and its condition keys have it.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_iam-condition-keys.html#condition-keys-wif
func (c config) issuer() string { return strings.TrimPrefix(c.GitLabURL, "https://") }

// subject is what a token says of a pipeline for a branch. A merge request's
// pipeline has its source branch, one of a fork has the fork's path, and one
// for a tag says tag: none of them is a pipeline of a protected branch. Of a
// token's claims IAM compares no others than this and the audience.
// https://docs.gitlab.com/ci/cloud_services/aws/
func (c config) subject(branch string) string {
	return "project_path:" + c.GitLabProject + ":ref_type:branch:ref:" + branch
}

// trustDeploy lets pipelines of exactly the one branch take the role. A stack
// of a merge request is deployed by the pipelines that may preview.
func (c config) trustDeploy(provider string) (string, error) {
	if c.PerMergeRequest {
		return c.trustPreview(provider)
	}
	return c.trust(provider, "StringEquals", c.subject(c.DeployBranch))
}

// trustPreview lets pipelines of exactly this project's branches take the role.
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
