package lambda

import (
	"encoding/json"
	"fmt"
	"os"
	"syscall"
	"time"
)

// A failure is an error the platform itself finds, in the form in which AWS
// returns it as the payload of an invocation.
type failure struct {
	Type    string `json:"errorType"`
	Message string `json:"errorMessage"`
}

// result puts the request id in front of the message, as the recordings of
// 2025-11 have it. Timeouts were "DATE ID Task timed out after 1.00 seconds"
// without a type in a recording of 2024-04; the newer form wins.
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

// exited describes how a process ended. A clean exit is "without providing a
// reason": recorded for a handler and for a runtime that exit by themselves;
// "exit status 127" is recorded for a missing wrapper. The text for a signal is
// the one of os.ProcessState and is not recorded.
func exited(state *os.ProcessState) failure {
	if state == nil || state.Success() {
		return failure{"Runtime.ExitError", "Runtime exited without providing a reason"}
	}
	if status, ok := state.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		return failure{"Runtime.ExitError", "Runtime exited with error: signal: " + status.Signal().String()}
	}
	return failure{"Runtime.ExitError", fmt.Sprintf("Runtime exited with error: exit status %d", state.ExitCode())}
}

// responseTooLarge is the payload of an answer above MaxResponseBytes. Its
// message carries no request id, unlike the others: aws-lambda-dotnet's
// integration tests expect this very text from AWS.
func responseTooLarge() Result {
	return Result{FunctionError: unhandled, Payload: encode(failure{
		"Function.ResponseSizeTooLarge",
		fmt.Sprintf("Response payload size exceeded maximum allowed payload size (%d bytes).", MaxResponseBytes),
	})}
}
