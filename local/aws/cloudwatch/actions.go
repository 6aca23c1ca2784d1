package cloudwatch

import (
	"skiff/local/aws/arn"
	"skiff/local/engine/provider"
)

// alarmActions follows internal/service/cloudwatch/metric_alarm.go and
// tags_gen.go of terraform-provider-aws 5.100.0. Creating an alarm with tags
// also needs the right to tag
// (https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html).
// A read lists alarms; the right to list covers all alarms
// (https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_DescribeAlarms.html).
func alarmActions(o provider.Operation[Alarm]) []provider.Action {
	r := o.Record
	alarm := alarmARN(r)
	tags := o.Tags(alarm, "cloudwatch:TagResource", "cloudwatch:UntagResource")
	switch o.Verb {
	case provider.Create:
		return append(provider.On(alarm, "cloudwatch:PutMetricAlarm"), tags...)
	case provider.Update:
		if o.ChangedBesides("tags") {
			tags = append(tags, provider.On(alarm, "cloudwatch:PutMetricAlarm")...)
		}
		return tags
	case provider.Delete:
		return provider.On(alarm, "cloudwatch:DeleteAlarms")
	}
	all := arn.New("cloudwatch", r.Region, r.Account, "alarm:*")
	return append(provider.On(all, "cloudwatch:DescribeAlarms"), provider.On(alarm, "cloudwatch:ListTagsForResource")...)
}

// dashboardActions follows internal/service/cloudwatch/dashboard.go of
// terraform-provider-aws 5.100.0.
func dashboardActions(o provider.Operation[Dashboard]) []provider.Action {
	dashboard := dashboardARN(o.Record)
	switch o.Verb {
	case provider.Create, provider.Update:
		return provider.On(dashboard, "cloudwatch:PutDashboard")
	case provider.Delete:
		return provider.On(dashboard, "cloudwatch:DeleteDashboards")
	}
	return provider.On(dashboard, "cloudwatch:GetDashboard")
}
