package main

// schedules is the stack's schedules, in the group that every account has.
// https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-schedule-group.html
func (s scope) schedules() []string { return []string{s.named("scheduler", "schedule/default/")} }

// computeReads is what a preview reads of functions, queues, schedules and roles.
func (s scope) computeReads() []statement {
	functions := []string{s.named("lambda", "function:")}
	mappings := []string{s.arn("lambda", "event-source-mapping:*")}
	return []statement{
		allow(functions, "lambda:GetFunction", "lambda:GetFunctionCodeSigningConfig", "lambda:GetPolicy", "lambda:ListVersionsByFunction"),
		allow(mappings, "lambda:GetEventSourceMapping", "lambda:ListTags"),
		allow([]string{s.named("sqs", "")}, "sqs:GetQueueAttributes", "sqs:ListQueueTags"),
		allow(s.schedules(), "scheduler:GetSchedule"),
		allow(s.roles(), "iam:GetRole", "iam:GetRolePolicy", "iam:ListAttachedRolePolicies", "iam:ListRolePolicies"),
		allow([]string{s.iam("policy/" + s.prefix() + "-*")}, "iam:GetPolicy", "iam:GetPolicyVersion"),
	}
}

// computeWrites is what a deployment does with functions, queues, schedules and
// roles. It makes roles with the boundary alone, and passes them to Lambda and to
// the scheduler alone: nothing it deploys can do more than the boundary allows.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html#access_policies_boundaries-delegate
func (s scope) computeWrites() []statement {
	functions := []string{s.named("lambda", "function:")}
	mappings := []string{s.arn("lambda", "event-source-mapping:*")}
	policies := []string{s.iam("policy/" + s.prefix() + "-*")}
	return []statement{
		allow(functions,
			"lambda:CreateFunction", "lambda:UpdateFunctionCode", "lambda:UpdateFunctionConfiguration", "lambda:DeleteFunction",
			"lambda:PutFunctionConcurrency", "lambda:DeleteFunctionConcurrency",
			"lambda:AddPermission", "lambda:RemovePermission",
			"lambda:TagResource", "lambda:UntagResource"),
		// A mapping has an id for a name: the function it is for confines it,
		// whether it reads a queue or the stream of a table.
		allow(anything(), "lambda:CreateEventSourceMapping").when("ArnLike", "lambda:FunctionArn", functions...),
		allow(mappings, "lambda:UpdateEventSourceMapping", "lambda:DeleteEventSourceMapping").when("ArnLike", "lambda:FunctionArn", functions...),
		allow(mappings, "lambda:TagResource", "lambda:UntagResource"),
		allow([]string{s.named("sqs", "")}, "sqs:CreateQueue", "sqs:SetQueueAttributes", "sqs:DeleteQueue", "sqs:TagQueue", "sqs:UntagQueue"),
		allow(s.schedules(), "scheduler:CreateSchedule", "scheduler:DeleteSchedule", "scheduler:UpdateSchedule"),
		// infra attaches no policy. A function that takes one that another stack
		// shares has it attached.
		allow(s.roles(),
			"iam:CreateRole", "iam:PutRolePolicy", "iam:DeleteRolePolicy", "iam:AttachRolePolicy", "iam:DetachRolePolicy",
			"iam:PutRolePermissionsBoundary").when("StringEquals", "iam:PermissionsBoundary", s.boundary),
		// Before it deletes a role the provider looks for instance profiles with it.
		// The updates are of properties that infra may come to set.
		allow(s.roles(),
			"iam:DeleteRole", "iam:UpdateRole", "iam:UpdateRoleDescription", "iam:UpdateAssumeRolePolicy",
			"iam:ListInstanceProfilesForRole", "iam:TagRole", "iam:UntagRole"),
		allow(s.roles(), "iam:PassRole").when("StringEquals", "iam:PassedToService", "lambda.amazonaws.com", "scheduler.amazonaws.com"),
		allow(policies, "iam:CreatePolicy", "iam:DeletePolicy", "iam:CreatePolicyVersion", "iam:DeletePolicyVersion", "iam:ListPolicyVersions", "iam:TagPolicy", "iam:UntagPolicy"),
	}
}
