package logs

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"skiff/local/engine/provider"
	"skiff/local/store"
)

func newGroups(t *testing.T, names ...string) *Groups {
	t.Helper()
	db, err := store.Open(t.TempDir(), 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	for _, name := range names {
		if err := store.Put(db, Token, name, store.Record[Group]{ID: name, Inputs: Group{Name: name}}); err != nil {
			t.Fatal(err)
		}
	}
	return New(db, filepath.Join(t.TempDir(), "logs"))
}

// write writes lines and waits until they are in the file.
func (g *Groups) write(group, stream string, lines ...[]byte) error {
	return errors.Join(g.Write(group, stream, lines...), g.Flush())
}

func TestCheck(t *testing.T) {
	t.Parallel()
	tests := []struct {
		in   Group
		want string
	}{
		{Group{}, ""},
		{Group{Name: "/aws/lambda/a_b-c.d#1", RetentionInDays: 30, LogGroupClass: "INFREQUENT_ACCESS"}, ""},
		{Group{Name: strings.Repeat("a", 512)}, ""},
		{Group{Name: strings.Repeat("a", 513)}, "name"},
		{Group{Name: "a b"}, "name"},
		{Group{RetentionInDays: 2}, "retentionInDays"},
		{Group{RetentionInDays: -1}, "retentionInDays"},
		{Group{LogGroupClass: "standard"}, "logGroupClass"},
	}
	for _, test := range tests {
		problems := check(test.in)
		if test.want == "" && len(problems) > 0 || test.want != "" && (len(problems) != 1 || problems[0].Property != test.want) {
			t.Errorf("%v: problems %v, want %q", test.in, problems, test.want)
		}
	}
}

func TestWrite(t *testing.T) {
	t.Parallel()
	g := newGroups(t, "/aws/lambda/f")
	var writers sync.WaitGroup
	for i := range 8 {
		writers.Go(func() {
			if err := g.write("/aws/lambda/f", fmt.Sprint("stream", i), []byte("a line")); err != nil {
				t.Error(err)
			}
		})
	}
	writers.Wait()
	data, err := os.ReadFile(g.File("/aws/lambda/f"))
	if err != nil {
		t.Fatal(err)
	}
	if !regexp.MustCompile(`^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z stream\d a line\n){8}$`).Match(data) {
		t.Errorf("lines\n%s", data)
	}
}

func TestNoGroup(t *testing.T) {
	t.Parallel()
	g := newGroups(t)
	if err := g.Write("g", "s", []byte("line")); !errors.Is(err, store.ErrNotFound) || !strings.Contains(err.Error(), "log group g") {
		t.Errorf("error %v", err)
	}
	if _, err := os.Stat(g.File("g")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the group's file: %v", err)
	}
}

// TestFile checks that the file of a group is inside the folder, whatever the
// group's name.
func TestFile(t *testing.T) {
	t.Parallel()
	g := newGroups(t)
	for _, name := range []string{"../../evil", "/../evil", "a/../../../evil", ".."} {
		if file := g.File(name); !strings.HasPrefix(file, g.dir+string(filepath.Separator)) {
			t.Errorf("%q is kept at %s", name, file)
		}
	}
}

func TestDelete(t *testing.T) {
	t.Parallel()
	g := newGroups(t, "gone", "kept")
	for name, kept := range map[string]bool{"gone": false, "kept": true} {
		r := store.Record[Group]{ID: name, Inputs: Group{Name: name, SkipDestroy: kept}}
		if err := g.write(name, "s", []byte("line")); err != nil {
			t.Fatal(err)
		}
		for range 2 { // the second delete finds no file
			if err := g.delete(t.Context(), provider.Call{}, r); err != nil {
				t.Error(err)
			}
		}
		if _, err := os.Stat(g.File(name)); (err == nil) != kept {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestBound checks that a group has at most 32 MiB in files of 8 MiB, and that
// these hold its newest lines in order.
func TestBound(t *testing.T) {
	t.Parallel()
	g := newGroups(t, "/g")
	const lines = 2500
	padding := strings.Repeat("x", 20<<10)
	for i := range lines {
		if err := g.Write("/g", "s", fmt.Appendf(nil, "%d %s", i, padding)); err != nil {
			t.Fatal(err)
		}
	}
	if err := g.Flush(); err != nil {
		t.Fatal(err)
	}
	names, err := filepath.Glob(g.File("/g") + "*")
	if err != nil || len(names) != 4 {
		t.Fatalf("files %q, %v", names, err)
	}
	next := lines
	for _, name := range files(g.File("/g")) {
		data, err := os.ReadFile(name)
		if err != nil || len(data) > 8<<20 {
			t.Fatalf("%s has %d bytes, %v", name, len(data), err)
		}
		found := strings.SplitAfter(string(data), "\n")
		for _, line := range slices.Backward(found[:len(found)-1]) {
			next--
			if !strings.Contains(line, fmt.Sprintf(" s %d xxx", next)) || !strings.HasSuffix(line, "x\n") {
				t.Fatalf("in %s, %.60q is not line %d", name, line, next)
			}
		}
	}
	if kept := lines - next; kept < 1200 {
		t.Errorf("%d lines are kept", kept)
	}
	if err := g.delete(t.Context(), provider.Call{}, store.Record[Group]{ID: "/g"}); err != nil {
		t.Error(err)
	}
	if names, err = filepath.Glob(g.File("/g") + "*"); err != nil || len(names) > 0 {
		t.Errorf("a deleted group still has %q, %v", names, err)
	}
}

// TestFileThatIsGone checks that writing creates a new file after a person
// removes or renames the current one.
func TestFileThatIsGone(t *testing.T) {
	t.Parallel()
	g := newGroups(t, "g")
	name := g.File("g")
	for text, after := range map[string]func() error{
		"removed": func() error { return os.RemoveAll(g.dir) },
		"renamed": func() error { return os.Rename(name, name+".old") },
		"closed":  g.Close,
	} {
		if err := errors.Join(g.write("g", "s", []byte("before")), after(), g.write("g", "s", []byte(text), []byte("more"))); err != nil {
			t.Fatal(err)
		}
		if data, err := os.ReadFile(name); err != nil || !regexp.MustCompile(`s `+text+`\n.*Z s more\n$`).Match(data) {
			t.Errorf("after the file was %s it has %q, %v", text, data, err)
		}
	}
}

// TestKilled checks that a rotation after an interrupted one loses no file,
// except the oldest of a full set. Each file of the test contains its original
// number.
func TestKilled(t *testing.T) {
	t.Parallel()
	for left, want := range map[string]string{"0": "_0", "01": "_01", "0123": "_012", "012": "_012", "02": "_02", "013": "_013", "023": "_023", "03": "_0_3"} {
		name := filepath.Join(t.TempDir(), "g.log")
		for _, i := range left {
			if err := os.WriteFile(files(name)[i-'0'], []byte{byte(i)}, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if err := rotate(name); err != nil {
			t.Fatal(err)
		}
		got := ""
		for _, file := range files(name) {
			data, err := os.ReadFile(file)
			if err != nil {
				data = []byte("_")
			}
			got += string(data)
		}
		if strings.TrimRight(got, "_") != want {
			t.Errorf("%s becomes %s, not %s", left, got, want)
		}
	}
}

// TestLongLine checks that a line longer than maxBytes is written to a separate
// file.
func TestLongLine(t *testing.T) {
	t.Parallel()
	g := newGroups(t, "g")
	for _, size := range []int{1, 9 << 20, 2} {
		if err := g.write("g", "s", bytes.Repeat([]byte("x"), size)); err != nil {
			t.Fatal(err)
		}
	}
	for i, want := range []int{2, 9 << 20, 1} {
		data, err := os.ReadFile(files(g.File("g"))[i])
		if err != nil || bytes.Count(data, []byte("x")) != want {
			t.Errorf("file %d has %d bytes, %v", i, len(data), err)
		}
	}
}

func TestDescribe(t *testing.T) {
	t.Parallel()
	out := resourceType(newGroups(t)).Describe(store.Record[Group]{ID: "/g", Region: "r", Account: "1", Inputs: Group{RetentionInDays: 7}})
	if out.ARN != "arn:aws:logs:r:1:log-group:/g" || out.LogGroupClass != "STANDARD" || out.RetentionInDays != 7 {
		t.Errorf("described as %+v", out)
	}
}
