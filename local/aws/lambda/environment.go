package lambda

import (
	"maps"
	"net"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// environment returns the initial environment variables of a process. They are
// the variables of a real provided.al2023 function, without the variables of this
// machine's shell. They do not include the recorded _X_AMZN_TRACE_ID, because the
// runtime in the process sets it for each invocation.
//
// Four recorded values differ here. /var/task is the code's directory, and the
// Runtime API is a port of the loopback address. The two X-Ray daemon addresses
// are loopback addresses, although no daemon listens, so that no datagram
// leaves the machine.
func environment(v Version, api, stream string) []string {
	memory := strconv.Itoa(v.MemoryMB)
	env := map[string]string{
		"LANG":                     "en_US.UTF-8",
		"LD_LIBRARY_PATH":          strings.ReplaceAll(libraryPath, "/var/task", v.Dir),
		"PATH":                     "/var/lang/bin:/usr/local/bin:/usr/bin/:/bin:/opt/bin",
		"TZ":                       ":UTC",
		"AWS_XRAY_CONTEXT_MISSING": "LOG_ERROR",
	}
	// A program may set the variables above; AWS reserves those below:
	// https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html
	maps.Copy(env, v.Environment)
	maps.DeleteFunc(env, leadsAway)
	maps.Copy(env, map[string]string{
		"AWS_ACCESS_KEY_ID":               v.Credentials.AccessKeyID,
		"AWS_SECRET_ACCESS_KEY":           v.Credentials.SecretAccessKey,
		"AWS_SESSION_TOKEN":               v.Credentials.SessionToken,
		"AWS_REGION":                      v.Region,
		"AWS_DEFAULT_REGION":              v.Region,
		"AWS_LAMBDA_FUNCTION_MEMORY_SIZE": memory,
		"AWS_LAMBDA_FUNCTION_NAME":        v.Name,
		"AWS_LAMBDA_FUNCTION_VERSION":     latest,
		"AWS_LAMBDA_INITIALIZATION_TYPE":  "on-demand",
		"AWS_LAMBDA_LOG_GROUP_NAME":       v.logGroup(),
		"AWS_LAMBDA_LOG_STREAM_NAME":      stream,
		"AWS_LAMBDA_RUNTIME_API":          api,
		"AWS_XRAY_DAEMON_ADDRESS":         "127.0.0.1:2000",
		"_AWS_XRAY_DAEMON_ADDRESS":        "127.0.0.1",
		"_AWS_XRAY_DAEMON_PORT":           "2000",
		"LAMBDA_RUNTIME_DIR":              "/var/runtime",
		"LAMBDA_TASK_ROOT":                v.Dir,
		"_HANDLER":                        v.Handler,
	})
	maps.Copy(env, v.Endpoints)

	list := make([]string, 0, len(env))
	for _, name := range slices.Sorted(maps.Keys(env)) {
		list = append(list, name+"="+env[name])
	}
	return list
}

// leadsAway reports whether a program's variable would direct the SDKs to an
// endpoint outside this machine, such as a VPC endpoint. A local endpoint is
// allowed, because it may replace a service.
func leadsAway(name, value string) bool {
	if !strings.HasPrefix(name, "AWS_ENDPOINT_URL") {
		return false
	}
	u, err := url.Parse(value)
	if err != nil {
		return true
	}
	ip := net.ParseIP(u.Hostname())
	return u.Hostname() != "localhost" && (ip == nil || !ip.IsLoopback())
}

const (
	latest      = "$LATEST"
	libraryPath = "/var/lang/lib:/lib64:/usr/lib64:/var/runtime:/var/runtime/lib:/var/task:/var/task/lib:/opt/lib"
)

func (v Version) logGroup() string {
	if v.LogGroup != "" {
		return v.LogGroup
	}
	return "/aws/lambda/" + v.Name
}
