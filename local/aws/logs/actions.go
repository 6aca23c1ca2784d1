package logs

import "skiff/local/engine/provider"

// groupActions lists the IAM actions that an operation on a log group needs.
// See internal/service/logs/group.go and tags_gen.go of terraform-provider-aws
// 5.100.0.
//
// Most actions need the ARN with ":*"; the tag actions need the ARN without it
// (https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_LogGroup.html).
// DescribeLogGroups needs the resource "*"
// (https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazoncloudwatchlogs.html).
// Creating a group with tags also needs logs:TagResource
// (https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_CreateLogGroup.html).
func groupActions(o provider.Operation[Group]) []provider.Action {
	in := o.Record.Inputs
	tagged := ARN(o.Record.Region, o.Record.Account, o.Record.ID)
	group := tagged + ":*"
	tags := o.Tags(tagged, "logs:TagResource", "logs:UntagResource")
	switch o.Verb {
	case provider.Create:
		actions := append(provider.On(group, "logs:CreateLogGroup"), tags...)
		if in.RetentionInDays > 0 {
			actions = append(actions, provider.On(group, "logs:PutRetentionPolicy")...)
		}
		return actions
	case provider.Update:
		switch {
		case o.Changed("retentionInDays") && in.RetentionInDays > 0:
			tags = append(tags, provider.On(group, "logs:PutRetentionPolicy")...)
		case o.Changed("retentionInDays"):
			tags = append(tags, provider.On(group, "logs:DeleteRetentionPolicy")...)
		}
		return tags
	case provider.Delete:
		if in.SkipDestroy {
			return nil
		}
		return provider.On(group, "logs:DeleteLogGroup")
	}
	return append(provider.On(provider.Anything, "logs:DescribeLogGroups"), provider.On(tagged, "logs:ListTagsForResource")...)
}
