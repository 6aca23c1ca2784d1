package logs

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"

	"skiff/local/provider"
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
			if err := g.Write("/aws/lambda/f", fmt.Sprint("stream", i), []byte("a line")); err != nil {
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

// TestFile: whatever a group is called, its lines stay in the folder.
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
		if err := g.Write(name, "s", []byte("line")); err != nil {
			t.Fatal(err)
		}
		for range 2 { // the second time there is no file
			if err := g.delete(t.Context(), provider.Call{}, r); err != nil {
				t.Error(err)
			}
		}
		if _, err := os.Stat(g.File(name)); (err == nil) != kept {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestDescribe(t *testing.T) {
	t.Parallel()
	out := newGroups(t).Resources().Describe(store.Record[Group]{ID: "/g", Region: "r", Account: "1", Inputs: Group{RetentionInDays: 7}})
	if out.ARN != "arn:aws:logs:r:1:log-group:/g" || out.LogGroupClass != "STANDARD" || out.RetentionInDays != 7 {
		t.Errorf("described as %+v", out)
	}
}
