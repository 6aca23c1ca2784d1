package main

import "strings"

// parameters is the SSM parameters that stacks share with each other: of the
// whole project to read, of the stack to write.
func (s scope) parameters(of string) []string {
	return []string{s.arn("ssm", "parameter/"+of+"/*")}
}

// shared is the parameters to read: of the project, and of the stack that this
// one is attached to.
func (s scope) shared() []string {
	arns := s.parameters(s.Project)
	if s.AttachTo != "" {
		arns = append(arns, s.parameters(s.AttachTo)...)
	}
	return arns
}

// connections is the tables of WebSocket connections, of which there is one more
// for a stack that is attached: clients are connected there.
func (s scope) connections() []string {
	if s.AttachTo == "" {
		return nil
	}
	return []string{s.arn("dynamodb", "table/"+strings.ReplaceAll(s.AttachTo, "/", "-")+"-connections-*")}
}

// dataReads is what a preview reads of tables, secrets and parameters: how they
// are set, and never an item or the value of a secret.
func (s scope) dataReads() []statement {
	return []statement{
		allow([]string{s.named("dynamodb", "table/")},
			"dynamodb:DescribeContinuousBackups", "dynamodb:DescribeTable", "dynamodb:DescribeTimeToLive", "dynamodb:ListTagsOfResource"),
		allow([]string{s.named("secretsmanager", "secret:")}, "secretsmanager:DescribeSecret", "secretsmanager:GetResourcePolicy"),
		allow(s.shared(), "ssm:GetParameter", "ssm:ListTagsForResource"),
		allow(anything(), "ssm:DescribeParameters"),
	}
}

// dataWrites is what a deployment does with tables, secrets and parameters. An
// operator sets the value of a secret: see guards.
func (s scope) dataWrites() []statement {
	return []statement{
		allow([]string{s.named("dynamodb", "table/")},
			"dynamodb:CreateTable", "dynamodb:DeleteTable", "dynamodb:TagResource", "dynamodb:UntagResource",
			"dynamodb:UpdateContinuousBackups", "dynamodb:UpdateTable", "dynamodb:UpdateTimeToLive"),
		allow([]string{s.named("secretsmanager", "secret:")},
			"secretsmanager:CreateSecret", "secretsmanager:DeleteSecret", "secretsmanager:TagResource", "secretsmanager:UntagResource",
			"secretsmanager:UpdateSecret"),
		allow(s.parameters(s.stack()),
			"ssm:AddTagsToResource", "ssm:DeleteParameter", "ssm:PutParameter", "ssm:RemoveTagsFromResource"),
	}
}
