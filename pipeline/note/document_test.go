package note

import (
	"fmt"
	"strings"
	"testing"
)

// many returns a preview with n steps of each operation.
func many(t *testing.T, stack string, n int, ops ...string) Preview {
	t.Helper()
	var steps []string
	for _, op := range ops {
		for i := range n {
			steps = append(steps, one(op, fmt.Sprintf("%s-é-%04d", op, i)))
		}
	}
	p, err := Read(stack, []byte(`{"steps": [`+strings.Join(steps, ",")+`], "changeSummary": {"same": 7}}`))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// A note with any limit is well-formed and says what was left out. The least
// important parts are left out first.
func TestLimit(t *testing.T) {
	t.Parallel()
	previews := []Preview{many(t, "staging", 60, "create", "update", "delete", "replace"), read(t, "broken", "failed"), many(t, "production", 60, "update", "create")}
	whole := Render(options, previews)
	for limit := minLimit; limit < len(whole)+100; limit += 97 {
		o := options
		o.Limit = limit
		text := Render(o, previews)
		check(t, text, limit)
		if missing := strings.Contains(text, "This note was too long"); missing != (limit < len(whole)) {
			t.Errorf("limit %d of %d bytes: the note says that it was too long: %t", limit, len(whole), missing)
		}
		// A part is shown only if every more important part is shown.
		last := true
		for _, part := range []string{"`delete-é-0059`", "</summary>\n\n- `a.B` `update-é-0000`", "</summary>\n\n- `a.B` `create-é-0000`"} {
			there := strings.Contains(text, part)
			if there && !last {
				t.Errorf("limit %d: the note has %s without a more important part", limit, part)
			}
			last = there
		}
		for _, stack := range []string{"staging", "production"} {
			if !strings.Contains(text, "#### `"+stack+"`: 60 to create, 60 to update,") {
				t.Errorf("limit %d: the note has no counts of %s", limit, stack)
			}
		}
	}
}

// Rendering thousands of changes is quick.
func TestLarge(t *testing.T) {
	t.Parallel()
	o := options
	o.Limit = 5000
	text := Render(o, []Preview{many(t, "staging", 20_000, "delete", "update")})
	check(t, text, o.Limit)
	if !strings.Contains(text, "`staging` deletes 20000") || !strings.Contains(text, " replacements and deletions of `staging`; ") {
		t.Errorf("got\n%s", text)
	}
	// As many deletions are shown as fit.
	if !strings.Contains(text, "`delete-é-0000`") || len(text) < o.Limit-200 {
		t.Errorf("%d bytes of %d:\n%s", len(text), o.Limit, text)
	}
}

// More than thirty replacements and deletions are folded.
func TestFolded(t *testing.T) {
	t.Parallel()
	for n, want := range map[int]bool{30: false, 31: true} {
		text := Render(options, []Preview{many(t, "staging", n, "delete")})
		folded := strings.Contains(text, "<details>") && strings.Index(text, "<details>") < strings.Index(text, "**Deleted:**")
		if folded != want {
			t.Errorf("%d deletions: folded is %t in\n%s", n, folded, text)
		}
	}
}

// The same previews give the same note, although Go's maps have no order.
func TestDeterministic(t *testing.T) {
	t.Parallel()
	data := documentOf(t, "text")
	var first string
	for i := range 20 {
		p, err := Read("staging", data)
		if err != nil {
			t.Fatal(err)
		}
		text := Render(options, []Preview{p})
		if i == 0 {
			first = text
		}
		if text != first {
			t.Fatalf("got\n%s\nand before\n%s", text, first)
		}
	}
}

// A URL becomes a link only if it is a valid HTTP URL.
func TestLink(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ url, want string }{
		{"https://gitlab.example.com/a/-/pipelines/1", "### Preview by [this pipeline](<https://gitlab.example.com/a/-/pipelines/1>)\n"},
		{"https://u:p@gitlab.example.com/a@b>(\\", "### Preview by [this pipeline](<https://gitlab.example.com/a%40b%3E%28%5C>)\n"},
		{"", "### Preview\n"},
		{"javascript:alert(1)", "### Preview\n"},
		{"javascript://gitlab.example.com/%0aalert(1)", "### Preview\n"},
		{"https:///a", "### Preview\n"},
		{"https://gitlab.example.com/" + strings.Repeat("a", maxURL), "### Preview\n"},
	} {
		if text := Render(Options{PipelineURL: test.url}, nil); !strings.Contains(text, test.want) {
			t.Errorf("%q: no %s in\n%s", test.url, test.want, text)
		}
	}
}
