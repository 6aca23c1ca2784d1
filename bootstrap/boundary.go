package main

import "github.com/pulumi/pulumi/sdk/v3/go/pulumi"

// newBoundary declares the permission boundary of the roles that the stack
// makes for its functions, and returns its ARN. A role can do what its own
// policies and the boundary both allow.
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

// bounds is the most that a function of the stack can do: use the stack's own
// data, log, trace, call its functions, as a schedule does, and answer WebSocket
// clients. It scans no table.
func (s scope) bounds() []statement {
	table := s.named("dynamodb", "table/") // its indexes are paths below
	services := []string{
		"dynamodb." + s.Region + ".amazonaws.com", "secretsmanager." + s.Region + ".amazonaws.com",
		"s3." + s.Region + ".amazonaws.com", "sqs." + s.Region + ".amazonaws.com", "ssm." + s.Region + ".amazonaws.com",
	}
	return []statement{
		allow(append([]string{table}, s.connections()...),
			"dynamodb:BatchGetItem", "dynamodb:BatchWriteItem", "dynamodb:ConditionCheckItem", "dynamodb:DeleteItem",
			"dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Query", "dynamodb:UpdateItem"),
		allow([]string{table + "/stream/*"}, "dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator"),
		// The poller of a stream lists streams, which have no resource then.
		// https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-eventsourcemapping.html
		allow(anything(), "dynamodb:ListStreams"),
		allow(s.objectsOfBuckets(), "s3:AbortMultipartUpload", "s3:DeleteObject", "s3:GetObject", "s3:ListMultipartUploadParts", "s3:PutObject"),
		allow(s.buckets(), "s3:ListBucket"), // without it a missing object would be a forbidden one
		allow([]string{s.named("lambda", "function:")}, "lambda:InvokeFunction"),
		allow([]string{s.named("sqs", "")},
			"sqs:ChangeMessageVisibility", "sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage", "sqs:SendMessage"),
		allow([]string{s.named("secretsmanager", "secret:")}, "secretsmanager:GetSecretValue"),
		allow(s.parameters(s.stack()), "ssm:GetParameter", "ssm:GetParameters", "ssm:GetParametersByPath"),
		allow([]string{s.named("logs", "log-group:") + ":log-stream:*"}, "logs:CreateLogStream", "logs:PutLogEvents"),
		allow(anything(), "xray:PutTelemetryRecords", "xray:PutTraceSegments"), // X-Ray has no resources for them
		allow([]string{s.arn("execute-api", "*/*/*/@connections/*")}, "execute-api:ManageConnections"),
		// Where data has a key of the team's own, its service uses it.
		allow([]string{s.arn("kms", "key/*")}, "kms:Decrypt", "kms:GenerateDataKey").when("StringEquals", "kms:ViaService", services...),
		deny([]string{s.key}, "kms:*"),
		deny([]string{s.bucket, s.bucket + "/*"}, "s3:*"),
		// A resource's own policy can allow what these do not.
		deny(anything(), "account:*", "iam:*", "organizations:*", "sts:AssumeRole"),
	}
}
