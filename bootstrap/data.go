package main

import "strings"

// parameters returns the ARN pattern of the Parameter Store parameters under a
// path: a project, or PROJECT/STACK.
func (s scope) parameters(of string) []string {
	return []string{s.arn("ssm", "parameter/"+of+"/*")}
}

// shared returns the ARN patterns of the parameters to read: of the project's
// stacks and of the host stack.
func (s scope) shared() []string {
	arns := s.parameters(s.Project)
	if s.AttachTo != "" {
		arns = append(arns, s.parameters(s.AttachTo)...)
	}
	return arns
}

// connections returns the ARN pattern of the host stack's table of WebSocket
// connections. An attached stack uses that table, because clients connect to
// the host's API.
func (s scope) connections() []string {
	if s.AttachTo == "" {
		return nil
	}
	return []string{s.arn("dynamodb", "table/"+strings.ReplaceAll(s.AttachTo, "/", "-")+"-connections-*")}
}

// dataReads allows a preview to read the settings of tables, secrets and
// parameters. It does not allow reading items or the values of secrets.
func (s scope) dataReads() []statement {
	return []statement{
		allow([]string{s.named("dynamodb", "table/")},
			"dynamodb:DescribeContinuousBackups", "dynamodb:DescribeTable", "dynamodb:DescribeTimeToLive", "dynamodb:ListTagsOfResource"),
		allow([]string{s.named("secretsmanager", "secret:")}, "secretsmanager:DescribeSecret", "secretsmanager:GetResourcePolicy"),
		allow(s.shared(), "ssm:GetParameter", "ssm:ListTagsForResource"),
		allow(anything(), "ssm:DescribeParameters"),
	}
}

// dataWrites allows a deployment to change tables, secrets and parameters, but
// not the values of secrets (see guards).
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
