package kms

import (
	"skiff/local/aws/arn"
	"skiff/local/engine/provider"
)

// See internal/service/kms/key.go and tags_gen.go of terraform-provider-aws
// 5.100.0. A key that is not there yet is no resource; its tags take a right to
// the key (https://docs.aws.amazon.com/kms/latest/developerguide/kms-api-permissions-reference.html).
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
		// It is looked at until it waits for its end.
		return provider.On(key, "kms:ScheduleKeyDeletion", "kms:DescribeKey")
	}
	return provider.On(key, "kms:DescribeKey", "kms:GetKeyPolicy", "kms:GetKeyRotationStatus", "kms:ListResourceTags")
}

// switches lists the actions that turn a key's rotation and the key itself on or
// off, where an operation does.
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

// See internal/service/kms/alias.go of terraform-provider-aws 5.100.0. Each change
// takes the right to it twice: on the alias, and on each key it names before and
// after (https://docs.aws.amazon.com/kms/latest/developerguide/alias-access.html).
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
