package iam

import (
	"testing"

	"skiff/local/engine/provider/providertest"
)

// TestReplacements follows the schemas in internal/service/iam of
// terraform-provider-aws 5.100.0 and the names in provider/resources.go of
// pulumi-aws.
func TestReplacements(t *testing.T) {
	t.Parallel()
	a := newAuthority(t, nil)
	roles, inline := resourceTypes(a)
	policies, attachments := managedPolicies(a)
	providertest.CheckReplacements(t,
		providertest.Schema{Type: roles, Replaces: "name path,default=/", DeletedFirst: "name",
			Updates: "assumeRolePolicy description forceDetachPolicies managedPolicyArns,set,computed maxSessionDuration permissionsBoundary tags"},
		providertest.Schema{Type: inline, Replaces: "name role", Updates: "policy", DeletedFirst: "name"},
		providertest.Schema{Type: policies, Replaces: "description name path,default=/", Updates: "policy tags", DeletedFirst: "name"},
		providertest.Schema{Type: attachments, Replaces: "policyArn role", DeletedFirst: "always"},
		providertest.Schema{Type: oidcProviders(a), Replaces: "url", Updates: "clientIdLists tags thumbprintLists"},
	)
}
