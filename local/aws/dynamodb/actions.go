package dynamodb

import "skiff/local/engine/provider"

// tableActions lists the IAM actions that an operation on a table needs. TTL
// and point-in-time recovery have separate API calls, which the provider makes
// after CreateTable. A delete also describes the table, because the provider
// waits until it is gone. See internal/service/dynamodb/table.go of
// terraform-provider-aws 5.100.0 and
// https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazondynamodb.html.
func tableActions(o provider.Operation[Table]) []provider.Action {
	resource, in := tableARN(o.Record), o.Record.Inputs
	actions := o.Tags(resource, "dynamodb:TagResource", "dynamodb:UntagResource")
	add := func(when bool, name string) {
		if when {
			actions = append(actions, provider.On(resource, name)...)
		}
	}
	switch o.Verb {
	case provider.Create:
		add(true, "dynamodb:CreateTable")
		add(in.TTL != nil && in.TTL.Enabled, "dynamodb:UpdateTimeToLive")
		add(in.PointInTimeRecovery != nil && in.PointInTimeRecovery.Enabled, "dynamodb:UpdateContinuousBackups")
		return actions
	case provider.Update:
		add(o.Changed("billingMode", "readCapacity", "writeCapacity", "globalSecondaryIndexes", "serverSideEncryption",
			"deletionProtectionEnabled", "tableClass", "streamEnabled", "streamViewType"), "dynamodb:UpdateTable")
		add(o.Changed("ttl"), "dynamodb:UpdateTimeToLive")
		add(o.Changed("pointInTimeRecovery"), "dynamodb:UpdateContinuousBackups")
		return actions
	case provider.Delete:
		return provider.On(resource, "dynamodb:DeleteTable", "dynamodb:DescribeTable")
	}
	return provider.On(resource, "dynamodb:DescribeTable", "dynamodb:DescribeContinuousBackups", "dynamodb:DescribeTimeToLive", "dynamodb:ListTagsOfResource")
}
