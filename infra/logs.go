package main

import (
	"encoding/json"
	"fmt"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cloudwatch"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// newAccessLog declares the log group to which the stage writes a line for each
// request. The fixed name begins with /aws/vendedlogs/: for such groups API
// Gateway adds no statement to the account's resource policy, which has at most
// 5,120 characters.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/AWS-logs-and-resource-policy.html
func newAccessLog(s *stack) (*cloudwatch.LogGroup, error) {
	return cloudwatch.NewLogGroup(s.ctx, "access", &cloudwatch.LogGroupArgs{
		Name:            pulumi.String(accessLogName(s.ctx)),
		RetentionInDays: pulumi.Int(s.cfg.LogDays),
	}, s.in)
}

// accessLogName returns the name of the access log group.
func accessLogName(ctx *pulumi.Context) string {
	return fmt.Sprintf("/aws/vendedlogs/%s-%s/access", ctx.Project(), ctx.Stack())
}

// accessLine returns the format of a line in the access log. A line has at most
// 3 KB. It contains no user agent, header or query: clients choose these, and
// they may be secret.
//
// API Gateway writes "-" for a missing value, such as the error.
// $context.error.messageString would add its own quotes, but not around "-", so
// the format quotes $context.error.message.
// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-logging-variables.html
func accessLine() (string, error) {
	text, err := json.Marshal(map[string]string{
		"requestId":          "$context.requestId",
		"ip":                 "$context.identity.sourceIp",
		"time":               "$context.requestTime",
		"method":             "$context.httpMethod",
		"routeKey":           "$context.routeKey",
		"path":               "$context.path",
		"status":             "$context.status",
		"protocol":           "$context.protocol",
		"responseLength":     "$context.responseLength",
		"responseLatency":    "$context.responseLatency",
		"integrationStatus":  "$context.integrationStatus",
		"integrationLatency": "$context.integrationLatency",
		"integrationError":   "$context.integrationErrorMessage",
		"error":              "$context.error.message",
	})
	return string(text), err
}
