package dynamodb

import "skiff/local/engine/provider"

// tableActions lists the calls on one table. Each setting that has a call of its
// own is switched on after the table is made; a delete waits until the table is
// gone.
// See internal/service/dynamodb/table.go of terraform-provider-aws 5.100.0 and
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
