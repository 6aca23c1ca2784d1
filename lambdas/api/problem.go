package api

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"skiff/lambdas/function"
)

// Code identifies a problem for the client's program. The meaning of a code
// never changes. The detail is for people and may change.
type Code string

// The codes that mean the same in every domain. A domain may add codes for its
// own errors.
const (
	InvalidJSON          Code = "invalid_json"
	InvalidBody          Code = "invalid_body"
	InvalidUTF8          Code = "invalid_utf8"
	InvalidUnicode       Code = "invalid_unicode"
	DuplicateKey         Code = "duplicate_key"
	UnknownField         Code = "unknown_field"
	Validation           Code = "validation"
	TooDeep              Code = "too_deep"
	TooManyKeys          Code = "too_many_keys"
	NumberRange          Code = "number_range"
	InvalidID            Code = "invalid_id"
	InvalidCursor        Code = "invalid_cursor"
	NotFound             Code = "not_found"
	InProgress           Code = "in_progress"
	VersionConflict      Code = "version_conflict"
	TooLarge             Code = "too_large"
	UnsupportedMediaType Code = "unsupported_media_type"
	UnsupportedEncoding  Code = "unsupported_encoding"
	IdempotencyMismatch  Code = "idempotency_mismatch"
	PreconditionRequired Code = "precondition_required"
	Internal             Code = "internal"
	Unavailable          Code = "unavailable"
)

// status returns the HTTP status of a code of this package, and 400 for any
// other code.
func (c Code) status() int {
	switch c {
	case NotFound:
		return http.StatusNotFound
	case InProgress:
		return http.StatusConflict
	case VersionConflict:
		return http.StatusPreconditionFailed
	case TooLarge:
		return http.StatusRequestEntityTooLarge
	case UnsupportedMediaType, UnsupportedEncoding:
		return http.StatusUnsupportedMediaType
	case IdempotencyMismatch:
		return http.StatusUnprocessableEntity
	case PreconditionRequired:
		return http.StatusPreconditionRequired
	case Internal:
		return http.StatusInternalServerError
	case Unavailable:
		return http.StatusServiceUnavailable
	}
	return http.StatusBadRequest
}

// Problem is an error that the client can read. For any other error, the client
// reads only that the request failed.
type Problem struct {
	Code       Code
	Status     int // of the response; 0 means the code's own, which is 400 for a domain's code
	Detail     string
	RetryAfter time.Duration // 0 if it is useless to try again
}

func (p *Problem) Error() string { return string(p.Code) + ": " + p.Detail }

// Refuse returns a Problem. Its detail is formatted like fmt.Sprintf.
func Refuse(code Code, format string, args ...any) *Problem {
	return &Problem{Code: code, Detail: fmt.Sprintf(format, args...)}
}

// Absent returns the 404 for a thing that does not exist, such as "item".
func Absent(noun string) *Problem { return Refuse(NotFound, "there is no such %s", noun) }

// Changed returns the 412 for a thing whose version is not one of those in
// If-Match.
func Changed(noun string) *Problem {
	return Refuse(VersionConflict, "the %s has changed; read it again and send its ETag as If-Match", noun)
}

// problemOf returns what the client reads for an error of a route. The error's
// text is only logged.
func problemOf(p Problemer, err error) *Problem {
	var problem *Problem
	if errors.As(err, &problem) {
		return problem
	}
	if problem = p.Problem(err); problem != nil {
		return problem
	}
	var failure *function.Failure
	var unusable *function.Unusable
	switch {
	case errors.As(err, &failure) && failure.Unavailable:
		return &Problem{Code: Unavailable, Detail: "the service is busy; try again", RetryAfter: time.Second}
	case errors.As(err, &unusable):
		return &Problem{Code: Unavailable, Detail: "the service is not set up yet; try again later", RetryAfter: time.Minute}
	}
	return Refuse(Internal, "the request failed; report the requestId to the operators")
}

// answer returns the problem in the form of RFC 9457. Its title is the text of
// the status, as the type about:blank requires.
// https://www.rfc-editor.org/rfc/rfc9457#section-4.2.1
func (p *Problem) answer(requestID string) Response {
	status := cmp.Or(p.Status, p.Code.status())
	response, _ := RespondJSON(status, struct { // strings and a number: this cannot fail
		Type      string `json:"type"`
		Title     string `json:"title"`
		Status    int    `json:"status"`
		Detail    string `json:"detail"`
		Code      Code   `json:"code"`
		RequestID string `json:"requestId"`
	}{"about:blank", http.StatusText(status), status, p.Detail, p.Code, requestID})
	response.Headers["Content-Type"] = "application/problem+json"
	if p.RetryAfter > 0 {
		seconds := (p.RetryAfter + time.Second - 1) / time.Second
		response.Headers["Retry-After"] = strconv.FormatInt(int64(seconds), 10)
	}
	return response
}
