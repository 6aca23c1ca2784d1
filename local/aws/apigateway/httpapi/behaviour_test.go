package httpapi

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestBehaviour: each source is cited beside the code, or is a recording that a
// test reads.
func TestBehaviour(t *testing.T) {
	t.Parallel()
	var code, tests strings.Builder
	for _, pattern := range []string{"*.go", "../*.go"} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			switch {
			case strings.HasSuffix(file, "_test.go"):
				tests.Write(data)
			case file != "behaviour.go":
				code.Write(data)
			}
		}
	}
	seen := map[string]bool{}
	for _, f := range Behaviour() {
		file, isFile := strings.CutPrefix(f.Source, "testdata/")
		switch {
		case f.Behaviour == "" || seen[f.Behaviour]:
			t.Errorf("%q is there twice", f.Behaviour)
		case f.Kind == "unproven":
			if f.Source != "" {
				t.Errorf("%q is unproven, and has the source %s", f.Behaviour, f.Source)
			}
		case isFile && !strings.Contains(tests.String(), strings.TrimSuffix(file, ".json")):
			t.Errorf("%q: no test reads %s", f.Behaviour, f.Source)
		case !isFile && (f.Source == "" || !strings.Contains(code.String(), f.Source)):
			t.Errorf("%q: no code cites its source %q", f.Behaviour, f.Source)
		}
		seen[f.Behaviour] = true
	}
}
