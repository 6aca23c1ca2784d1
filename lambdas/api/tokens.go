package api

import (
	"bytes"
	"errors"
	"strconv"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
)

// MaxDepth limits how deeply objects and arrays in a body are nested.
const MaxDepth = 32

// Tokens reads the tokens of a body. It refuses invalid JSON, duplicate names
// and invalid Unicode. A domain that checks its rules token by token stops at
// the first error, before any limit is exceeded. For a body with fixed names,
// package body is simpler.
type Tokens struct {
	decoder *jsontext.Decoder
	body    []byte
	thing   string
	more    bool // whether the last error was before the end of the body
}

// NewTokens returns the tokens of a body. thing names what the body should
// hold, such as "an item".
func NewTokens(body []byte, thing string) *Tokens {
	return &Tokens{decoder: jsontext.NewDecoder(bytes.NewBuffer(body)), body: body, thing: thing}
}

// PeekKind returns the kind of the next token, or 0 if Next would fail.
func (t *Tokens) PeekKind() jsontext.Kind { return t.decoder.PeekKind() }

// Depth returns how many objects and arrays are open.
func (t *Tokens) Depth() int { return t.decoder.StackDepth() }

// AtEnd reports whether only white space follows.
func (t *Tokens) AtEnd() bool {
	_, err := t.Next()
	return err != nil && !t.more
}

// Next returns the next token. It fails with a *Problem.
func (t *Tokens) Next() (jsontext.Token, error) {
	token, err := t.decoder.ReadToken()
	if err == nil {
		return token, nil
	}
	var syntax *jsontext.SyntacticError
	t.more = errors.As(err, &syntax)
	switch {
	case !t.more:
		return token, Refuse(InvalidJSON, "the body ends where %s should be", t.thing)
	case errors.Is(err, jsontext.ErrDuplicateName):
		return token, Refuse(DuplicateKey, "a name appears twice in an object, at byte %d", syntax.ByteOffset)
	}
	// The library distinguishes the other errors only in their texts. The error
	// starts at the offset.
	rest := t.body[min(syntax.ByteOffset, int64(len(t.body))):]
	switch r, size := utf8.DecodeRune(rest); {
	case r == utf8.RuneError && size == 1:
		return token, Refuse(InvalidUTF8, "the body is not UTF-8, at byte %d", syntax.ByteOffset)
	case surrogate(rest):
		return token, Refuse(InvalidUnicode, "half of a surrogate pair, at byte %d", syntax.ByteOffset)
	}
	return token, Refuse(InvalidJSON, "the body is not JSON, at byte %d", syntax.ByteOffset)
}

// surrogate reports whether rest starts with an escape for half of a surrogate
// pair.
func surrogate(rest []byte) bool {
	if len(rest) < 6 || rest[0] != '\\' || rest[1] != 'u' {
		return false
	}
	n, err := strconv.ParseUint(string(rest[2:6]), 16, 16)
	return err == nil && 0xd800 <= n && n < 0xe000
}
