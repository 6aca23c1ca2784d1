package main

// schedules returns the ARN pattern of the stack's schedules, in the default
// group of the account.
// https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-schedule-group.html
func (s scope) schedules() []string { return []string{s.named("scheduler", "schedule/default/")} }

// computeReads allows a preview to read functions, queues, schedules and roles.
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

// computeWrites allows a deployment to change functions, queues, schedules and
// roles. It can create only roles with the boundary, and pass them only to
// Lambda and EventBridge Scheduler. So nothing that it deploys can do more than
// the boundary allows.
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
		// The ARN of a mapping contains only an id. So a condition limits
		// mappings to the stack's functions, for queues and for streams.
		allow(anything(), "lambda:CreateEventSourceMapping").when("ArnLike", "lambda:FunctionArn", functions...),
		allow(mappings, "lambda:UpdateEventSourceMapping", "lambda:DeleteEventSourceMapping").when("ArnLike", "lambda:FunctionArn", functions...),
		allow(mappings, "lambda:TagResource", "lambda:UntagResource"),
		allow([]string{s.named("sqs", "")}, "sqs:CreateQueue", "sqs:SetQueueAttributes", "sqs:DeleteQueue", "sqs:TagQueue", "sqs:UntagQueue"),
		allow(s.schedules(), "scheduler:CreateSchedule", "scheduler:DeleteSchedule", "scheduler:UpdateSchedule"),
		// infra itself attaches no managed policy. A team may attach a shared
		// policy of another stack to a function's role.
		allow(s.roles(),
			"iam:CreateRole", "iam:PutRolePolicy", "iam:DeleteRolePolicy", "iam:AttachRolePolicy", "iam:DetachRolePolicy",
			"iam:PutRolePermissionsBoundary").when("StringEquals", "iam:PermissionsBoundary", s.boundary),
		// The provider lists instance profiles before it deletes a role. infra
		// does not set the updated properties today but may in the future.
		allow(s.roles(),
			"iam:DeleteRole", "iam:UpdateRole", "iam:UpdateRoleDescription", "iam:UpdateAssumeRolePolicy",
			"iam:ListInstanceProfilesForRole", "iam:TagRole", "iam:UntagRole"),
		allow(s.roles(), "iam:PassRole").when("StringEquals", "iam:PassedToService", "lambda.amazonaws.com", "scheduler.amazonaws.com"),
		allow(policies, "iam:CreatePolicy", "iam:DeletePolicy", "iam:CreatePolicyVersion", "iam:DeletePolicyVersion", "iam:ListPolicyVersions", "iam:TagPolicy", "iam:UntagPolicy"),
	}
}
