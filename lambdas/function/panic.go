package function

import (
	"fmt"
	"runtime"
	"strings"
)

// maxText is how many bytes of a panic's text are logged.
const maxText = 200

// Catch turns a panic into an error with its place and text. It must be
// deferred. The log gets no stack trace, which the Lambda runtime would print
// for a panic.
func Catch(err *error) {
	if value := recover(); value != nil {
		*err = fmt.Errorf("panic of %T at %s%s", value, panicPlace(), panicText(value))
	}
}

// panicPlace returns the function and line that panicked.
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

// panicText returns the text of a panic value that is an error or a string, cut
// to maxText bytes. Any other value may be a request or a secret, so panicText
// returns "" for it. Code that panics with a text must keep requests and
// secrets out of it.
func panicText(value any) string {
	switch value.(type) {
	case error, string:
	default:
		return ""
	}
	// Sprint also returns a text for an error whose Error method panics.
	text := fmt.Sprint(value)
	if len(text) > maxText {
		text = strings.ToValidUTF8(text[:maxText], "") + "…"
	}
	return ": " + text
}
