package lambda

import (
	"cmp"
	"context"
	"strings"
	"time"

	"skiff/local/aws/iam"
)

// Origin is what a function runs for.
type Origin struct {
	Kind   string // such as request, authorizer, queue, stream, schedule
	ID     string // of the request, where there is one
	Source string // the ARN or the name of what it came from
}

type originKey struct{}

// WithOrigin has the invocations of a context say what they are for.
func WithOrigin(ctx context.Context, o Origin) context.Context {
	return context.WithValue(ctx, originKey{}, &o)
}

// originOf is what an invocation is for: "direct" where nothing says so.
func originOf(ctx context.Context) Origin {
	if o, ok := ctx.Value(originKey{}).(*Origin); ok {
		return *o
	}
	return Origin{Kind: "direct"}
}

// originated is WithOrigin for a context that does not say so already.
func originated(ctx context.Context, o Origin) context.Context {
	if ctx.Value(originKey{}) != nil {
		return ctx
	}
	return WithOrigin(ctx, o)
}

// originOfService is what a function runs for that a service calls.
func originOfService(service, sourceARN string) Origin {
	kind := map[string]string{
		"apigateway.amazonaws.com": "socket", "events.amazonaws.com": "rule", "sns.amazonaws.com": "topic",
	}[service]
	return Origin{Kind: cmp.Or(kind, service), Source: sourceARN}
}

// originOfSession is what a function runs for that is called with the rights of
// a role: a schedule's name is that of the session.
func originOfSession(c iam.Caller) Origin {
	return Origin{Kind: "schedule", Source: c.ARN[strings.LastIndexByte(c.ARN, '/')+1:]}
}

// Invocation is one that has ended, for those who watch. What it points to is
// shared: it is not to be changed.
type Invocation struct {
	ID       string
	Trace    string // the X-Amzn-Trace-Id that the SDKs of the function send with each call
	Function string // name
	ARN      string
	Origin   Origin
	Event    []byte
	Result   Result
	Err      error // why it did not run
	Began    time.Time
	Duration time.Duration // as the REPORT has it
	Init     time.Duration // of the sandbox, when it was started for this
}

// observe hands an invocation that has ended to who watches.
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
