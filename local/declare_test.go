package main

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// changedDeclaration is a file beside the declaration, which changes what that declares,
// whatever it is.
const changedDeclaration = `package lambdas

import "strings"

// Declared is the declaration with a change.
func Declared() Service {
	s := declared()
	for i := range s.Functions {
		f := &s.Functions[i]
		_ = f
		%s
	}
	_ = strings.Replace
	return s
}
`

// declare changes what a checkout declares by Go code, which has the declaration
// as s and runs for each function f, the i-th. A text of the file itself would be
// another one in each clone. It returns what takes the change back.
func declare(t *testing.T, dir, code string) (takeBack func()) {
	t.Helper()
	own, added := filepath.Join(dir, "lambdas", "lambdas.go"), filepath.Join(dir, "lambdas", "changed.go")
	const before, after = "func Declared() Service {", "func declared() Service {"
	edit(t, own, before, after)
	if err := os.WriteFile(added, fmt.Appendf(nil, changedDeclaration, code), 0o644); err != nil {
		t.Fatal(err)
	}
	return func() {
		edit(t, own, after, before)
		if err := os.Remove(added); err != nil {
			t.Fatal(err)
		}
	}
}
