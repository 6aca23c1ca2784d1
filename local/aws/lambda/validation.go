package lambda

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"unicode/utf8"

	"skiff/local/engine/provider"
)

var (
	functionName = regexp.MustCompile(`^[a-zA-Z0-9-_]{1,64}$`)
	roleForm     = regexp.MustCompile(`^arn:(aws[a-zA-Z-]*)?:iam::\d{12}:role/?[a-zA-Z_0-9+=,.@\-_/]+$`)
	variableName = regexp.MustCompile(`^[a-zA-Z][a-zA-Z0-9_]+$`)
)

// checkFunction refuses what
// https://docs.aws.amazon.com/lambda/latest/api/API_CreateFunction.html does.
func checkFunction(in Function) []provider.Problem {
	var problems []provider.Problem
	refuse := func(property, format string, args ...any) {
		problems = append(problems, provider.Problem{Property: property, Reason: fmt.Sprintf(format, args...)})
	}
	if in.Name != "" && !functionName.MatchString(in.Name) {
		refuse("name", "%q must be 1 to 64 letters, digits, - and _", in.Name)
	}
	if in.Role != "" && !roleForm.MatchString(in.Role) {
		refuse("role", "%q is not the ARN of a role", in.Role)
	}
	if in.Runtime != "" && in.Runtime != "provided.al2023" && in.Runtime != "provided.al2" {
		refuse("runtime", "the local cloud runs provided.al2023 and provided.al2, not %q", in.Runtime)
	}
	if in.PackageType != "" && in.PackageType != "Zip" {
		refuse("packageType", "the local cloud runs zips, not %q", in.PackageType)
	}
	if n := in.Timeout; n != 0 && (n < 1 || n > 900) {
		refuse("timeout", "%d is not within 1 to 900 seconds", n)
	}
	if n := in.MemorySize; n != 0 && (n < 128 || n > 10240) {
		refuse("memorySize", "%d is not within 128 to 10240 MB", n)
	}
	if len(in.Architectures) > 1 {
		refuse("architectures", "a function has one architecture, not %d", len(in.Architectures))
	}
	for _, a := range in.Architectures {
		if a != "x86_64" && a != "arm64" {
			refuse("architectures", "%q is neither x86_64 nor arm64", a)
		}
	}
	if n := in.ReservedConcurrentExecutions; n != nil && *n < -1 {
		refuse("reservedConcurrentExecutions", "%d is below -1, which means none", *n)
	}
	if n := utf8.RuneCountInString(in.Description); n > 256 {
		refuse("description", "has %d characters; at most 256", n)
	}
	if in.EphemeralStorage != nil && in.EphemeralStorage.Size != 0 && (in.EphemeralStorage.Size < 512 || in.EphemeralStorage.Size > 10240) {
		refuse("ephemeralStorage.size", "%d is not within 512 to 10240 MB", in.EphemeralStorage.Size)
	}
	return append(problems, slices.Concat(checkVariables(in.Environment), checkSettings(in))...)
}

func checkSettings(in Function) []provider.Problem {
	var problems []provider.Problem
	if l := in.LoggingConfig; l != nil {
		if l.LogFormat != "" && l.LogFormat != "JSON" && l.LogFormat != "Text" {
			problems = append(problems, provider.Problem{Property: "loggingConfig.logFormat", Reason: fmt.Sprintf("%q is neither JSON nor Text", l.LogFormat)})
		}
		if l.LogFormat == "Text" && (l.ApplicationLogLevel != "" || l.SystemLogLevel != "") {
			problems = append(problems, provider.Problem{Property: "loggingConfig", Reason: "log levels go with the log format JSON only"})
		}
	}
	if t := in.TracingConfig; t != nil && t.Mode != "" && t.Mode != "Active" && t.Mode != "PassThrough" {
		problems = append(problems, provider.Problem{Property: "tracingConfig.mode", Reason: fmt.Sprintf("%q is neither Active nor PassThrough", t.Mode)})
	}
	return problems
}

// maxVariables is the size of all variables together, in bytes
// (https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html).
const maxVariables = 4 << 10

// reservedVariables are those that
// https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html
// keeps for Lambda itself.
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
	var problems []provider.Problem
	for _, name := range slices.Sorted(maps.Keys(e.Variables)) {
		if slices.Contains(reservedVariables(), name) {
			problems = append(problems, provider.Problem{Property: "environment.variables." + name, Reason: "Lambda keeps this name for itself"})
		} else if !variableName.MatchString(name) {
			problems = append(problems, provider.Problem{Property: "environment.variables." + name, Reason: "a name has a letter first, then at least one letter, digit or _"})
		}
	}
	data, err := json.Marshal(e.Variables)
	if err != nil {
		return append(problems, provider.Problem{Property: "environment.variables", Reason: err.Error()})
	}
	if len(data) > maxVariables {
		problems = append(problems, provider.Problem{Property: "environment.variables", Reason: fmt.Sprintf("%d bytes as JSON; a function has at most %d", len(data), maxVariables)})
	}
	return problems
}
