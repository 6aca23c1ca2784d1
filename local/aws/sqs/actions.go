package sqs

import (
	"strings"

	"skiff/local/aws/arn"
	"skiff/local/engine/provider"
)

// queueActions lists the IAM actions that an operation on a queue needs. A
// delete also reads the attributes, because the provider waits until the queue
// is gone. See internal/service/sqs/queue.go of terraform-provider-aws 5.100.0
// and
// https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonsqs.html.
func queueActions(o provider.Operation[Queue]) []provider.Action {
	resource := queueARN(o.Record)
	tags := o.Tags(resource, "sqs:TagQueue", "sqs:UntagQueue")
	switch o.Verb {
	case provider.Create:
		return append(provider.On(resource, "sqs:CreateQueue"), tags...)
	case provider.Update:
		if o.Changed("delaySeconds", "kmsDataKeyReusePeriodSeconds", "kmsMasterKeyId", "maxMessageSize", "messageRetentionSeconds", "policy",
			"receiveWaitTimeSeconds", "redriveAllowPolicy", "redrivePolicy", "sqsManagedSseEnabled", "visibilityTimeoutSeconds") {
			return append(tags, provider.On(resource, "sqs:SetQueueAttributes")...)
		}
		return tags
	case provider.Delete:
		return provider.On(resource, "sqs:DeleteQueue", "sqs:GetQueueAttributes")
	}
	return provider.On(resource, "sqs:GetQueueAttributes", "sqs:ListQueueTags")
}

// attributeActions lists the IAM actions that an operation on one attribute of
// a queue needs. A delete sets the attribute to "" and then reads it until the
// change is visible. See internal/service/sqs/attribute_funcs.go of
// terraform-provider-aws 5.100.0.
func attributeActions[In any](o provider.Operation[In]) []provider.Action {
	account, name, _ := strings.Cut(keyOf(o.Record.ID), "/")
	resource := arn.New("sqs", o.Record.Region, account, name)
	switch o.Verb {
	case provider.Read:
		return provider.On(resource, "sqs:GetQueueAttributes")
	case provider.Delete:
		return provider.On(resource, "sqs:SetQueueAttributes", "sqs:GetQueueAttributes")
	}
	return provider.On(resource, "sqs:SetQueueAttributes")
}
