package logs

import "skiff/local/engine/provider"

// See internal/service/logs/group.go and tags_gen.go of terraform-provider-aws
// 5.100.0. Most calls take a right to the ARN with ":*", those for tags to the
// one without
// (https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_LogGroup.html),
// and groups are listed with a right to all
// (https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazoncloudwatchlogs.html).
// Who creates a group with tags needs the right to tag, too
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
