// Package sts stands for AWS Security Token Service: who has a token of an
// issuer that an account trusts takes a role with it, and who has keys asks
// whose they are. Calls are of the query protocol: a form with the name of the
// action, answered in XML
// (https://docs.aws.amazon.com/STS/latest/APIReference/CommonParameters.html).
//
// Session policies and tags are left out, and so is AssumeRole.
package sts

import (
	"cmp"
	"crypto/rand"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"maps"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"skiff/local/aws/awserr"
	"skiff/local/aws/iam"
)

const (
	version   = "2011-06-15" // of the API
	namespace = "https://sts.amazonaws.com/doc/2011-06-15/"
)

// maxBytes is enough for the longest token, of 20,000 characters.
const maxBytes = 64 << 10

// Options are what a service is made of.
type Options struct {
	Authority *iam.Authority

	// Verify tells the claims of a token that its issuer has signed, as
	// issuer.Verify does.
	Verify func(token string) (claims map[string]any, err error)

	Account string           // of keys that belong to none, the administrator's
	Now     func() time.Time // nil for the clock
}

// STS answers calls. It is safe for concurrent use.
type STS struct{ o Options }

// New makes a service.
func New(o Options) *STS {
	if o.Now == nil {
		o.Now = time.Now
	}
	return &STS{o}
}

// action answers one call; the result's name is that of its XML element.
type action func(r *http.Request, body []byte, form url.Values) (any, error)

func (s *STS) actions() map[string]action {
	return map[string]action{
		"AssumeRoleWithWebIdentity": s.assumeRoleWithWebIdentity,
		"GetCallerIdentity":         s.getCallerIdentity,
	}
}

// Operations lists what is answered.
func (s *STS) Operations() []string { return slices.Collect(maps.Keys(s.actions())) }

func (s *STS) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	id := requestID()
	name, result, err := s.call(w, r)
	if err != nil {
		fail(w, id, err)
		return
	}
	write(w, http.StatusOK, id, response{
		XMLName: xml.Name{Space: namespace, Local: name + "Response"}, Result: result, Metadata: metadata{id},
	})
}

func (s *STS) call(w http.ResponseWriter, r *http.Request) (name string, result any, err error) {
	media, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if r.Method != http.MethodPost || media != "application/x-www-form-urlencoded" {
		return "", nil, awserr.New("InvalidAction", "the local cloud takes a POST of a form, not a %s of %q", r.Method, media)
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBytes))
	if err != nil {
		return "", nil, awserr.New("MalformedInput", "the request cannot be read: %s", err)
	}
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return "", nil, awserr.New("MalformedQueryString", "the request is no form: %s", err)
	}
	name = form.Get("Action")
	f, known := s.actions()[name]
	switch {
	case name == "":
		return "", nil, awserr.New("MissingAction", "the request has no Action")
	case !known:
		return "", nil, awserr.New("InvalidAction", "the local cloud does not know the action %s; of STS it knows %s",
			name, strings.Join(slices.Sorted(maps.Keys(s.actions())), ", "))
	case form.Get("Version") != version:
		return "", nil, awserr.New("InvalidAction", "Could not find operation %s for version %s", name, form.Get("Version"))
	}
	result, err = f(r, body, form)
	return name, result, err
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

// fail tells an error in the form of
// https://docs.aws.amazon.com/STS/latest/APIReference/CommonErrors.html.
func fail(w http.ResponseWriter, id string, err error) {
	code, message, status := toldOf(err)
	e := errorResponse{XMLName: xml.Name{Space: namespace, Local: "ErrorResponse"}, RequestID: id}
	e.Error.Type, e.Error.Code, e.Error.Message = "Sender", code, message
	if status == http.StatusInternalServerError {
		e.Error.Type = "Receiver"
	}
	write(w, status, id, e)
}

func toldOf(err error) (code, message string, status int) {
	e, ok := errors.AsType[*awserr.Error](err)
	if !ok {
		return "InternalFailure", err.Error(), http.StatusInternalServerError
	}
	switch e.Code {
	case "AccessDenied", "InvalidClientTokenId", "ExpiredToken", "SignatureDoesNotMatch", "IncompleteSignature", "MissingAuthenticationToken":
		return e.Code, e.Message, http.StatusForbidden
	}
	return e.Code, e.Message, http.StatusBadRequest
}

// queryError gives an error of keys the name that services of the query
// protocol have for it; those of JSON have another.
func queryError(err error) error {
	e, ok := errors.AsType[*awserr.Error](err)
	if !ok {
		return err
	}
	names := map[string]string{
		"UnrecognizedClientException":         "InvalidClientTokenId",
		"ExpiredTokenException":               "ExpiredToken",
		"InvalidSignatureException":           "SignatureDoesNotMatch",
		"IncompleteSignatureException":        "IncompleteSignature",
		"MissingAuthenticationTokenException": "MissingAuthenticationToken",
	}
	return awserr.New(cmp.Or(names[e.Code], e.Code), "%s", e.Message)
}

// write answers with XML; a client that has gone is nobody to tell.
func write(w http.ResponseWriter, status int, id string, body any) {
	w.Header().Set("Content-Type", "text/xml")
	w.Header().Set("X-Amzn-Requestid", id)
	w.WriteHeader(status)
	_ = xml.NewEncoder(w).Encode(body)
}

func requestID() string {
	var b [16]byte
	rand.Read(b[:])
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}
