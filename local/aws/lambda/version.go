package lambda

import (
	"errors"
	"time"
)

// Limits of a synchronous invocation, in bytes. The request limit is the quota
// of https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html;
// the response limit is the figure AWS names in Function.ResponseSizeTooLarge.
const (
	MaxRequestBytes  = 6 << 20
	MaxResponseBytes = 6<<20 + 100
)

// AccountConcurrency is the default quota of concurrent executions per region.
const AccountConcurrency = 1000

var (
	// ErrThrottled says that the function's reserved concurrency, or the
	// account's, is used up: AWS answers TooManyRequestsException.
	ErrThrottled = errors.New("lambda: concurrency is used up")

	// ErrPayloadTooLarge says that the event is above MaxRequestBytes: AWS
	// answers RequestEntityTooLargeException.
	ErrPayloadTooLarge = errors.New("lambda: event is above 6 MiB")

	// ErrClosed says that the runtime is closing or closed.
	ErrClosed = errors.New("lambda: runtime is closed")
)

// Version is one deployed version of a function. It is immutable: whoever
// changes code or configuration makes a new Version with another ID.
type Version struct {
	ID      string // tells versions of one function apart; sandboxes are shared only under the same ID
	Name    string
	ARN     string
	Region  string
	Handler string
	Dir     string // the unpacked code; holds bootstrap

	MemoryMB int           // what the function is told; the process itself is not limited
	Timeout  time.Duration // of one invocation, 1 s–15 min on AWS
	Reserved int           // reserved concurrency; below 0 means none, 0 means always throttled

	Environment map[string]string // as the program declares it
	Endpoints   map[string]string // AWS_ENDPOINT_URL_*: they win over Environment, so that no call leaves this machine
	Credentials Credentials

	Debugger *Debugger // that runs its processes; nil for none

	LogGroup string // empty means /aws/lambda/NAME

	// Log receives each line of the sandbox named by the log stream: what the
	// function prints and the platform's START, END and REPORT. A line has no
	// newline and must not be kept. Calls for one stream come one at a time,
	// those for several streams at once. Nil drops them.
	Log func(stream string, lines ...[]byte)
}

// Credentials are what the function signs its calls with.
type Credentials struct {
	AccessKeyID, SecretAccessKey, SessionToken string
}

// Result is what a synchronous Invoke returns. FunctionError is empty, or
// "Unhandled" when Payload describes an error of the function or its sandbox.
type Result struct {
	Payload       []byte
	FunctionError string
	RequestID     string
	Log           []byte // the last 4 KB of what the invocation logged; empty without Version.Log

	Duration time.Duration // as its REPORT says, without Init
	Init     time.Duration // of the sandbox; 0 for a warm one
}
