package kms

import (
	"testing"

	"skiff/local/engine/provider"
	"skiff/local/engine/provider/providertest"
)

type inputs = providertest.Inputs

const keys = "arn:aws:kms:eu-west-1:111111111111:key/"

func newRole(t *testing.T) *providertest.Role {
	t.Helper()
	k := newKeys(t)
	r := providertest.New(k.db)
	kinds, aliases := resourceTypes(k)
	if kinds.Actions == nil || aliases.Actions == nil {
		t.Fatal("a type has no actions")
	}
	r.Add(kinds, aliases)
	return r
}

func TestKeyActions(t *testing.T) {
	t.Parallel()
	r := newRole(t)
	in := func(more inputs) inputs {
		in := inputs{"description": "state", "enableKeyRotation": true, "tags": inputs{"Team": "x"}}
		for name, value := range more {
			in[name] = value
		}
		return in
	}
	r.Run(t, KeyToken,
		providertest.Step{Verb: provider.Create, In: in(nil), Want: []string{"kms:CreateKey *", "kms:EnableKeyRotation " + keys + "{id}", "kms:TagResource " + keys + "{id}"}},
		providertest.Step{Verb: provider.Read, Want: []string{"kms:DescribeKey " + keys + "{id}", "kms:GetKeyPolicy " + keys + "{id}",
			"kms:GetKeyRotationStatus " + keys + "{id}", "kms:ListResourceTags " + keys + "{id}"}},
		providertest.Step{Verb: provider.Update, In: in(inputs{"description": "b", "policy": defaultPolicy(account)}), Want: []string{
			"kms:UpdateKeyDescription " + keys + "{id}", "kms:PutKeyPolicy " + keys + "{id}"}},
		providertest.Step{Verb: provider.Update, In: in(inputs{"description": "b", "enableKeyRotation": false, "isEnabled": false}), Want: []string{
			"kms:DisableKeyRotation " + keys + "{id}", "kms:DisableKey " + keys + "{id}"}},
		providertest.Step{Verb: provider.Update, In: in(inputs{"description": "b", "enableKeyRotation": false, "tags": inputs{"Room": "y"}}), Want: []string{
			"kms:EnableKey " + keys + "{id}", "kms:TagResource " + keys + "{id}", "kms:UntagResource " + keys + "{id}"}},
		providertest.Step{Verb: provider.Delete, Want: []string{"kms:ScheduleKeyDeletion " + keys + "{id}", "kms:DescribeKey " + keys + "{id}"}},
	)
	r.Run(t, KeyToken, providertest.Step{Verb: provider.Create, In: inputs{"isEnabled": false}, Want: []string{"kms:CreateKey *", "kms:DisableKey " + keys + "{id}"}})
}

func TestAliasActions(t *testing.T) {
	t.Parallel()
	r := newRole(t)
	first, second := r.Create(t, KeyToken, inputs{}), r.Create(t, KeyToken, inputs{})
	const alias = "arn:aws:kms:eu-west-1:111111111111:alias/project-staging-pulumi"
	on := func(name string, resources ...string) (want []string) {
		for _, resource := range resources {
			want = append(want, name+" "+resource)
		}
		return want
	}
	in := func(key string) inputs { return inputs{"name": "alias/project-staging-pulumi", "targetKeyId": key} }
	r.Run(t, AliasToken,
		providertest.Step{Verb: provider.Create, In: in(first), Want: on("kms:CreateAlias", alias, keys+first)},
		providertest.Step{Verb: provider.Read, Want: []string{"kms:ListAliases *"}},
		providertest.Step{Verb: provider.Update, In: in(keys + second), Want: on("kms:UpdateAlias", alias, keys+first, keys+second)},
		providertest.Step{Verb: provider.Delete, Want: on("kms:DeleteAlias", alias, keys+second)},
	)
}
