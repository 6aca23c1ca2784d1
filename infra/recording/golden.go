package recording

import (
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Main is the TestMain of a package with golden files. It adds the flag
// -update, which a test itself would add too late.
func Main(m *testing.M) {
	flag.Bool("update", false, "write the golden files")
	os.Exit(m.Run())
}

// Golden compares a text with the golden file at path. If the test runs with
// -update, it writes the file. Errors advise to run command, such as "go test
// ./infra -update".
func Golden(t *testing.T, path, got, command string) {
	t.Helper()
	if err := golden(path, got, command, flag.Lookup("update").Value.String() == "true"); err != nil {
		t.Error(err)
	}
}

// Goldens compares the texts, by stack, with the golden files DIR/STACK.golden.
// With -update it also writes the files of new stacks and removes the files of
// stacks that no longer exist. So a team adds and removes stacks without
// changing a test.
func Goldens(t *testing.T, dir string, texts map[string]string, command string) {
	t.Helper()
	if err := goldens(dir, texts, command, flag.Lookup("update").Value.String() == "true"); err != nil {
		t.Error(err)
	}
}

func goldens(dir string, texts map[string]string, command string, update bool) error {
	const suffix = ".golden"
	there, err := filepath.Glob(filepath.Join(dir, "*"+suffix))
	if err != nil {
		return err
	}
	var errs []error
	for _, path := range there {
		_, known := texts[strings.TrimSuffix(filepath.Base(path), suffix)]
		switch {
		case known:
		case update:
			errs = append(errs, os.Remove(path))
		default:
			errs = append(errs, fmt.Errorf("%s belongs to a stack that no longer exists; to remove it, %s", path, command))
		}
	}
	for _, stack := range slices.Sorted(maps.Keys(texts)) {
		errs = append(errs, golden(filepath.Join(dir, stack+suffix), texts[stack], command, update))
	}
	return errors.Join(errs...)
}

func golden(path, got, command string, update bool) error {
	if update {
		return os.WriteFile(path, []byte(got), 0o644)
	}
	want, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%w; to write it, %s", err, command)
	}
	if err != nil {
		return err
	}
	if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(got, "\n")); diff != "" {
		return fmt.Errorf("%s differs from what is declared now (-want +got); if that is intended, %s\n%s", path, command, diff)
	}
	return nil
}
