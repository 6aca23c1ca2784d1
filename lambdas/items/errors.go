package items

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"skiff/lambdas/function"
	"skiff/lambdas/table"
)

// Code tells a client's program what is wrong. Codes never change their
// meaning; the detail beside them is for people and may.
type Code string

// The codes of the API.
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

// Problem is an error that a client is told of. Any other error is internal.
type Problem struct {
	Code       Code
	Detail     string
	RetryAfter time.Duration // 0 when trying again does not help
}

func (p *Problem) Error() string { return string(p.Code) + ": " + p.Detail }

// Refuse is a Problem whose detail is formatted as fmt.Sprintf does.
func Refuse(code Code, format string, args ...any) *Problem {
	return &Problem{Code: code, Detail: fmt.Sprintf(format, args...)}
}

// problemOf turns any error of a handler into what the client is told. What an
// error says beyond its kind stays in the log.
func problemOf(err error) *Problem {
	var problem *Problem
	var failure *function.Failure
	var unusable *function.Unusable
	switch {
	case errors.As(err, &problem):
		return problem
	case errors.Is(err, table.ErrNotFound):
		return Refuse(NotFound, "there is no such item")
	case errors.Is(err, ErrVersion):
		return Refuse(VersionConflict, "the item has changed; read it again and send its ETag as If-Match")
	case errors.Is(err, table.ErrTooLarge):
		return Refuse(TooLarge, "the item would be larger than 400 KB as stored")
	case errors.As(err, &failure) && failure.Unavailable:
		return &Problem{Code: Unavailable, Detail: "the service is busy; try again", RetryAfter: time.Second}
	case errors.As(err, &unusable):
		return &Problem{Code: Unavailable, Detail: "the service is not set up yet; try again later", RetryAfter: time.Minute}
	}
	return Refuse(Internal, "the request failed; tell us the requestId")
}

// answer is the problem as RFC 9457 has it.
func (p *Problem) answer(requestID string) Response {
	status := p.Code.status()
	body := append([]byte(`{"type":"about:blank","title":`), quote(http.StatusText(status))...)
	body = append(body, `,"status":`...)
	body = strconv.AppendInt(body, int64(status), 10)
	body = append(append(body, `,"detail":`...), quote(p.Detail)...)
	body = append(append(body, `,"code":`...), quote(string(p.Code))...)
	body = append(append(body, `,"requestId":`...), quote(requestID)...)
	response := Respond(status, append(body, '}'))
	response.Headers["Content-Type"] = "application/problem+json"
	if p.RetryAfter > 0 {
		seconds := (p.RetryAfter + time.Second - 1) / time.Second
		response.Headers["Retry-After"] = strconv.FormatInt(int64(seconds), 10)
	}
	return response
}

// quote is s as a JSON string. What is not valid UTF-8 becomes U+FFFD, which
// is also the one failure that AppendQuote reports.
func quote(s string) []byte {
	quoted, _ := jsontext.AppendQuote(nil, s)
	return quoted
}
