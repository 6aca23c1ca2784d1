package kms

import (
	"skiff/local/aws/arn"
	"skiff/local/engine/provider"
)

// keyActions follows internal/service/kms/key.go and tags_gen.go of
// terraform-provider-aws 5.100.0. CreateKey has no resource. Tags on create
// need a right to the new key
// (https://docs.aws.amazon.com/kms/latest/developerguide/kms-api-permissions-reference.html).
func keyActions(o provider.Operation[Key]) []provider.Action {
	key := keyARN(o.Record)
	actions := o.Tags(key, "kms:TagResource", "kms:UntagResource")
	switch o.Verb {
	case provider.Create:
		actions = append(provider.On(provider.Anything, "kms:CreateKey"), actions...)
		return append(actions, switches(o, o.Record.Inputs.EnableKeyRotation, o.Record.Inputs.IsEnabled != nil && !*o.Record.Inputs.IsEnabled)...)
	case provider.Update:
		if o.Changed("description") {
			actions = append(actions, provider.On(key, "kms:UpdateKeyDescription")...)
		}
		if o.Changed("policy") && o.Record.Inputs.Policy != "" {
			actions = append(actions, provider.On(key, "kms:PutKeyPolicy")...)
		}
		return append(actions, switches(o, o.Changed("enableKeyRotation", "rotationPeriodInDays"), o.Changed("isEnabled"))...)
	case provider.Delete:
		// The provider reads the key until its deletion is pending.
		return provider.On(key, "kms:ScheduleKeyDeletion", "kms:DescribeKey")
	}
	return provider.On(key, "kms:DescribeKey", "kms:GetKeyPolicy", "kms:GetKeyRotationStatus", "kms:ListResourceTags")
}

// switches lists the actions that turn the rotation of a key, or the key
// itself, on or off.
func switches(o provider.Operation[Key], rotation, itself bool) []provider.Action {
	key, in := keyARN(o.Record), o.Record.Inputs
	var actions []provider.Action
	switch {
	case rotation && in.EnableKeyRotation:
		actions = provider.On(key, "kms:EnableKeyRotation")
	case rotation:
		actions = provider.On(key, "kms:DisableKeyRotation")
	}
	switch {
	case itself && (in.IsEnabled == nil || *in.IsEnabled):
		actions = append(actions, provider.On(key, "kms:EnableKey")...)
	case itself:
		actions = append(actions, provider.On(key, "kms:DisableKey")...)
	}
	return actions
}

// aliasActions follows internal/service/kms/alias.go of terraform-provider-aws
// 5.100.0. Each change needs the same right on the alias, on its key, and on
// its previous key
// (https://docs.aws.amazon.com/kms/latest/developerguide/alias-access.html).
func aliasActions(o provider.Operation[Alias]) []provider.Action {
	r := o.Record
	alias := arn.New("kms", r.Region, r.Account, r.ID)
	target := func(in Alias) string { return arn.New("kms", r.Region, r.Account, "key/"+keyID(in.TargetKeyID)) }
	on := func(name string, resources ...string) []provider.Action {
		var actions []provider.Action
		for _, resource := range resources {
			actions = append(actions, provider.On(resource, name)...)
		}
		return actions
	}
	switch o.Verb {
	case provider.Create:
		return on("kms:CreateAlias", alias, target(r.Inputs))
	case provider.Update:
		return on("kms:UpdateAlias", alias, target(o.Old.Inputs), target(r.Inputs))
	case provider.Delete:
		return on("kms:DeleteAlias", alias, target(r.Inputs))
	}
	return on("kms:ListAliases", provider.Anything)
}
