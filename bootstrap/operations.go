package main

// logGroups is the stack's log groups: of its functions, and of its API's
// access log, whose fixed name spares the account's few log resource policies.
// Most actions know a group by its ARN with :* behind it, those on tags without:
// both patterns match both.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/AWS-logs-and-resource-policy.html
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/iam-access-control-overview-cwl.html
func (s scope) logGroups() []string {
	return []string{s.named("logs", "log-group:"), s.arn("logs", "log-group:/aws/vendedlogs/"+s.itself()+"/*")}
}

// dashboard is the stack's dashboard, which has a fixed name and no region.
func (s scope) dashboard() string {
	return "arn:aws:cloudwatch::" + s.Account + ":dashboard/" + s.itself()
}

// operationsReads is what a preview reads of logs, alarms and topics: how they
// are set, and no line of a log.
func (s scope) operationsReads() []statement {
	return []statement{
		allow(s.logGroups(), "logs:ListTagsForResource"),
		allow(anything(), "logs:DescribeLogGroups"),
		// Alarms are listed, and a list is of them all.
		allow([]string{s.arn("cloudwatch", "alarm:*")}, "cloudwatch:DescribeAlarms"),
		allow([]string{s.named("cloudwatch", "alarm:")}, "cloudwatch:ListTagsForResource"),
		allow([]string{s.dashboard()}, "cloudwatch:GetDashboard"),
		// A subscription's ARN begins with its topic's.
		allow([]string{s.named("sns", "")}, "sns:GetSubscriptionAttributes", "sns:GetTopicAttributes", "sns:ListTagsForResource"),
	}
}

// operationsWrites is what a deployment does with logs, alarms and topics.
func (s scope) operationsWrites() []statement {
	return []statement{
		allow(s.logGroups(),
			"logs:CreateLogGroup", "logs:DeleteLogGroup", "logs:DeleteRetentionPolicy", "logs:PutRetentionPolicy",
			"logs:TagResource", "logs:UntagResource"),
		// What API Gateway asks of who sets a stage's access log.
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
