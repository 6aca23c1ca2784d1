package sns

import "skiff/local/engine/provider"

// topicActions follows internal/service/sns/topic.go and tags_gen.go of
// terraform-provider-aws 5.100.0. The provider sets each given attribute with
// its own call. Creating a topic with tags also needs the right to tag
// (https://docs.aws.amazon.com/sns/latest/dg/sns-tags.html).
func topicActions(o provider.Operation[Topic]) []provider.Action {
	topic, in := o.Record.ID, o.Record.Inputs
	tags := o.Tags(topic, "sns:TagResource", "sns:UntagResource")
	sets := provider.On(topic, "sns:SetTopicAttributes")
	switch o.Verb {
	case provider.Create:
		actions := append(provider.On(topic, "sns:CreateTopic"), tags...)
		if in.DisplayName+in.DeliveryPolicy+in.KMSMasterKeyID+in.Policy+in.TracingConfig != "" || in.SignatureVersion != 0 {
			actions = append(actions, sets...)
		}
		return actions
	case provider.Update:
		if o.ChangedBesides("tags") {
			tags = append(tags, sets...)
		}
		return tags
	case provider.Delete:
		return provider.On(topic, "sns:DeleteTopic")
	}
	return provider.On(topic, "sns:GetTopicAttributes", "sns:ListTagsForResource")
}

// subscriptionActions follows internal/service/sns/topic_subscription.go of
// terraform-provider-aws 5.100.0. Actions on a subscription need a right to its
// topic
// (https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonsns.html).
func subscriptionActions(o provider.Operation[Subscription]) []provider.Action {
	topic := o.Record.Inputs.Topic
	switch o.Verb {
	case provider.Create:
		return provider.On(topic, "sns:Subscribe")
	case provider.Update:
		if o.Changed("deliveryPolicy", "filterPolicy", "filterPolicyScope", "rawMessageDelivery", "redrivePolicy") {
			return provider.On(topic, "sns:SetSubscriptionAttributes")
		}
		return nil
	case provider.Delete:
		// The provider reads the subscription until it is gone.
		return provider.On(topic, "sns:Unsubscribe", "sns:GetSubscriptionAttributes")
	}
	return provider.On(topic, "sns:GetSubscriptionAttributes")
}
