package main

import (
	"encoding/json"
	"fmt"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cloudwatch"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// newAccessLog declares the group that the stage writes a line to for each
// request. Below /aws/vendedlogs/ API Gateway needs no line of its own in the
// account's one resource policy for logs, which has 5,120 characters; so the
// name is a fixed one.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/AWS-logs-and-resource-policy.html
func newAccessLog(s *stack) (*cloudwatch.LogGroup, error) {
	return cloudwatch.NewLogGroup(s.ctx, "access", &cloudwatch.LogGroupArgs{
		Name:            pulumi.String(accessLogName(s.ctx)),
		RetentionInDays: pulumi.Int(s.cfg.LogDays),
	}, s.in)
}

// accessLogName is the name of the access log group.
func accessLogName(ctx *pulumi.Context) string {
	return fmt.Sprintf("/aws/vendedlogs/%s-%s/access", ctx.Project(), ctx.Stack())
}

// accessLine is what the access log tells of a request, 3 KB at most. It names
// no user agent, header or query: those are the client's, and may be secret.
// What a request has not, such as an error, is "-"; so the error stands in
// quotes of this format rather than in those of error.messageString.
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
