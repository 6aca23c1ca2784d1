package awsjson

import (
	"context"
	"errors"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"

	"skiff/local/aws/awserr"
	"skiff/local/aws/iam"
)

// Operation answers one signed call. It has to authorize the caller itself,
// because only it knows the resource. Errors other than *awserr.Error and
// *iam.Denied become InternalServerError.
type Operation func(ctx context.Context, caller iam.Caller, body []byte) (any, error)

// Of returns an Operation for a function. Members of the input are matched by
// their exact names. A duplicate member is an error; unknown members are
// ignored.
func Of[In, Out any](f func(ctx context.Context, caller iam.Caller, in In) (Out, error)) Operation {
	return func(ctx context.Context, caller iam.Caller, body []byte) (any, error) {
		var in In
		if err := json.Unmarshal(body, &in); err != nil {
			return nil, awserr.New("SerializationException", "the request is not the JSON of a call: %w", err)
		}
		return f(ctx, caller, in)
	}
}

// Handler serves the operations of one service. Do not change it after it
// starts to serve.
type Handler struct {
	Version    string // of the protocol: "1.0" or "1.1"
	Prefix     string // of X-Amz-Target, such as AmazonSQS
	Namespace  string // of error codes, such as com.amazonaws.sqs; "" for none
	MaxBytes   int64  // of a request
	Authority  *iam.Authority
	Operations map[string]Operation

	// Query maps error codes to the codes of the service's older Query
	// protocol, for clients that still use them
	// (https://smithy.io/2.0/aws/protocols/aws-query-protocol.html).
	Query map[string]string
}

func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	out, err := h.call(w, r)
	if err != nil {
		h.fail(w, err)
		return
	}
	write(w, h.Version, http.StatusOK, out)
}

func (h *Handler) call(w http.ResponseWriter, r *http.Request) (any, error) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, h.MaxBytes))
	if _, over := errors.AsType[*http.MaxBytesError](err); over {
		return nil, awserr.New(tooLarge, "the request is larger than %d bytes", h.MaxBytes)
	}
	if err != nil {
		return nil, awserr.New("SerializationException", "the request ends early: %w", err)
	}
	caller, err := h.Authority.Authenticate(r, body)
	if err != nil {
		return nil, err
	}
	target := r.Header.Get("X-Amz-Target")
	name, ok := strings.CutPrefix(target, h.Prefix+".")
	operation, known := h.Operations[name]
	if r.Method != http.MethodPost || !ok || !known {
		return nil, awserr.New("UnknownOperationException", "the local cloud does not know the operation %q; it knows these operations of %s: %s",
			target, h.Prefix, strings.Join(slices.Sorted(maps.Keys(h.Operations)), ", "))
	}
	return operation(r.Context(), caller, body)
}

func (h *Handler) fail(w http.ResponseWriter, err error) {
	if old, ok := h.Query[errorOf(err).Code]; ok {
		w.Header().Set("X-Amzn-Query-Error", old+";Sender")
	}
	Fail(w, h.Version, func(code string) string {
		if h.Namespace == "" {
			return code
		}
		return h.Namespace + "#" + code
	}, err)
}

// Fail answers with an error in a version of the protocol. name returns an
// error code with its namespace.
func Fail(w http.ResponseWriter, version string, name func(code string) string, err error) {
	e := errorOf(err)
	status := http.StatusBadRequest
	switch e.Code {
	case internalError:
		status = http.StatusInternalServerError
	case tooLarge:
		status = http.StatusRequestEntityTooLarge
	}
	write(w, version, status, map[string]string{"__type": name(e.Code), "message": e.Message})
}

// The codes whose status is not 400.
const (
	internalError = "InternalServerError"
	tooLarge      = "RequestEntityTooLargeException"
)

// errorOf returns the error that the client gets.
func errorOf(err error) *awserr.Error {
	if denied, ok := errors.AsType[*iam.Denied](err); ok {
		return awserr.New("AccessDeniedException", "%w", denied)
	}
	if e, ok := errors.AsType[*awserr.Error](err); ok {
		return e
	}
	return awserr.New(internalError, "%w", err)
}

// write answers with JSON. It ignores an error, because then the client is
// gone.
func write(w http.ResponseWriter, version string, status int, body any) {
	w.Header().Set("Content-Type", "application/x-amz-json-"+version)
	w.WriteHeader(status)
	_ = json.MarshalWrite(w, body, json.Deterministic(true))
}
