package main

import (
	"encoding/json"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// policy is an IAM policy document.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements.html
type policy struct {
	Version   string
	Statement []statement
}

// statement allows or denies actions. In a role's policy it names a resource,
// in a trust policy a principal, in a bucket's policy both.
type statement struct {
	Effect    string
	Principal any `json:",omitempty"` // a service, or "*"
	Action    []string
	Resource  any                          `json:",omitempty"` // a string or a list of strings
	Condition map[string]map[string]string `json:",omitempty"`
}

// service is a principal: an AWS service.
type service struct {
	Service string
}

// grant allows actions on one resource.
type grant struct {
	actions  []string
	resource pulumi.StringOutput
}

// traces returns the grant to send traces to X-Ray. These actions support no
// resource, so the resource is "*".
// https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsx-ray.html
func traces() grant {
	return grant{[]string{"xray:PutTraceSegments", "xray:PutTelemetryRecords"}, pulumi.String("*").ToStringOutput()}
}

// streams returns the grant to find the stream of a table. The action supports
// no resource, so the resource is "*".
// https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazondynamodb.html
func streams() grant {
	return grant{[]string{"dynamodb:ListStreams"}, pulumi.String("*").ToStringOutput()}
}

// document returns the JSON of a policy with these statements.
func document(statements ...statement) (string, error) {
	text, err := json.Marshal(policy{Version: "2012-10-17", Statement: statements})
	return string(text), err
}

// allow returns the JSON of a policy that allows exactly these grants.
func allow(grants ...grant) pulumi.StringOutput {
	var arns pulumi.StringArray
	for _, g := range grants {
		arns = append(arns, g.resource)
	}
	return arns.ToStringArrayOutput().ApplyT(func(arns []string) (string, error) {
		var statements []statement
		for i, arn := range arns {
			statements = append(statements, statement{Effect: "Allow", Action: grants[i].actions, Resource: arn})
		}
		return document(statements...)
	}).(pulumi.StringOutput)
}

// trust returns the JSON of a trust policy that lets one AWS service assume the
// role.
func trust(by string) (string, error) {
	return document(statement{Effect: "Allow", Principal: service{by}, Action: []string{"sts:AssumeRole"}})
}

// trustFor is like trust, but only when the service acts for this account.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html
func trustFor(account, by string) (string, error) {
	return document(statement{Effect: "Allow", Principal: service{by}, Action: []string{"sts:AssumeRole"},
		Condition: map[string]map[string]string{"StringEquals": {"aws:SourceAccount": account}}})
}

// tlsOnly returns the JSON of a bucket policy that denies requests without TLS.
func tlsOnly(bucket pulumi.StringOutput) pulumi.StringOutput {
	return bucket.ApplyT(func(arn string) (string, error) {
		return document(statement{Effect: "Deny", Principal: "*", Action: []string{"s3:*"}, Resource: []string{arn, arn + "/*"},
			Condition: map[string]map[string]string{"Bool": {"aws:SecureTransport": "false"}}})
	}).(pulumi.StringOutput)
}
