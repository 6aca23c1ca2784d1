// Package awsjson serves signed calls of the protocols AWS JSON 1.0 and 1.1: a
// POST whose X-Amz-Target names the operation and whose body is its input
// (https://smithy.io/2.0/aws/protocols/aws-json-1_0-protocol.html).
package awsjson

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"

	"skiff/local/aws/iam"
)

// Error is one that the client is told, in the form of the service.
type Error struct {
	Code    string // such as ResourceNotFoundException
	Message string
}

func (e *Error) Error() string { return e.Code + ": " + e.Message }

// Operation answers one call of a caller who has signed it. What the caller
// may do is for the operation to ask: it knows the resource. An error that is
// neither *Error nor iam's is told as an InternalServerError.
type Operation func(ctx context.Context, caller iam.Caller, body []byte) (any, error)

// Of makes an Operation of a function. The input's members are matched by
// their exact names and none may come twice; those that In lacks are ignored.
func Of[In, Out any](f func(ctx context.Context, caller iam.Caller, in In) (Out, error)) Operation {
	return func(ctx context.Context, caller iam.Caller, body []byte) (any, error) {
		var in In
		if err := json.Unmarshal(body, &in); err != nil {
			return nil, &Error{Code: "SerializationException", Message: "the request is not the JSON of a call: " + err.Error()}
		}
		return f(ctx, caller, in)
	}
}

// Handler serves the operations of one service. It is not to be changed once
// it serves.
type Handler struct {
	Version    string // of the protocol: "1.0" or "1.1"
	Prefix     string // of X-Amz-Target, such as AmazonSQS
	Namespace  string // of error codes, such as com.amazonaws.sqs; "" for none
	MaxBytes   int64  // of a request
	Authority  *iam.Authority
	Operations map[string]Operation

	// Query are the codes that the service's older protocol gave, by those of
	// today, for a service whose clients still go by them
	// (https://smithy.io/2.0/aws/protocols/aws-query-protocol.html).
	Query map[string]string
}

func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	out, err := h.call(w, r)
	if err != nil {
		h.fail(w, err)
		return
	}
	h.write(w, http.StatusOK, out)
}

func (h *Handler) call(w http.ResponseWriter, r *http.Request) (any, error) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, h.MaxBytes))
	if _, tooLarge := errors.AsType[*http.MaxBytesError](err); tooLarge {
		return nil, &Error{Code: "RequestEntityTooLargeException", Message: fmt.Sprintf("the request is larger than %d bytes", h.MaxBytes)}
	}
	if err != nil {
		return nil, &Error{Code: "SerializationException", Message: "the request ends early: " + err.Error()}
	}
	caller, err := h.Authority.Authenticate(r, body)
	if err != nil {
		return nil, err
	}
	target := r.Header.Get("X-Amz-Target")
	name, ok := strings.CutPrefix(target, h.Prefix+".")
	operation, known := h.Operations[name]
	if r.Method != http.MethodPost || !ok || !known {
		return nil, &Error{Code: "UnknownOperationException", Message: fmt.Sprintf("the local cloud does not know the operation %q; of %s it knows %s",
			target, h.Prefix, strings.Join(slices.Sorted(maps.Keys(h.Operations)), ", "))}
	}
	return operation(r.Context(), caller, body)
}

func (h *Handler) fail(w http.ResponseWriter, err error) {
	var denied *iam.Denied
	var unsigned *iam.SignatureError
	var told *Error
	status := http.StatusBadRequest
	switch {
	case errors.As(err, &denied):
		told = &Error{Code: "AccessDeniedException", Message: denied.Error()}
	case errors.As(err, &unsigned):
		told = &Error{Code: unsigned.Code, Message: unsigned.Message}
	case errors.As(err, &told):
	default:
		status, told = http.StatusInternalServerError, &Error{Code: "InternalServerError", Message: err.Error()}
	}
	if old, ok := h.Query[told.Code]; ok {
		w.Header().Set("X-Amzn-Query-Error", old+";Sender")
	}
	code := told.Code
	if h.Namespace != "" {
		code = h.Namespace + "#" + code
	}
	h.write(w, status, map[string]string{"__type": code, "message": told.Message})
}

// write answers with JSON; a client that has gone is nobody to tell.
func (h *Handler) write(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/x-amz-json-"+h.Version)
	w.WriteHeader(status)
	_ = json.MarshalWrite(w, body, json.Deterministic(true))
}
