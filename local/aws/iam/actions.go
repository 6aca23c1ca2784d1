package iam

import (
	"slices"
	"strconv"

	"skiff/local/engine/provider"
	"skiff/local/store"
)

// The actions' condition keys are listed at
// https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsidentityandaccessmanagement.html.

// global wraps a list of IAM actions: their aws:RequestedRegion is us-east-1,
// whatever the program's region is
// (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-requestedregion).
func global[In any](list func(provider.Operation[In]) []provider.Action) func(provider.Operation[In]) []provider.Action {
	return func(o provider.Operation[In]) []provider.Action { return inIAM(list(o)) }
}

func inIAM(actions []provider.Action) []provider.Action {
	return provider.When(actions, "aws:RequestedRegion", "us-east-1")
}

// bounded adds the condition key iam:PermissionsBoundary with the role's
// boundary. A role without a boundary has no such key.
func bounded(boundary string, actions ...provider.Action) []provider.Action {
	if boundary == "" {
		return actions
	}
	return provider.When(actions, "iam:PermissionsBoundary", boundary)
}

// roleActions lists the actions on one role. A read also reads each policy of
// the role. A delete with forceDetachPolicies also removes the policies. It
// follows internal/service/iam/role.go of terraform-provider-aws 5.100.0.
func (a *Authority) roleActions(o provider.Operation[Role]) []provider.Action {
	role, boundary := roleARNOf(o.Record), o.Record.Inputs.PermissionsBoundary
	inline, attached := a.hasPolicies(o.Record.ID)
	actions := o.Tags(role, "iam:TagRole", "iam:UntagRole")
	add := func(when bool, more ...provider.Action) {
		if when {
			actions = append(actions, more...)
		}
	}
	switch o.Verb {
	case provider.Create:
		return append(append(bounded(boundary, provider.On(role, "iam:CreateRole")...), actions...), manages(role, boundary, "iam:AttachRolePolicy", o.Record.Inputs.ManagedPolicyARNs, nil)...)
	case provider.Update:
		now, old := o.Record.Inputs.ManagedPolicyARNs, o.Old.Inputs.ManagedPolicyARNs
		add(true, manages(role, boundary, "iam:DetachRolePolicy", old, now)...)
		add(true, manages(role, boundary, "iam:AttachRolePolicy", now, old)...)
		add(o.Changed("assumeRolePolicy"), provider.On(role, "iam:UpdateAssumeRolePolicy")...)
		add(o.Changed("description"), provider.On(role, "iam:UpdateRoleDescription")...)
		add(o.Changed("maxSessionDuration"), provider.On(role, "iam:UpdateRole")...)
		changed := o.Changed("permissionsBoundary")
		// The key's value is the new boundary.
		add(changed && boundary != "", bounded(boundary, provider.On(role, "iam:PutRolePermissionsBoundary")...)...)
		add(changed && boundary == "", bounded(o.Old.Inputs.PermissionsBoundary, provider.On(role, "iam:DeleteRolePermissionsBoundary")...)...)
		return actions
	case provider.Delete:
		force := o.Record.Inputs.ForceDetachPolicies
		named := o.Record.Inputs.ManagedPolicyARNs
		add(len(named) > 0 && !force, provider.On(role, "iam:ListAttachedRolePolicies")...)
		add(true, manages(role, boundary, "iam:DetachRolePolicy", named, nil)...)
		add(true, provider.On(role, "iam:ListInstanceProfilesForRole")...)
		add(force, provider.On(role, "iam:ListAttachedRolePolicies", "iam:ListRolePolicies")...)
		add(force && attached, bounded(boundary, provider.On(role, "iam:DetachRolePolicy")...)...)
		add(force && inline, bounded(boundary, provider.On(role, "iam:DeleteRolePolicy")...)...)
		add(true, provider.On(role, "iam:DeleteRole")...)
		return actions
	}
	add(true, provider.On(role, "iam:GetRole", "iam:ListRolePolicies", "iam:ListAttachedRolePolicies")...)
	add(inline, provider.On(role, "iam:GetRolePolicy")...)
	return actions
}

// manages lists the actions that attach or detach a role's own managed
// policies, except those in but.
func manages(role, boundary, action string, policies, but []string) (actions []provider.Action) {
	for _, policyARN := range policies {
		if !slices.Contains(but, policyARN) {
			actions = append(actions, provider.When(bounded(boundary, provider.On(role, action)...), "iam:PolicyARN", policyARN)...)
		}
	}
	return actions
}

// hasPolicies reports whether a role has inline policies and attached policies.
// It ignores store errors, because the operation itself then fails.
func (a *Authority) hasPolicies(role string) (inline, attached bool) {
	all, _ := store.List[RolePolicy](a.db, RolePolicyToken)
	for _, p := range all {
		inline = inline || p.Inputs.Role == role
	}
	found, _ := a.attachments(func(in Attachment) bool { return in.Role == role })
	return inline, len(found) > 0
}

