// Package awserr has the form of AWS's errors: a code for programs and a
// message for people.
package awserr

import (
	"errors"
	"fmt"
)

// Error is an error of an AWS service.
type Error struct {
	Code    string // such as ResourceNotFoundException
	Message string

	cause error
}

// New returns an Error. It formats as fmt.Errorf does: errors.Is and errors.As
// find the error of a verb %w.
func New(code, format string, args ...any) *Error {
	err := fmt.Errorf(format, args...)
	return &Error{Code: code, Message: err.Error(), cause: err}
}

func (e *Error) Error() string { return e.Code + ": " + e.Message }

// Unwrap returns the error of a verb %w in the message, or nil.
func (e *Error) Unwrap() error { return errors.Unwrap(e.cause) }

// Is reports whether err is or wraps an Error with the code.
func Is(err error, code string) bool {
	e, ok := errors.AsType[*Error](err)
	return ok && e.Code == code
}
