package main

// logGroups is the stack's log groups: of its functions, and of its API's
// access logs, whose prefix spares the account's few log resource policies.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/AWS-logs-and-resource-policy.html
func (s scope) logGroups() []string {
	return []string{s.named("logs", "log-group:"), s.named("logs", "log-group:/aws/vendedlogs/")}
}

// dashboards is the stack's dashboards, which have no region.
func (s scope) dashboards() string {
	return "arn:aws:cloudwatch::" + s.Account + ":dashboard/" + s.prefix() + "-*"
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
		allow([]string{s.dashboards()}, "cloudwatch:GetDashboard"),
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
		allow([]string{s.dashboards()}, "cloudwatch:DeleteDashboards", "cloudwatch:PutDashboard"),
		allow([]string{s.named("sns", "")},
			"sns:CreateTopic", "sns:DeleteTopic", "sns:SetTopicAttributes", "sns:Subscribe", "sns:TagResource", "sns:Unsubscribe",
			"sns:UntagResource"),
	}
}
