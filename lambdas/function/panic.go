package function

import (
	"fmt"
	"runtime"
	"strings"
)

// Catch, deferred, makes a panic an error that names its place. The stack
// stays out of the log: the runtime's own report would print it.
func Catch(err *error) {
	if value := recover(); value != nil {
		*err = fmt.Errorf("panic of %T at %s", value, panicPlace())
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
