package main

import (
	"bytes"
	"os"
	"strings"
	"testing"
)

// TestZip builds a real function and checks the printed sha256.
func TestZip(t *testing.T) {
	t.Chdir("../..")
	var first, second bytes.Buffer
	for _, out := range []*bytes.Buffer{&first, &second} {
		if err := run(t.Context(), []string{"-target", "linux/arm64", "get-item"}, out); err != nil {
			t.Fatal(err)
		}
	}
	if len(strings.TrimSpace(first.String())) != 64 || first.String() != second.String() {
		t.Errorf("printed %q, then %q", first.String(), second.String())
	}
	// A larger zip means a slower cold start.
	zip, err := os.Stat(".build/linux-arm64/get-item.zip")
	if err != nil {
		t.Fatal(err)
	}
	if zip.Size() > 3_100_000 {
		t.Errorf("the zip of get-item has %d bytes, want at most 3.1 MB", zip.Size())
	}
}

func TestZipRefuses(t *testing.T) {
	for _, test := range []struct{ args, want string }{
		{"", "zip: got 0 functions, takes one, such as get-item"},
		{"get-item list-items", "zip: got 2 functions, takes one"},
		{"-target linux/386 get-item", "zip: -target must be linux/arm64, linux/amd64 or host, not \"linux/386\""},
		{"get-item", "zip: run it at the root of the repository"},
	} {
		var out bytes.Buffer
		err := run(t.Context(), strings.Fields(test.args), &out)
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v, want %s", test.args, err, test.want)
		}
		if out.Len() > 0 {
			t.Errorf("%s: printed %q", test.args, out.String())
		}
	}
	t.Chdir("../..")
	if err := run(t.Context(), []string{"none"}, new(bytes.Buffer)); err == nil || !strings.HasPrefix(err.Error(), "none: no such function; the declaration has ") {
		t.Errorf("unknown function: %v", err)
	}
}
