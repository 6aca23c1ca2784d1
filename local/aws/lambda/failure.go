package lambda

import (
	"encoding/json"
	"fmt"
	"os"
	"syscall"
	"time"
)

// failure is an error that the platform detects, in the format of an
// invocation's payload on AWS.
type failure struct {
	Type    string `json:"errorType"`
	Message string `json:"errorMessage"`
}

// result adds the request id to the message, as the recordings of 2025-11 do.
// In a recording of 2024-04, a timeout was "DATE ID Task timed out after 1.00
// seconds" without a type; result uses the newer format.
func (f failure) result(requestID string) Result {
	f.Message = "RequestId: " + requestID + " Error: " + f.Message
	return Result{Payload: encode(f), FunctionError: unhandled}
}

const unhandled = "Unhandled"

// encode marshals a struct of strings, which cannot fail.
func encode(v any) []byte {
	data, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return data
}

func timedOut(limit time.Duration) failure {
	return failure{"Sandbox.Timedout", fmt.Sprintf("Task timed out after %.2f seconds", limit.Seconds())}
}

// exited describes how a process ended. The recordings have "without providing
// a reason" for a handler and a runtime that exit, and "exit status 127" for a
// missing wrapper. The text for a signal is not recorded; it is the text of
// os.ProcessState.
func exited(state *os.ProcessState) failure {
	if state == nil || state.Success() {
		return failure{"Runtime.ExitError", "Runtime exited without providing a reason"}
	}
	if status, ok := state.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		return failure{"Runtime.ExitError", "Runtime exited with error: signal: " + status.Signal().String()}
	}
	return failure{"Runtime.ExitError", fmt.Sprintf("Runtime exited with error: exit status %d", state.ExitCode())}
}

// responseTooLarge returns the result for an answer above MaxResponseBytes.
// Unlike the other messages, it has no request id: aws-lambda-dotnet's
// integration tests expect exactly this text from AWS.
func responseTooLarge() Result {
	return Result{FunctionError: unhandled, Payload: encode(failure{
		"Function.ResponseSizeTooLarge",
		fmt.Sprintf("Response payload size exceeded maximum allowed payload size (%d bytes).", MaxResponseBytes),
	})}
}
