package endpoint

// title returns a service's common name and the name in its signatures.
func title(scope string) string {
	if name, ok := titles()[scope]; ok {
		return name + ", " + scope
	}
	return scope
}

// titles lists services whose scope differs from their common name. The scopes
// are listed at
// https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
// and in the SDKs' models.
func titles() map[string]string {
	return map[string]string{
		"apigateway":       "API Gateway",
		"bedrock":          "Bedrock",
		"cloudfront":       "CloudFront",
		"cognito-identity": "Cognito identity pools",
		"cognito-idp":      "Cognito user pools",
		"ec2":              "EC2",
		"email":            "SES",
		"events":           "EventBridge",
		"execute-api":      "an API of API Gateway without its URL",
		"firehose":         "Data Firehose",
		"iam":              "IAM",
		"kinesis":          "Kinesis Data Streams",
		"kms":              "KMS",
		"lambda":           "Lambda",
		"logs":             "CloudWatch Logs",
		"monitoring":       "CloudWatch",
		"rds-data":         "the RDS Data API",
		"rekognition":      "Rekognition",
		"route53":          "Route 53",
		"s3express":        "S3 Express",
		"ses":              "SES",
		"sns":              "SNS",
		"ses-v2":           "SES",
		"states":           "Step Functions",
	}
}
