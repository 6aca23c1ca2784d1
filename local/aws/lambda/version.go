package lambda

import (
	"errors"
	"time"
)

// Limits of a synchronous invocation, in bytes. The request limit is the quota
// in https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html.
// The response limit is the number in AWS's message for
// Function.ResponseSizeTooLarge.
const (
	MaxRequestBytes  = 6 << 20
	MaxResponseBytes = 6<<20 + 100
)

// AccountConcurrency is the default quota of concurrent executions per region.
const AccountConcurrency = 1000

var (
	// ErrThrottled means that the reserved concurrency of the function, or the
	// account's concurrency, is used up. AWS returns TooManyRequestsException.
	ErrThrottled = errors.New("lambda: concurrency is used up")

	// ErrPayloadTooLarge means that the event exceeds MaxRequestBytes. AWS
	// returns RequestEntityTooLargeException.
	ErrPayloadTooLarge = errors.New("lambda: event is above 6 MiB")

	// ErrClosed means that the runtime is closing or closed.
	ErrClosed = errors.New("lambda: runtime is closed")
)

// Version is one deployed version of a function. It is immutable: changed code
// or configuration makes a new Version with another ID.
type Version struct {
	ID      string // identifies a version of a function; only invocations with the same ID share sandboxes
	Name    string
	ARN     string
	Region  string
	Handler string
	Dir     string // the unpacked code; contains bootstrap

	MemoryMB int           // only reported to the function; the process has no memory limit
	Timeout  time.Duration // of one invocation, 1 s–15 min on AWS
	Reserved int           // reserved concurrency; below 0 means none, 0 means always throttled

	Environment map[string]string // as the program declares it
	Endpoints   map[string]string // AWS_ENDPOINT_URL_*: override Environment, so that no call leaves this machine
	Credentials Credentials

	Debugger *Debugger // runs the processes; nil for none

	LogGroup string // empty means /aws/lambda/NAME

	// Log receives the lines of a log stream: the function's output and the
	// platform's START, END and REPORT. A line has no newline and must not be
	// kept. Calls for one stream are sequential; calls for different streams
	// are concurrent. A nil Log drops the lines.
	Log func(stream string, lines ...[]byte)
}

// Credentials are the keys that sign the function's calls.
type Credentials struct {
	AccessKeyID, SecretAccessKey, SessionToken string
}

// Result is the result of a synchronous invocation. FunctionError is empty, or
// "Unhandled" if Payload describes an error of the function or its sandbox.
type Result struct {
	Payload       []byte
	FunctionError string
	RequestID     string
	Log           []byte // the last 4 KB of the invocation's log; empty without Version.Log

	Duration time.Duration // as in the REPORT line, without Init
	Init     time.Duration // init time of the sandbox; 0 for a warm one
}
