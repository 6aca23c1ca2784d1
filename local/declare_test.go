package main

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// changedDeclaration is a file that wraps the declaration and changes it,
// whatever it declares.
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

// declare changes the declaration of a checkout by Go code, which runs for each
// function f with index i, and has the service as s. It does not edit the
// declaration's text, because that differs in each clone. takeBack reverts the
// change.
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
