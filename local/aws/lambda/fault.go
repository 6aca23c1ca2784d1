package lambda

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"skiff/local/aws/awserr"
	"skiff/local/aws/iam"
	"skiff/local/store"
)

// fault is an error that the Lambda API returns
// (https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html#API_Invoke_Errors).
type fault struct {
	status        int
	code, message string
	reason        string // of a throttled call; "" for others
}

func (f *fault) Error() string { return f.code + ": " + f.message }

func badRequest(code, format string, args ...any) error {
	return &fault{http.StatusBadRequest, code, fmt.Sprintf(format, args...), ""}
}

// notHere returns the error for a feature of AWS that the local cloud does not
// support.
func notHere(format string, args ...any) error {
	return &fault{http.StatusNotImplemented, "NotImplementedException", "the local cloud does not have " + fmt.Sprintf(format, args...), ""}
}

func tooLarge(limit int) error {
	return &fault{http.StatusRequestEntityTooLarge, "RequestTooLargeException", fmt.Sprintf("Request must be smaller than %d bytes for the InvokeFunction operation", limit), ""}
}

func throttled(function store.Record[Function]) error {
	reason := "ConcurrentInvocationLimitExceeded"
	if n := function.Inputs.ReservedConcurrentExecutions; n != nil && *n >= 0 {
		reason = "ReservedFunctionConcurrentInvocationLimitExceeded"
	}
	return &fault{http.StatusTooManyRequests, "TooManyRequestsException", "Rate Exceeded.", reason}
}

func faultOf(err error) *fault {
	if f, ok := errors.AsType[*fault](err); ok {
		return f
	}
	if denied, ok := errors.AsType[*iam.Denied](err); ok {
		return &fault{http.StatusForbidden, "AccessDeniedException", denied.Error(), ""}
	}
	if unsigned, ok := errors.AsType[*awserr.Error](err); ok {
		return &fault{http.StatusForbidden, unsigned.Code, unsigned.Message, ""}
	}
	return &fault{http.StatusInternalServerError, "ServiceException", err.Error(), ""}
}

func writeFault(w http.ResponseWriter, f *fault) {
	body := map[string]string{"Type": "User", "Message": f.message}
	if f.status >= 500 {
		body["Type"] = "Service"
	}
	if f.reason != "" {
		body["Reason"] = f.reason
	}
	data, _ := json.Marshal(body) // strings, which cannot fail
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("X-Amzn-Errortype", f.code)
	w.WriteHeader(f.status)
	_, _ = w.Write(data)
}
