// Package awserr is the form of AWS's errors: a code, which programs go by, and
// a message for people.
package awserr

import (
	"errors"
	"fmt"
)

// Error is an error that a service of AWS answers with.
type Error struct {
	Code    string // such as ResourceNotFoundException
	Message string

	cause error
}

// New makes an Error. The format is the one of fmt.Errorf: the error of a verb
// %w stays known to errors.Is and errors.As.
func New(code, format string, args ...any) *Error {
	err := fmt.Errorf(format, args...)
	return &Error{Code: code, Message: err.Error(), cause: err}
}

func (e *Error) Error() string { return e.Code + ": " + e.Message }

// Unwrap is the error that a verb %w of the message was given; nil for none.
func (e *Error) Unwrap() error { return errors.Unwrap(e.cause) }

// Is reports whether err is, or wraps, an error of the code.
func Is(err error, code string) bool {
	e, ok := errors.AsType[*Error](err)
	return ok && e.Code == code
}
