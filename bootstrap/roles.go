package main

import (
	"fmt"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/iam"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// roles holds the ARNs of the roles that pipelines assume.
type roles struct {
	deploy  pulumi.StringOutput
	preview pulumi.StringOutput
}

// role is an IAM role with its logical name.
type role struct {
	*iam.Role
	name string
}

// rights declares a managed policy. Its name in AWS is PROJECT-STACK-name.
// There are several policies, because a policy has at most 6,144 characters and
// a role at most ten policies.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
type rights struct {
	name       string
	statements func(scope) []statement
}

// bothRoles returns the rights of both roles.
func bothRoles() []rights {
	return []rights{{"read", scope.reads}, {"read-gateway", scope.gatewayReads}, {"guard", scope.guards}}
}

// deployOnly returns the additional rights of the deploy role.
func deployOnly() []rights {
	return []rights{
		{"deploy-compute", scope.computeWrites},
		{"deploy-gateway", scope.gatewayWrites},
		{"deploy-data", scope.dataWrites},
		{"deploy-objects", scope.bucketWrites},
		{"deploy-operations", scope.operationsWrites},
		{"deploy-state", scope.stateWrites},
	}
}

// newRoles declares the two roles and their policies. A session lasts an hour,
// the default. A pipeline starts another one with its token.
func newRoles(ctx *pulumi.Context, cfg config, state *state, gitlab *gitlab, boundary pulumi.StringOutput, in pulumi.ResourceOption) (*roles, error) {
	deploy, err := newRole(ctx, cfg, "deploy", gitlab.arn.ApplyT(cfg.trustDeploy).(pulumi.StringOutput), in)
	if err != nil {
		return nil, err
	}
	preview, err := newRole(ctx, cfg, "preview", gitlab.arn.ApplyT(cfg.trustPreview).(pulumi.StringOutput), in)
	if err != nil {
		return nil, err
	}
	for _, r := range bothRoles() {
		if err := grant(ctx, cfg, r, state, boundary, in, deploy, preview); err != nil {
			return nil, err
		}
	}
	for _, r := range deployOnly() {
		if err := grant(ctx, cfg, r, state, boundary, in, deploy); err != nil {
			return nil, err
		}
	}
	return &roles{deploy: deploy.Arn, preview: preview.Arn}, nil
}

func newRole(ctx *pulumi.Context, cfg config, name string, trust pulumi.StringOutput, in pulumi.ResourceOption) (*role, error) {
	r, err := iam.NewRole(ctx, name, &iam.RoleArgs{
		Name:             pulumi.String(cfg.prefix() + "-" + name), // fixed: its ARN is in the pipeline's file
		Path:             pulumi.String(bootstrapPath),
		AssumeRolePolicy: trust,
	}, in)
	return &role{r, name}, err
}

// grant declares the policy and attaches it to the roles.
func grant(ctx *pulumi.Context, cfg config, r rights, state *state, boundary pulumi.StringOutput, in pulumi.ResourceOption, to ...*role) error {
	text := pulumi.All(boundary, state.bucketARN, state.keyARN).ApplyT(func(arns []any) (string, error) {
		s := scope{config: cfg, boundary: arns[0].(string), bucket: arns[1].(string), key: arns[2].(string)}
		text, err := document(maxPolicy, r.statements(s))
		if err != nil {
			return "", fmt.Errorf("policy %s: %w", r.name, err)
		}
		return text, nil
	}).(pulumi.StringOutput)
	policy, err := newPolicy(ctx, cfg, r.name, text, in)
	if err != nil {
		return err
	}
	for _, role := range to {
		_, err := iam.NewRolePolicyAttachment(ctx, role.name+" "+r.name, &iam.RolePolicyAttachmentArgs{
			Role:      role.Name,
			PolicyArn: policy.Arn,
		}, in)
		if err != nil {
			return err
		}
	}
	return nil
}

func newPolicy(ctx *pulumi.Context, cfg config, name string, text pulumi.StringInput, in pulumi.ResourceOption) (*iam.Policy, error) {
	return iam.NewPolicy(ctx, name, &iam.PolicyArgs{
		Name:   pulumi.String(cfg.prefix() + "-" + name),
		Path:   pulumi.String(bootstrapPath),
		Policy: text,
	}, in)
}
