package eventbridge

import "skiff/local/engine/provider"

// busActions follows internal/service/events/bus.go and tags_gen.go of
// terraform-provider-aws 5.100.0. Creating a bus or a rule with tags also needs
// the right to tag
// (https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazoneventbridge.html).
func busActions(o provider.Operation[Bus]) []provider.Action {
	resource := busARN(o.Record.Region, o.Record.Account, o.Record.Inputs.Name)
	tags := o.Tags(resource, "events:TagResource", "events:UntagResource")
	switch o.Verb {
	case provider.Create:
		return append(provider.On(resource, "events:CreateEventBus"), tags...)
	case provider.Update:
		if o.ChangedBesides("tags") {
			tags = append(tags, provider.On(resource, "events:UpdateEventBus")...)
		}
		return tags
	case provider.Delete:
		return provider.On(resource, "events:DeleteEventBus")
	}
	return provider.On(resource, "events:DescribeEventBus", "events:ListTagsForResource")
}

// ruleActions follows internal/service/events/rule.go of terraform-provider-aws
// 5.100.0.
func ruleActions(o provider.Operation[Rule]) []provider.Action {
	resource := ruleARN(o.Record)
	tags := o.Tags(resource, "events:TagResource", "events:UntagResource")
	switch o.Verb {
	case provider.Create:
		return append(provider.On(resource, "events:PutRule"), tags...)
	case provider.Update:
		if o.ChangedBesides("tags", "forceDestroy") {
			tags = append(tags, provider.On(resource, "events:PutRule")...)
		}
		return tags
	case provider.Delete:
		return provider.On(resource, "events:DeleteRule")
	}
	return provider.On(resource, "events:DescribeRule", "events:ListTagsForResource")
}

// targetActions follows internal/service/events/target.go of
// terraform-provider-aws 5.100.0. Actions on a target need a right to its rule.
func targetActions(o provider.Operation[Target]) []provider.Action {
	r := o.Record
	rule := Rule{Name: r.Inputs.Rule, EventBusName: r.Inputs.EventBusName}
	resource := ruleARN(ruleIn(r.Region, r.Account, rule))
	switch o.Verb {
	case provider.Create, provider.Update:
		return provider.On(resource, "events:PutTargets")
	case provider.Delete:
		return provider.On(resource, "events:RemoveTargets")
	}
	return provider.On(resource, "events:ListTargetsByRule")
}
