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

// statement allows or denies actions: on a resource in a role's policy, to a
// principal in its trust policy, both in a bucket's policy.
type statement struct {
	Effect    string
	Principal any `json:",omitempty"` // a service, or "*"
	Action    []string
	Resource  any                          `json:",omitempty"` // a text, or several
	Condition map[string]map[string]string `json:",omitempty"`
}

// service is an AWS service as a principal.
type service struct {
	Service string
}

// grant is actions on one resource, by its ARN.
type grant struct {
	actions  []string
	resource pulumi.StringOutput
}

// traces is what X-Ray needs of a function. These actions know no resource: it
// is a grant on all of them.
// https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsx-ray.html
func traces() grant {
	return grant{[]string{"xray:PutTraceSegments", "xray:PutTelemetryRecords"}, pulumi.String("*").ToStringOutput()}
}

// streams is what finding a table's stream takes. The action knows no resource.
// https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazondynamodb.html
func streams() grant {
	return grant{[]string{"dynamodb:ListStreams"}, pulumi.String("*").ToStringOutput()}
}

// document is the text of a policy with the statements.
func document(statements ...statement) (string, error) {
	text, err := json.Marshal(policy{Version: "2012-10-17", Statement: statements})
	return string(text), err
}

// allow is the text of a policy with these grants and nothing more.
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

// trust is the text of a trust policy that lets one AWS service take the role.
func trust(by string) (string, error) {
	return document(statement{Effect: "Allow", Principal: service{by}, Action: []string{"sts:AssumeRole"}})
}

// trustFor is trust in a service that acts for this account alone.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html
func trustFor(account, by string) (string, error) {
	return document(statement{Effect: "Allow", Principal: service{by}, Action: []string{"sts:AssumeRole"},
		Condition: map[string]map[string]string{"StringEquals": {"aws:SourceAccount": account}}})
}

// tlsOnly is the text of a bucket's policy that refuses requests without TLS.
func tlsOnly(bucket pulumi.StringOutput) pulumi.StringOutput {
	return bucket.ApplyT(func(arn string) (string, error) {
		return document(statement{Effect: "Deny", Principal: "*", Action: []string{"s3:*"}, Resource: []string{arn, arn + "/*"},
			Condition: map[string]map[string]string{"Bool": {"aws:SecureTransport": "false"}}})
	}).(pulumi.StringOutput)
}
