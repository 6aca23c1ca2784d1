package function

import (
	"fmt"
	"runtime"
	"strings"
)

// maxText is how many bytes of a panic's text go to the log.
const maxText = 200

// Catch, deferred, makes a panic an error that says where it was and what. The
// stack stays out of the log: the runtime's own report would print it.
func Catch(err *error) {
	if value := recover(); value != nil {
		*err = fmt.Errorf("panic of %T at %s%s", value, panicPlace(), panicText(value))
	}
}

// panicPlace is the function and line that panicked.
func panicPlace() string {
	pcs := make([]uintptr, 16)
	frames := runtime.CallersFrames(pcs[:runtime.Callers(3, pcs)])
	for {
		frame, more := frames.Next()
		if !more || !strings.HasPrefix(frame.Function, "runtime.") {
			return fmt.Sprintf("%s line %d", frame.Function, frame.Line)
		}
	}
}

// panicText is what a panic says: the runtime's text, an error's or a string,
// the start of a long one. Any other value may be a request or a secret, so its
// type has to do. Whoever calls panic with a text keeps both out of it.
func panicText(value any) string {
	switch value.(type) {
	case error, string:
	default:
		return ""
	}
	// Sprint, and not Error: an error whose own text panics has one all the same.
	text := fmt.Sprint(value)
	if len(text) > maxText {
		text = strings.ToValidUTF8(text[:maxText], "") + "…"
	}
	return ": " + text
}
