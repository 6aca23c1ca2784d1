package evidence_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"skiff/local/aws/apigateway/evidence"
	"skiff/local/aws/apigateway/httpapi"
	"skiff/local/aws/apigateway/websocket"
)

// TestSources checks that the gateway's code cites each source, or that a test
// reads the recording.
func TestSources(t *testing.T) {
	t.Parallel()
	for gateway, facts := range map[string][]evidence.Fact{"httpapi": httpapi.Behaviour(), "websocket": websocket.Behaviour()} {
		t.Run(gateway, func(t *testing.T) {
			t.Parallel()
			code, tests := sources(t, filepath.Join("..", gateway), "..")
			seen := map[string]bool{}
			for _, f := range facts {
				file, isFile := strings.CutPrefix(f.Source, "testdata/")
				switch {
				case f.Behaviour == "" || seen[f.Behaviour]:
					t.Errorf("%q is listed twice", f.Behaviour)
				case f.Kind == "unproven":
					if f.Source != "" {
						t.Errorf("%q is unproven, and has the source %s", f.Behaviour, f.Source)
					}
				case isFile && !strings.Contains(tests, strings.TrimSuffix(file, ".json")):
					t.Errorf("%q: no test reads %s", f.Behaviour, f.Source)
				case !isFile && (f.Source == "" || !strings.Contains(code, f.Source)):
					t.Errorf("%q: no code cites its source %q", f.Behaviour, f.Source)
				}
				seen[f.Behaviour] = true
			}
		})
	}
}

// sources returns the code and the tests in folders, without the lists of
// facts.
func sources(t *testing.T, folders ...string) (code, tests string) {
	t.Helper()
	for _, folder := range folders {
		files, err := filepath.Glob(filepath.Join(folder, "*.go"))
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
				tests += string(data)
			case filepath.Base(file) != "behaviour.go":
				code += string(data)
			}
		}
	}
	return code, tests
}
