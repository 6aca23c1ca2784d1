package lambda

import (
	"encoding/json"
	"maps"
	"regexp"
	"slices"

	"skiff/local/engine/provider"
)

var (
	functionName = regexp.MustCompile(`^[a-zA-Z0-9-_]{1,64}$`)
	roleForm     = regexp.MustCompile(`^arn:(aws[a-zA-Z-]*)?:iam::\d{12}:role/?[a-zA-Z_0-9+=,.@\-_/]+$`)
	variableName = regexp.MustCompile(`^[a-zA-Z][a-zA-Z0-9_]+$`)
)

// checkFunction applies the limits of
// https://docs.aws.amazon.com/lambda/latest/api/API_CreateFunction.html.
func checkFunction(in Function) []provider.Problem {
	var problems provider.Problems
	if in.Name != "" && !functionName.MatchString(in.Name) {
		problems.Add("name", "%q must be 1 to 64 letters, digits, - and _", in.Name)
	}
	if in.Role != "" && !roleForm.MatchString(in.Role) {
		problems.Add("role", "%q is not the ARN of a role", in.Role)
	}
	if in.Runtime != "" && in.Runtime != "provided.al2023" && in.Runtime != "provided.al2" {
		problems.Add("runtime", "the local cloud runs provided.al2023 and provided.al2, not %q", in.Runtime)
	}
	if in.PackageType != "" && in.PackageType != "Zip" {
		problems.Add("packageType", "the local cloud runs zips, not %q", in.PackageType)
	}
	if n := in.Timeout; n != 0 {
		problems.Within("timeout", n, 1, 900, "seconds")
	}
	if n := in.MemorySize; n != 0 {
		problems.Within("memorySize", n, 128, 10240, "MB")
	}
	if len(in.Architectures) > 1 {
		problems.Add("architectures", "a function has one architecture, not %d", len(in.Architectures))
	}
	for _, a := range in.Architectures {
		if a != "x86_64" && a != "arm64" {
			problems.Add("architectures", "%q is neither x86_64 nor arm64", a)
		}
	}
	if n := in.ReservedConcurrentExecutions; n != nil && *n < -1 {
		problems.Add("reservedConcurrentExecutions", "%d is below -1, which means no reservation", *n)
	}
	problems.MaxCharacters("description", in.Description, 256)
	if in.EphemeralStorage != nil && in.EphemeralStorage.Size != 0 {
		problems.Within("ephemeralStorage.size", in.EphemeralStorage.Size, 512, 10240, "MB")
	}
	return append(problems, slices.Concat(checkVariables(in.Environment), checkSettings(in))...)
}

func checkSettings(in Function) []provider.Problem {
	var problems provider.Problems
	if l := in.LoggingConfig; l != nil {
		problems.OneOf("loggingConfig.logFormat", l.LogFormat, "JSON", "Text")
		if l.LogFormat == "Text" && (l.ApplicationLogLevel != "" || l.SystemLogLevel != "") {
			problems.Add("loggingConfig", "log levels need the log format JSON")
		}
	}
	if t := in.TracingConfig; t != nil {
		problems.OneOf("tracingConfig.mode", t.Mode, "Active", "PassThrough")
	}
	return problems
}

// maxVariables is the largest total size of the variables, in bytes
// (https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html).
const maxVariables = 4 << 10

// reservedVariables returns the variables that Lambda reserves
// (https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html).
func reservedVariables() []string {
	return []string{
		"_HANDLER", "_X_AMZN_TRACE_ID", "AWS_ACCESS_KEY", "AWS_ACCESS_KEY_ID", "AWS_DEFAULT_REGION", "AWS_EXECUTION_ENV",
		"AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "AWS_LAMBDA_FUNCTION_NAME", "AWS_LAMBDA_FUNCTION_VERSION", "AWS_LAMBDA_INITIALIZATION_TYPE",
		"AWS_LAMBDA_LOG_GROUP_NAME", "AWS_LAMBDA_LOG_STREAM_NAME", "AWS_LAMBDA_RUNTIME_API", "AWS_REGION", "AWS_SECRET_ACCESS_KEY",
		"AWS_SESSION_TOKEN", "LAMBDA_RUNTIME_DIR", "LAMBDA_TASK_ROOT",
	}
}

func checkVariables(e *Environment) []provider.Problem {
	if e == nil {
		return nil
	}
	var problems provider.Problems
	for _, name := range slices.Sorted(maps.Keys(e.Variables)) {
		if slices.Contains(reservedVariables(), name) {
			problems.Add("environment.variables."+name, "Lambda reserves this name")
		} else if !variableName.MatchString(name) {
			problems.Add("environment.variables."+name, "a name must be a letter, then one or more letters, digits or _")
		}
	}
	data, err := json.Marshal(e.Variables)
	if err != nil {
		problems.Add("environment.variables", "%v", err)
	} else if len(data) > maxVariables {
		problems.Add("environment.variables", "%d bytes as JSON; a function has at most %d", len(data), maxVariables)
	}
	return problems
}
