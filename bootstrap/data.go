package main

// parameters is the SSM parameters that stacks share with each other: of the
// whole project to read, of the stack to write.
func (s scope) parameters(of string) []string {
	return []string{s.arn("ssm", "parameter/"+of+"/*")}
}

// dataReads is what a preview reads of tables, secrets and parameters: how they
// are set, and never an item or the value of a secret.
func (s scope) dataReads() []statement {
	return []statement{
		allow([]string{s.named("dynamodb", "table/")},
			"dynamodb:DescribeContinuousBackups", "dynamodb:DescribeTable", "dynamodb:DescribeTimeToLive", "dynamodb:ListTagsOfResource"),
		allow([]string{s.named("secretsmanager", "secret:")}, "secretsmanager:DescribeSecret", "secretsmanager:GetResourcePolicy"),
		allow(s.parameters(s.Project), "ssm:GetParameter", "ssm:ListTagsForResource"),
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
		allow(s.parameters(s.Project+"/"+s.Stack),
			"ssm:AddTagsToResource", "ssm:DeleteParameter", "ssm:PutParameter", "ssm:RemoveTagsFromResource"),
	}
}
