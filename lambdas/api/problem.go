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

// Code says what is wrong to a client's program. A code never changes its
// meaning; the detail beside it is for people and may.
type Code string

// The codes that have the same meaning in every domain. A domain may have
// others, beside its own errors.
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

// status is the status of a code of this package, and 400 for every other.
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

// Problem is an error that the client reads. Of any other error it reads only
// that the request failed.
type Problem struct {
	Code       Code
	Status     int // of the answer; 0 is the code's own, which is 400 for a domain's code
	Detail     string
	RetryAfter time.Duration // 0 when trying again does not help
}

func (p *Problem) Error() string { return string(p.Code) + ": " + p.Detail }

// Refuse returns a Problem whose detail is formatted as fmt.Sprintf does.
func Refuse(code Code, format string, args ...any) *Problem {
	return &Problem{Code: code, Detail: fmt.Sprintf(format, args...)}
}

// Absent returns the 404 of a thing that is not there, such as "item".
func Absent(noun string) *Problem { return Refuse(NotFound, "there is no such %s", noun) }

// Changed returns the 412 of a thing that is at another version than the one
// that If-Match names.
func Changed(noun string) *Problem {
	return Refuse(VersionConflict, "the %s has changed; read it again and send its ETag as If-Match", noun)
}

// problemOf turns any error of a route into what the client reads. The error's
// own text stays in the log.
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
	return Refuse(Internal, "the request failed; tell us the requestId")
}

// answer is the problem as RFC 9457 has it. Its title is the status's text, as
// about:blank asks for.
// https://www.rfc-editor.org/rfc/rfc9457#section-4.2.1
func (p *Problem) answer(requestID string) Response {
	status := cmp.Or(p.Status, p.Code.status())
	response, _ := RespondJSON(status, struct { // strings and a number: nothing here can fail
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
