package awserr

import (
	"errors"
	"fmt"
	"io/fs"
	"testing"
)

func TestError(t *testing.T) {
	t.Parallel()
	err := error(New("NotFoundException", "API %s: %w", "a1", fs.ErrNotExist))
	if got, want := err.Error(), "NotFoundException: API a1: file does not exist"; got != want {
		t.Errorf("the error reads %q, not %q", got, want)
	}
	if !errors.Is(err, fs.ErrNotExist) {
		t.Error("the cause is lost")
	}
	wrapped := fmt.Errorf("stage live: %w", err)
	if !Is(wrapped, "NotFoundException") || Is(wrapped, "ConflictException") || Is(fs.ErrNotExist, "NotFoundException") {
		t.Error("Is does not compare the code")
	}
	if err := errors.Unwrap(New("ConflictException", "taken")); err != nil {
		t.Errorf("an error without a cause unwraps to %v", err)
	}
}
