package main

// logGroups returns the ARN patterns of the stack's log groups: the functions'
// groups and the access log. The access log has a fixed name, because the
// account has few resource policies for logs. Actions on tags use the ARN of a
// group without :* at the end, most other actions with it. The patterns match
// both.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/AWS-logs-and-resource-policy.html
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/iam-access-control-overview-cwl.html
func (s scope) logGroups() []string {
	return []string{s.named("logs", "log-group:"), s.arn("logs", "log-group:/aws/vendedlogs/"+s.fixedName()+"/*")}
}

// dashboard returns the ARN of the stack's dashboard. Its name is fixed, and
// its ARN has no region.
func (s scope) dashboard() string {
	return "arn:aws:cloudwatch::" + s.Account + ":dashboard/" + s.fixedName()
}

// operationsReads allows a preview to read the settings of logs, alarms and
// topics. It does not allow reading log lines.
func (s scope) operationsReads() []statement {
	return []statement{
		allow(s.logGroups(), "logs:ListTagsForResource"),
		allow(anything(), "logs:DescribeLogGroups"),
		// The provider finds an alarm by listing, which supports no single
		// alarm.
		allow([]string{s.arn("cloudwatch", "alarm:*")}, "cloudwatch:DescribeAlarms"),
		allow([]string{s.named("cloudwatch", "alarm:")}, "cloudwatch:ListTagsForResource"),
		allow([]string{s.dashboard()}, "cloudwatch:GetDashboard"),
		// The ARN of a subscription begins with the ARN of its topic.
		allow([]string{s.named("sns", "")}, "sns:GetSubscriptionAttributes", "sns:GetTopicAttributes", "sns:ListTagsForResource"),
	}
}

// operationsWrites allows a deployment to change logs, alarms and topics.
func (s scope) operationsWrites() []statement {
	return []statement{
		allow(s.logGroups(),
			"logs:CreateLogGroup", "logs:DeleteLogGroup", "logs:DeleteRetentionPolicy", "logs:PutRetentionPolicy",
			"logs:TagResource", "logs:UntagResource"),
		// API Gateway requires these rights to set a stage's access log.
		// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-logging.html
		allow(anything(),
			"logs:CreateLogDelivery", "logs:DeleteLogDelivery", "logs:DescribeResourcePolicies", "logs:GetLogDelivery",
			"logs:ListLogDeliveries", "logs:PutResourcePolicy", "logs:UpdateLogDelivery").
			when("StringEquals", "aws:RequestedRegion", s.Region),
		allow([]string{s.named("cloudwatch", "alarm:")},
			"cloudwatch:DeleteAlarms", "cloudwatch:PutMetricAlarm", "cloudwatch:TagResource", "cloudwatch:UntagResource"),
		allow([]string{s.dashboard()}, "cloudwatch:DeleteDashboards", "cloudwatch:PutDashboard"),
		allow([]string{s.named("sns", "")},
			"sns:CreateTopic", "sns:DeleteTopic", "sns:SetTopicAttributes", "sns:Subscribe", "sns:TagResource", "sns:Unsubscribe",
			"sns:UntagResource"),
	}
}
