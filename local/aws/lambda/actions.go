package lambda

import (
	"skiff/local/aws/arn"
	"skiff/local/engine/provider"
)

// functionActions lists the IAM actions that an operation on a function needs.
// Setting a role needs iam:PassRole. The code, the configuration and the
// reserved concurrency have separate API calls. See
// internal/service/lambda/function.go of terraform-provider-aws 5.100.0 and
// https://docs.aws.amazon.com/service-authorization/latest/reference/list_awslambda.html.
func functionActions(o provider.Operation[Function]) []provider.Action {
	resource, in := functionARN(o.Record), o.Record.Inputs
	actions := o.Tags(resource, "lambda:TagResource", "lambda:UntagResource")
	reserves := in.ReservedConcurrentExecutions != nil && *in.ReservedConcurrentExecutions >= 0
	add := func(when bool, name string) {
		if when {
			actions = append(actions, provider.On(resource, name)...)
		}
	}
	if o.Verb == provider.Create || o.Verb == provider.Update && o.Changed("role") {
		actions = append(actions, provider.When(provider.On(in.Role, "iam:PassRole"), "iam:PassedToService", "lambda.amazonaws.com")...)
	}
	switch o.Verb {
	case provider.Create:
		add(true, "lambda:CreateFunction")
		add(reserves, "lambda:PutFunctionConcurrency")
		return actions
	case provider.Update:
		add(o.Changed("description", "environment", "ephemeralStorage", "handler", "loggingConfig", "memorySize", "role", "runtime", "timeout",
			"tracingConfig"), "lambda:UpdateFunctionConfiguration")
		add(o.Changed("code", "sourceCodeHash", "architectures"), "lambda:UpdateFunctionCode")
		add(o.Changed("reservedConcurrentExecutions") && reserves, "lambda:PutFunctionConcurrency")
		add(o.Changed("reservedConcurrentExecutions") && !reserves, "lambda:DeleteFunctionConcurrency")
		return actions
	case provider.Delete:
		return provider.On(resource, "lambda:DeleteFunction")
	}
	return provider.On(resource, "lambda:GetFunction", "lambda:ListVersionsByFunction", "lambda:GetFunctionCodeSigningConfig")
}

// permissionActions lists the IAM actions that an operation on one statement of
// a function's policy needs. A delete also reads the policy, because the
// provider waits until the statement is gone. See
// internal/service/lambda/permission.go of terraform-provider-aws 5.100.0.
func permissionActions(o provider.Operation[Permission]) []provider.Action {
	resource := namedARN(o.Call, o.Record.Inputs.Function)
	switch o.Verb {
	case provider.Create:
		return provider.On(resource, "lambda:AddPermission")
	case provider.Delete:
		return provider.On(resource, "lambda:RemovePermission", "lambda:GetPolicy")
	}
	return provider.On(resource, "lambda:GetPolicy")
}

// mappingActions lists the IAM actions that an operation on an event source
// mapping needs. CreateEventSourceMapping has no resource; the condition key
// lambda:FunctionArn names the function. A delete also reads the mapping,
// because the provider waits until it is gone. See
// internal/service/lambda/event_source_mapping.go of terraform-provider-aws
// 5.100.0 and
// https://docs.aws.amazon.com/lambda/latest/dg/lambda-api-permissions-ref.html.
func mappingActions(o provider.Operation[EventSourceMapping]) []provider.Action {
	resource := mappingARN(o.Record)
	tags := o.Tags(resource, "lambda:TagResource", "lambda:UntagResource")
	// An update may set another function; lambda:FunctionArn is the function in
	// the request.
	function := namedARN(o.Call, o.Record.Inputs.FunctionName)
	of := func(resource string, names ...string) []provider.Action {
		return provider.When(provider.On(resource, names...), "lambda:FunctionArn", function)
	}
	switch o.Verb {
	case provider.Create:
		return append(of(provider.Anything, "lambda:CreateEventSourceMapping"), tags...)
	case provider.Update:
		if o.ChangedBesides("tags") {
			return append(tags, of(resource, "lambda:UpdateEventSourceMapping")...)
		}
		return tags
	case provider.Delete:
		return of(resource, "lambda:DeleteEventSourceMapping", "lambda:GetEventSourceMapping")
	}
	return append(of(resource, "lambda:GetEventSourceMapping"), provider.On(resource, "lambda:ListTags")...)
}

// namedARN returns the ARN, without a qualifier, of a function given by name or
// ARN.
func namedARN(c provider.Call, function string) string {
	region, account := c.Region, c.Account
	if parts, ok := arn.Parse(function); ok {
		region, account = parts.Region, parts.AccountID
	}
	return arn.New("lambda", region, account, "function:"+nameOf(function))
}
