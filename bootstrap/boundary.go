package main

import "github.com/pulumi/pulumi/sdk/v3/go/pulumi"

// newBoundary declares the permissions boundary of the functions' roles and
// returns its ARN. A role can do only what both its policies and the boundary
// allow.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html
func newBoundary(ctx *pulumi.Context, cfg config, state *state, in pulumi.ResourceOption) (pulumi.StringOutput, error) {
	text := pulumi.All(state.bucketARN, state.keyARN).ApplyT(func(arns []any) (string, error) {
		s := scope{config: cfg, bucket: arns[0].(string), key: arns[1].(string)}
		return document(maxPolicy, s.bounds())
	}).(pulumi.StringOutput)
	policy, err := newPolicy(ctx, cfg, "boundary", text, in)
	if err != nil {
		return pulumi.StringOutput{}, err
	}
	return policy.Arn, nil
}

// bounds returns the boundary: everything that a function of the stack may ever
// do. It may use the stack's data, write logs, send traces, call the stack's
// functions and post to WebSocket clients. It may not scan a table. The role of
// a schedule has this boundary too, so it allows calling functions.
func (s scope) bounds() []statement {
	table := s.named("dynamodb", "table/") // the star includes its indexes
	services := []string{
		"dynamodb." + s.Region + ".amazonaws.com", "secretsmanager." + s.Region + ".amazonaws.com",
		"s3." + s.Region + ".amazonaws.com", "sqs." + s.Region + ".amazonaws.com", "ssm." + s.Region + ".amazonaws.com",
	}
	return []statement{
		allow(append([]string{table}, s.connections()...),
			"dynamodb:BatchGetItem", "dynamodb:BatchWriteItem", "dynamodb:ConditionCheckItem", "dynamodb:DeleteItem",
			"dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Query", "dynamodb:UpdateItem"),
		allow([]string{table + "/stream/*"}, "dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator"),
		// Lambda lists streams to poll one. The action supports no resource.
		// https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-eventsourcemapping.html
		allow(anything(), "dynamodb:ListStreams"),
		allow(s.objectsOfBuckets(), "s3:AbortMultipartUpload", "s3:DeleteObject", "s3:GetObject", "s3:ListMultipartUploadParts", "s3:PutObject"),
		allow(s.buckets(), "s3:ListBucket"), // without it S3 answers 403 for a missing object instead of 404
		allow([]string{s.named("lambda", "function:")}, "lambda:InvokeFunction"),
		allow([]string{s.named("sqs", "")},
			"sqs:ChangeMessageVisibility", "sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage", "sqs:SendMessage"),
		allow([]string{s.named("secretsmanager", "secret:")}, "secretsmanager:GetSecretValue"),
		allow(s.parameters(s.stack()), "ssm:GetParameter", "ssm:GetParameters", "ssm:GetParametersByPath"),
		allow([]string{s.named("logs", "log-group:") + ":log-stream:*"}, "logs:CreateLogStream", "logs:PutLogEvents"),
		allow(anything(), "xray:PutTelemetryRecords", "xray:PutTraceSegments"), // these actions support no resource
		allow([]string{s.arn("execute-api", "*/*/*/@connections/*")}, "execute-api:ManageConnections"),
		// If a team encrypts data with a key of its account, the service that
		// stores the data uses the key.
		allow([]string{s.arn("kms", "key/*")}, "kms:Decrypt", "kms:GenerateDataKey").when("StringEquals", "kms:ViaService", services...),
		deny([]string{s.key}, "kms:*"),
		deny([]string{s.bucket, s.bucket + "/*"}, "s3:*"),
		// A resource-based policy could allow these without the role's
		// policies.
		deny(anything(), "account:*", "iam:*", "organizations:*", "sts:AssumeRole"),
	}
}
