package iam

import (
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"

	"skiff/local/aws/awserr"
	"skiff/local/engine/provider"
	"skiff/local/store"
)

// awsPrefix is the prefix of the ARNs of AWS managed policies.
const awsPrefix = "arn:aws:iam::aws:policy/"

// grant is an Allow statement.
type grant struct {
	Effect   string
	Action   []string
	Resource string
}

func allow(resource string, actions ...string) grant { return grant{"Allow", actions, resource} }

// awsPolicies returns the AWS managed policies for the roles of functions, by
// ARN. Each has a page with its name at
// https://docs.aws.amazon.com/aws-managed-policy/latest/reference/, such as
// AWSLambdaBasicExecutionRole.html. They equal the copies that
// https://github.com/zoph-io/MAMIP records. The statement ids are left out,
// because they have no effect.
func awsPolicies() map[string][]grant {
	writeLogs := []string{"logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"}
	withLogs := func(actions ...string) []grant { return []grant{allow("*", append(actions, writeLogs...)...)} }
	return map[string][]grant{
		awsPrefix + "service-role/AWSLambdaBasicExecutionRole":    withLogs(),
		awsPrefix + "service-role/AWSLambdaSQSQueueExecutionRole": withLogs("sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"),
		awsPrefix + "service-role/AWSLambdaDynamoDBExecutionRole": withLogs("dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator", "dynamodb:ListStreams"),
		awsPrefix + "service-role/AWSLambdaKinesisExecutionRole": withLogs("kinesis:DescribeStream", "kinesis:DescribeStreamSummary", "kinesis:GetRecords", "kinesis:GetShardIterator",
			"kinesis:ListShards", "kinesis:ListStreams", "kinesis:SubscribeToShard"),
		awsPrefix + "service-role/AWSLambdaVPCAccessExecutionRole": withLogs("ec2:CreateNetworkInterface", "ec2:DescribeNetworkInterfaces", "ec2:DescribeSubnets", "ec2:DeleteNetworkInterface",
			"ec2:AssignPrivateIpAddresses", "ec2:UnassignPrivateIpAddresses"),
		awsPrefix + "service-role/AWSLambdaRole": {allow("*", "lambda:InvokeFunction")},
		awsPrefix + "AWSXRayDaemonWriteAccess": {allow("*", "xray:PutTraceSegments", "xray:PutTelemetryRecords", "xray:GetSamplingRules", "xray:GetSamplingTargets",
			"xray:GetSamplingStatisticSummaries")},
		awsPrefix + "CloudWatchLambdaInsightsExecutionRolePolicy": {
			allow("*", "logs:CreateLogGroup"),
			allow("arn:aws:logs:*:*:log-group:/aws/lambda-insights:*", "logs:CreateLogStream", "logs:PutLogEvents"),
		},
	}
}

// awsPolicyARNs returns the sorted ARNs of the AWS managed policies that are
// supported here.
func awsPolicyARNs() []string { return slices.Sorted(maps.Keys(awsPolicies())) }

// awsDocument returns an AWS managed policy as JSON, and whether it is
// supported here.
func awsDocument(policyARN string) (text string, ok bool) {
	grants, ok := awsPolicies()[policyARN]
	data, _ := json.Marshal(map[string]any{"Version": "2012-10-17", "Statement": grants}) // strings always marshal
	return string(data), ok
}

// awsDocuments returns the AWS managed policies, parsed.
func awsDocuments() (map[string]*Document, error) {
	documents := map[string]*Document{}
	for _, policyARN := range awsPolicyARNs() {
		text, _ := awsDocument(policyARN)
		d, err := Parse(text, false)
		if err != nil {
			return nil, err
		}
		documents[policyARN] = d
	}
	return documents, nil
}

// GetPolicyToken is the token of the function that finds a managed policy by
// its ARN.
const GetPolicyToken = "aws:iam/getPolicy:getPolicy"

// GetPolicy implements aws.iam.GetPolicy, for a program's policies and AWS
// managed policies. It follows internal/service/iam/policy_data_source.go of
// terraform-provider-aws 5.100.0.
func (a *Authority) GetPolicy(c provider.Call, args map[string]any) (map[string]any, error) {
	policyARN, _ := args["arn"].(string)
	if policyARN == "" {
		return nil, errors.New("GetPolicy: the local cloud finds a policy only by its arn")
	}
	for _, name := range []string{"iam:GetPolicy", "iam:GetPolicyVersion"} {
		if err := c.Permit(inIAM(provider.On(policyARN, name))...); err != nil {
			return nil, err
		}
	}
	result := map[string]any{"id": policyARN, "arn": policyARN, "name": policyARN[strings.LastIndexByte(policyARN, '/')+1:], "description": "", "tags": map[string]any{}}
	if _, path, ok := strings.Cut(policyARN, ":policy/"); ok {
		result["path"] = "/" + path[:strings.LastIndexByte(path, '/')+1]
	}
	if text, ok := awsDocument(policyARN); ok {
		result["policy"], result["policyId"], result["attachmentCount"] = text, "ANPA"+uniqueID(policyARN), 0
		return result, nil
	}
	r, err := store.Get[Policy](a.db, PolicyToken, policyARN)
	if err != nil || r.Account != c.Account {
		return nil, awserr.New("NoSuchEntity", "Policy %s was not found.", policyARN)
	}
	out := a.describePolicy(r)
	result["policy"], result["description"], result["policyId"], result["attachmentCount"] = r.Inputs.Policy, r.Inputs.Description, out.PolicyID, out.AttachmentCount
	return result, nil
}
