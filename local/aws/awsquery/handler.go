package awsquery

import (
	"context"
	"encoding/xml"
	"errors"
	"io"
	"maps"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/google/uuid"

	"skiff/local/aws/awserr"
	"skiff/local/aws/iam"
)

// Operation answers one signed call. It has to authorize the caller itself,
// because only it knows the resource. The result's type sets the name of its
// XML element.
type Operation func(ctx context.Context, caller iam.Caller, form url.Values) (result any, err error)

// UnsignedOperation answers a call without a signature. A field of the form
// must prove who calls.
type UnsignedOperation func(form url.Values) (result any, err error)

// Handler serves the operations of one service. Do not change it after it
// starts to serve.
type Handler struct {
	Service    string // in messages, such as SNS
	Version    string // of the API, such as 2010-03-31
	Namespace  string // of the responses
	MaxBytes   int64  // of a request
	Denied     string // error code of a call that no policy allows
	Status     map[string]int
	Authority  *iam.Authority
	Operations map[string]Operation
	Unsigned   map[string]UnsignedOperation // more operations; nil if every call is signed
}

func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	id := uuid.NewString()
	name, result, err := h.call(w, r)
	if err != nil {
		h.fail(w, id, err)
		return
	}
	write(w, http.StatusOK, id, response{
		XMLName: xml.Name{Space: h.Namespace, Local: name + "Response"}, Result: result, Metadata: metadata{id},
	})
}

// unsigned is the error of a request without a valid signature.
type unsigned struct{ error }

func (u unsigned) Unwrap() error { return u.error }

func (h *Handler) call(w http.ResponseWriter, r *http.Request) (name string, result any, err error) {
	media, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if r.Method != http.MethodPost || media != "application/x-www-form-urlencoded" {
		return "", nil, awserr.New("InvalidAction", "the local cloud expects a POST with a form, not %s with %q", r.Method, media)
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, h.MaxBytes))
	if err != nil {
		return "", nil, awserr.New("MalformedInput", "the request cannot be read: %v", err)
	}
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return "", nil, awserr.New("MalformedQueryString", "the request is not a form: %v", err)
	}
	name = form.Get("Action")
	operation, signed := h.Operations[name]
	open, known := h.Unsigned[name]
	switch {
	case name == "":
		return "", nil, awserr.New("MissingAction", "the request has no Action")
	case !signed && !known:
		return "", nil, awserr.New("InvalidAction", "the local cloud does not know the action %s; it knows these actions of %s: %s",
			name, h.Service, strings.Join(h.Names(), ", "))
	case form.Get("Version") != h.Version:
		return "", nil, awserr.New("InvalidAction", "Could not find operation %s for version %s", name, form.Get("Version"))
	case known:
		result, err = open(form)
		return name, result, err
	}
	caller, err := h.Authority.Authenticate(r, body)
	if err != nil {
		return "", nil, unsigned{err}
	}
	result, err = operation(r.Context(), caller, form)
	return name, result, err
}

// Names returns the sorted names of the operations.
func (h *Handler) Names() []string {
	return slices.Sorted(slices.Values(slices.Concat(slices.Collect(maps.Keys(h.Operations)), slices.Collect(maps.Keys(h.Unsigned)))))
}

type response struct {
	XMLName  xml.Name
	Result   any
	Metadata metadata `xml:"ResponseMetadata"`
}

type metadata struct {
	RequestID string `xml:"RequestId"`
}

type errorResponse struct {
	XMLName xml.Name
	Error   struct {
		Type, Code, Message string
	}
	RequestID string `xml:"RequestId"`
}

func (h *Handler) fail(w http.ResponseWriter, id string, err error) {
	code, message, status := h.errorOf(err)
	e := errorResponse{XMLName: xml.Name{Space: h.Namespace, Local: "ErrorResponse"}, RequestID: id}
	e.Error.Type, e.Error.Code, e.Error.Message = "Sender", code, message
	if status >= 500 {
		e.Error.Type = "Receiver"
	}
	write(w, status, id, e)
}

func (h *Handler) errorOf(err error) (code, message string, status int) {
	if denied, ok := errors.AsType[*iam.Denied](err); ok {
		return h.Denied, denied.Error(), http.StatusForbidden
	}
	e, ok := errors.AsType[*awserr.Error](err)
	if !ok {
		return "InternalFailure", err.Error(), http.StatusInternalServerError
	}
	if _, is := errors.AsType[unsigned](err); is {
		return queryCode(e.Code), e.Message, http.StatusForbidden
	}
	status, known := h.Status[e.Code]
	if !known {
		status = http.StatusBadRequest
	}
	return e.Code, e.Message, status
}

// queryCode translates an authentication error's code from the JSON protocol to
// the Query protocol.
func queryCode(code string) string {
	names := map[string]string{
		"UnrecognizedClientException":         "InvalidClientTokenId",
		"ExpiredTokenException":               "ExpiredToken",
		"InvalidSignatureException":           "SignatureDoesNotMatch",
		"IncompleteSignatureException":        "IncompleteSignature",
		"MissingAuthenticationTokenException": "MissingAuthenticationToken",
	}
	if name, ok := names[code]; ok {
		return name
	}
	return code
}

// write answers with XML. It ignores an error, because then the client is gone.
func write(w http.ResponseWriter, status int, id string, body any) {
	w.Header().Set("Content-Type", "text/xml")
	w.Header().Set("X-Amzn-Requestid", id)
	w.WriteHeader(status)
	_ = xml.NewEncoder(w).Encode(body)
}

// List returns the members of a list of structures in a form, such as
// Entries.member.1.Id, in order. Each member is a form.
func List(form url.Values, prefix string) []url.Values {
	var all []url.Values
	for n := 1; ; n++ {
		start := prefix + "." + strconv.Itoa(n) + "."
		member := url.Values{}
		for name, values := range form {
			if inner, ok := strings.CutPrefix(name, start); ok {
				member[inner] = values
			}
		}
		if len(member) == 0 {
			return all
		}
		all = append(all, member)
	}
}
