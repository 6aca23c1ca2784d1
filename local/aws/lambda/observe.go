package lambda

import (
	"cmp"
	"context"
	"strings"
	"time"

	"skiff/local/aws/iam"
)

// Origin is the cause of an invocation.
type Origin struct {
	Kind   string // such as request, authorizer, queue, stream, schedule
	ID     string // of the request, if there is one
	Source string // ARN or name of the source
}

type originKey struct{}

// WithOrigin sets the origin of the invocations with a context.
func WithOrigin(ctx context.Context, o Origin) context.Context {
	return context.WithValue(ctx, originKey{}, &o)
}

// originOf returns the origin in ctx; the default is "direct".
func originOf(ctx context.Context) Origin {
	if o, ok := ctx.Value(originKey{}).(*Origin); ok {
		return *o
	}
	return Origin{Kind: "direct"}
}

// originated sets the origin unless ctx already has one.
func originated(ctx context.Context, o Origin) context.Context {
	if ctx.Value(originKey{}) != nil {
		return ctx
	}
	return WithOrigin(ctx, o)
}

// originOfService returns the origin of an invocation by a service.
func originOfService(service, sourceARN string) Origin {
	kind := map[string]string{
		"apigateway.amazonaws.com": "socket", "events.amazonaws.com": "rule", "sns.amazonaws.com": "topic",
	}[service]
	return Origin{Kind: cmp.Or(kind, service), Source: sourceARN}
}

// originOfSession returns the origin of an invocation by a schedule. The name
// of the role's session is the name of the schedule.
func originOfSession(c iam.Caller) Origin {
	return Origin{Kind: "schedule", Source: c.ARN[strings.LastIndexByte(c.ARN, '/')+1:]}
}

// Invocation is a finished invocation. Observers share the values behind its
// slices and pointers and must not change them.
type Invocation struct {
	ID       string
	Trace    string // the X-Amzn-Trace-Id that the function's SDKs send with each call
	Function string // name
	ARN      string
	Origin   Origin
	Event    []byte
	Result   Result
	Err      error // why it did not run
	Began    time.Time
	Duration time.Duration // as in the REPORT line
	Init     time.Duration // init time, if the invocation started a sandbox
}

// observe passes a finished invocation to the observer.
func (r *Runtime) observe(inv *invocation) {
	if r.options.Observe == nil {
		return
	}
	result := inv.result
	result.Log = inv.tail
	r.options.Observe(Invocation{
		ID: inv.id, Trace: inv.trace, Function: inv.version.Name, ARN: inv.version.ARN, Origin: inv.origin, Event: inv.payload,
		Result: result, Err: inv.err, Began: inv.asked, Duration: inv.took, Init: inv.init,
	})
}
