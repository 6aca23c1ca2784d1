package delve

import (
	"path/filepath"
	"testing"

	"skiff/local/process/child/childtest"
)

func TestKnows(t *testing.T) {
	dir := t.TempDir()
	script := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := childtest.Script(path, text); err != nil {
			t.Fatal(err)
		}
		return path
	}
	t.Setenv("PATH", dir+":/usr/bin:/bin")
	script("go", "echo go1.26.8")
	for text, want := range map[string]bool{
		"echo Delve Debugger; echo Version: 1.26.0":  true,
		"echo Delve Debugger; echo Version: 1.27.2":  true,
		"echo Delve Debugger; echo Version: 1.100.0": true,
		"echo Delve Debugger; echo Version: 1.25.9":  false,
		"echo no version":              false,
		"echo Version: 1.27.2; exit 1": false,
	} {
		if got := knows(t.Context(), script("dlv", text)); got != want {
			t.Errorf("%s: %v", text, got)
		}
	}
	script("go", "exit 1")
	if knows(t.Context(), script("dlv", "echo Version: 1.27.2")) {
		t.Error("without a go command any dlv will do")
	}
}