// ofRole returns the ARN and the boundary of a role by its name. For a missing
// role it returns the ARN without a path, which AWS uses for its decision.
func (a *Authority) ofRole(c provider.Call, name string) (roleARN, boundary string) {
	r, err := store.Get[Role](a.db, RoleToken, name)
	if err != nil {
		r = store.Record[Role]{ID: name, Account: c.Account}
	}
	return roleARNOf(r), r.Inputs.PermissionsBoundary
}

// rolePolicyActions lists the actions on one inline policy. It follows
// internal/service/iam/role_policy.go of terraform-provider-aws 5.100.0.
func (a *Authority) rolePolicyActions(o provider.Operation[RolePolicy]) []provider.Action {
	role, boundary := a.ofRole(o.Call, o.Record.Inputs.Role)
	switch o.Verb {
	case provider.Read:
		return provider.On(role, "iam:GetRolePolicy")
	case provider.Delete:
		return bounded(boundary, provider.On(role, "iam:DeleteRolePolicy")...)
	}
	return bounded(boundary, provider.On(role, "iam:PutRolePolicy")...)
}

// attachmentActions lists the actions on the attachment of a managed policy. It
// follows internal/service/iam/role_policy_attachment.go of
// terraform-provider-aws 5.100.0.
func (a *Authority) attachmentActions(o provider.Operation[Attachment]) []provider.Action {
	role, boundary := a.ofRole(o.Call, o.Record.Inputs.Role)
	on := func(name string) []provider.Action {
		return provider.When(bounded(boundary, provider.On(role, name)...), "iam:PolicyARN", o.Record.Inputs.PolicyARN)
	}
	switch o.Verb {
	case provider.Create:
		return on("iam:AttachRolePolicy")
	case provider.Delete:
		return on("iam:DetachRolePolicy")
	}
	return provider.On(role, "iam:ListAttachedRolePolicies")
}

// A managed policy has up to five versions. An update of a policy that has five
// deletes the oldest. The record's state holds their number.
const (
	versions    = "versions"
	maxVersions = 5
)

func versionsOf(r store.Record[Policy]) int {
	n, err := strconv.Atoi(r.State[versions])
	if err != nil {
		return 1
	}
	return n
}

// policyActions lists the actions on one managed policy. It follows
// internal/service/iam/policy.go of terraform-provider-aws 5.100.0.
func policyActions(o provider.Operation[Policy]) []provider.Action {
	resource := o.Record.ID
	tags := o.Tags(resource, "iam:TagPolicy", "iam:UntagPolicy")
	switch o.Verb {
	case provider.Create:
		return append(provider.On(resource, "iam:CreatePolicy"), tags...)
	case provider.Update:
		if !o.Changed("policy") {
			return tags
		}
		actions := append(tags, provider.On(resource, "iam:ListPolicyVersions", "iam:CreatePolicyVersion")...)
		if versionsOf(o.Old) >= maxVersions {
			actions = append(actions, provider.On(resource, "iam:DeletePolicyVersion")...)
		}
		return actions
	case provider.Delete:
		actions := provider.On(resource, "iam:ListPolicyVersions", "iam:DeletePolicy")
		if versionsOf(o.Record) > 1 {
			actions = append(actions, provider.On(resource, "iam:DeletePolicyVersion")...)
		}
		return actions
	}
	return provider.On(resource, "iam:GetPolicy", "iam:GetPolicyVersion")
}

// oidcProviderActions lists the actions on one OpenID Connect provider. The
// provider adds and removes audiences one by one. It follows
// internal/service/iam/openid_connect_provider.go of terraform-provider-aws
// 5.100.0.
func oidcProviderActions(o provider.Operation[OIDCProvider]) []provider.Action {
	resource := o.Record.ID
	actions := o.Tags(resource, "iam:TagOpenIDConnectProvider", "iam:UntagOpenIDConnectProvider")
	switch o.Verb {
	case provider.Create:
		return append(provider.On(resource, "iam:CreateOpenIDConnectProvider"), actions...)
	case provider.Update:
		if o.Changed("thumbprintLists") && len(o.Record.Inputs.Thumbprints) > 0 {
			actions = append(actions, provider.On(resource, "iam:UpdateOpenIDConnectProviderThumbprint")...)
		}
		old, now := o.Old.Inputs.Audiences, o.Record.Inputs.Audiences
		if lacks(old, now) {
			actions = append(actions, provider.On(resource, "iam:AddClientIDToOpenIDConnectProvider")...)
		}
		if lacks(now, old) {
			actions = append(actions, provider.On(resource, "iam:RemoveClientIDFromOpenIDConnectProvider")...)
		}
		return actions
	case provider.Delete:
		return provider.On(resource, "iam:DeleteOpenIDConnectProvider")
	}
	return provider.On(resource, "iam:GetOpenIDConnectProvider")
}

// lacks reports whether list is missing any of words.
func lacks(list, words []string) bool {
	for _, w := range words {
		if !slices.Contains(list, w) {
			return true
		}
	}
	return false
}
