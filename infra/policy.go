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

// statement allows actions: on a resource in a role's policy, to a principal in
// its trust policy.
type statement struct {
	Effect    string
	Principal *principal `json:",omitempty"`
	Action    []string
	Resource  string `json:",omitempty"`
}

type principal struct {
	Service string
}

// grant is actions on one resource, by its ARN.
type grant struct {
	actions  []string
	resource pulumi.StringOutput
}

// traces is what X-Ray needs of a function. These actions know no resource: it
// is the one grant on all of them.
// https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsx-ray.html
func traces() grant {
	return grant{[]string{"xray:PutTraceSegments", "xray:PutTelemetryRecords"}, pulumi.String("*").ToStringOutput()}
}

// document is the text of a policy that allows the statements.
func document(statements ...statement) (string, error) {
	for i := range statements {
		statements[i].Effect = "Allow"
	}
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
			statements = append(statements, statement{Action: grants[i].actions, Resource: arn})
		}
		return document(statements...)
	}).(pulumi.StringOutput)
}

// trust is the text of a trust policy that lets one AWS service take the role.
func trust(service string) (string, error) {
	return document(statement{Principal: &principal{Service: service}, Action: []string{"sts:AssumeRole"}})
}
