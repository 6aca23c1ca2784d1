package settings

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// with returns a reader of these settings for the project "project".
func with(set map[string]string) *Reader {
	return &Reader{Project: "project", Stack: "staging", Unset: "has no default", Lookup: func(key string) (string, bool) {
		value, ok := set[key]
		return value, ok
	}}
}

// TestReader checks for each kind of setting which values it accepts, and the
// error for others.
func TestReader(t *testing.T) {
	t.Parallel()
	match := func(r *Reader) any { return r.Match("x", "a|bc", "a or bc") }
	optional := func(r *Reader) any { return r.Optional("x", "a|bc", "a or bc") }
	oneOf := func(r *Reader) any { return r.OneOf("x", "a", "b", "c") }
	number := func(r *Reader) any { return r.Number("x", -1, 9) }
	flag := func(r *Reader) any { return r.Flag("x") }
	list := func(r *Reader) any { return r.List("x", "a|bc", "letters") }
	object := func(r *Reader) any {
		var to struct{ A int }
		return fmt.Sprint(r.Object("x", "an object", &to), to.A)
	}
	const set = "; change it with pulumi config set x VALUE --stack staging"
	for _, test := range []struct {
		kind  string
		read  func(*Reader) any
		value string
		want  any
		err   string
	}{
		{"match", match, "a", "a", ""},
		{"match", match, "bc", "bc", ""},
		{"match", match, "ac", "ac", `project:x must be a or bc, not "ac"` + set},
		{"match", match, "a\n", "a\n", `project:x must be a or bc, not "a\n"` + set},
		{"match", match, "", "", `project:x must be a or bc, not ""` + set},
		{"optional", optional, "", "", ""},
		{"optional", optional, "bc", "bc", ""},
		{"optional", optional, " ", " ", `project:x must be empty, or a or bc, not " "` + set},
		{"oneOf", oneOf, "c", "c", ""},
		{"oneOf", oneOf, "d", "d", `project:x must be a, b or c, not "d"` + set},
		{"number", number, "-1", -1, ""},
		{"number", number, "9", 9, ""},
		{"number", number, "-2", -2, `project:x must be a whole number from -1 to 9, not "-2"` + set},
		{"number", number, "10", 10, `project:x must be a whole number from -1 to 9, not "10"` + set},
		{"number", number, "1.5", 0, `project:x must be a whole number from -1 to 9, not "1.5"` + set},
		{"flag", flag, "true", true, ""},
		{"flag", flag, "false", false, ""},
		{"flag", flag, "yes", false, `project:x must be true or false, not "yes"` + set},
		{"list", list, `["a","bc"]`, []string{"a", "bc"}, ""},
		{"list", list, `[]`, []string{}, ""},
		{"list", list, `a`, []string(nil), `project:x must be a list of letters, not "a"` + set},
		{"list", list, `["a","d"]`, []string{"a", "d"}, `project:x must be letters, not "d"` + set},
		{"object", object, `{"A":2}`, "true 2", ""},
		{"object", object, `{"B":2}`, "false 0", `project:x must be an object, not {"B":2}; change it in Pulumi.staging.yaml`},
		{"object", object, `2`, "false 0", `project:x must be an object, not 2; change it in Pulumi.staging.yaml`},
	} {
		t.Run(fmt.Sprintf("%s %q", test.kind, test.value), func(t *testing.T) {
			t.Parallel()
			r := with(map[string]string{"project:x": test.value})
			if diff := cmp.Diff(test.want, test.read(r)); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			if got := r.Err(); (got != nil || test.err != "") && fmt.Sprint(got) != test.err {
				t.Errorf("refused with\n%v\nwant\n%s", got, test.err)
			}
			unset := with(map[string]string{"x": test.value, "other:x": test.value})
			test.read(unset)
			want := "project:x is not set and has no default; set it with pulumi config set x VALUE --stack staging"
			if got := fmt.Sprint(unset.Err()); got != want {
				t.Errorf("not set, refused with\n%s\nwant\n%s", got, want)
			}
		})
	}
}

// TestReaderReportsAll checks that all errors are reported, in the order of
// reading, and none for other projects' settings.
func TestReaderReportsAll(t *testing.T) {
	t.Parallel()
	r := with(map[string]string{"project:size": "0"})
	r.Number("size", 1, 2)
	r.Text("name")
	r.Report(fmt.Errorf("another error"))
	r.RefuseOthers(r.Keys(`{"project:siez":"1","project:size":"0","other:key":"x","projects:list":"x"}`))
	want := strings.Join([]string{
		`project:size must be a whole number from 1 to 2, not "0"; change it with pulumi config set size VALUE --stack staging`,
		`project:name is not set and has no default; set it with pulumi config set name VALUE --stack staging`,
		`another error`,
		`project:siez is not a setting; the settings are name, size; remove it with pulumi config rm siez --stack staging`,
	}, "\n")
	if diff := cmp.Diff(want, fmt.Sprint(r.Err())); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestReaderKeys(t *testing.T) {
	t.Parallel()
	r := with(nil)
	if got := r.Keys(`{"project:b":"1","aws:region":"x","project:a":"1"}`); !cmp.Equal(got, []string{"aws:region", "project:a", "project:b"}) {
		t.Errorf("keys %q", got)
	}
	if got := r.Keys(""); got != nil || r.Err() != nil {
		t.Errorf("of no settings: keys %q, error %v", got, r.Err())
	}
	if got := r.Keys("{"); got != nil || r.Err() == nil || !strings.HasPrefix(r.Err().Error(), "PULUMI_CONFIG: ") {
		t.Errorf("of half an object: keys %q, error %v", got, r.Err())
	}
}
