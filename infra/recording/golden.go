package recording

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Main is TestMain of a package with golden files: it adds -update, a flag that
// a test is too late to add.
func Main(m *testing.M) {
	flag.Bool("update", false, "write the golden files anew")
	os.Exit(m.Run())
}

// Golden compares a text with the golden file at path, or writes the file if
// the test was run with -update. Command is how a person does that.
func Golden(t *testing.T, path, got, command string) {
	t.Helper()
	if err := golden(path, got, command, flag.Lookup("update").Value.String() == "true"); err != nil {
		t.Error(err)
	}
}

func golden(path, got, command string, update bool) error {
	if update {
		return os.WriteFile(path, []byte(got), 0o644)
	}
	want, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(got, "\n")); diff != "" {
		return fmt.Errorf("%s is not what is declared now (-want +got); if that is intended, %s\n%s", path, command, diff)
	}
	return nil
}
