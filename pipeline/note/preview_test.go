package note

import (
	"fmt"
	"strings"
	"testing"
)

// What is no preview is refused by a sentence with the stack, and leaves a
// preview that can be shown as failed.
func TestReadRefuses(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ data, want string }{
		{"", "the preview of stack staging: it printed no JSON; see what the job's log says of it"},
		{" \n", "the preview of stack staging: it printed no JSON; see what the job's log says of it"},
		{`{"steps": [{"op": "upd`, "the preview of stack staging: its JSON ends in the middle; see whether the job was stopped or its disk was full"},
		{"{", "the preview of stack staging: its JSON ends in the middle; see whether the job was stopped or its disk was full"},
		{"error: no stack", "the preview of stack staging: what it printed is not the JSON of a preview: invalid character 'e' looking for beginning of value"},
		{"[]", "the preview of stack staging: what it printed is not the JSON of a preview: json: cannot unmarshal array into Go value of type note.digest"},
	} {
		p, err := Read("staging", []byte(test.data))
		if fmt.Sprint(err) != test.want {
			t.Errorf("%q: %v, want %s", test.data, err, test.want)
		}
		text := Render(Options{}, []Preview{p.Fail("exit status 255")})
		if want := "**The preview of `staging` failed.**"; !strings.Contains(text, want) || !strings.Contains(text, "| exit status 255\n") {
			t.Errorf("%q: has not %s, but\n%s", test.data, want, text)
		}
	}
}

// Lines around the document do not matter.
func TestReadSurrounded(t *testing.T) {
	t.Parallel()
	p, err := Read("staging", []byte("local: {building}\n{\n\"changeSummary\": {\"same\": 3}}\nbye\n"))
	if err != nil || p.unchanged != 3 {
		t.Errorf("%d unchanged, %v", p.unchanged, err)
	}
}

// one is a step with an operation.
func one(op, name string) string {
	return fmt.Sprintf(`{"op": %q, "urn": "urn:pulumi:staging::project::aws:a/b:B::%s"}`, op, name)
}

// Each operation counts as what it does, a replacement once, and the widget has
// the same.
func TestCounts(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, steps string
		want        string // to create, update, replace, delete
		widget      string
	}{
		{"none", "", "nothing changes, 0 unchanged", `{"create":0,"update":0,"delete":0}`},
		{"nothing in AWS", one("same", "a") + one("read", "b") + one("refresh", "c") + one("discard", "d") + one("remove-pending-replace", "e"),
			"nothing changes, 0 unchanged", `{"create":0,"update":0,"delete":0}`},
		{"each", one("create", "a") + one("update", "b") + one("replace", "c") + one("delete", "d"),
			"1 to create, 1 to update, 1 to replace, 1 to delete;", `{"create":2,"update":1,"delete":2}`},
		{"import", one("import", "a"), "1 to create, 0 to update, 0 to replace, 0 to delete;", `{"create":1,"update":0,"delete":0}`},
		{"a replacement's steps", one("create-replacement", "a") + one("replace", "a") + one("delete-replaced", "a"),
			"0 to create, 0 to update, 1 to replace, 0 to delete;", `{"create":1,"update":0,"delete":1}`},
		{"a replacement by what is there", one("import-replacement", "a") + one("discard-replaced", "a") + one("read-replacement", "b"),
			"0 to create, 0 to update, 2 to replace, 0 to delete;", `{"create":2,"update":0,"delete":2}`},
		{"an update of what drifted", one("update", "a") + one("update", "a"), "0 to create, 1 to update, 0 to replace, 0 to delete;", `{"create":0,"update":1,"delete":0}`},
		{"what an earlier replacement left", one("delete", "a") + one("delete", "a") + one("update", "a"),
			"0 to create, 1 to update, 0 to replace, 2 to delete;", `{"create":0,"update":1,"delete":2}`},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			p, err := Read("staging", []byte(`{"steps": [`+strings.ReplaceAll(test.steps, "}{", "}, {")+`]}`))
			if err != nil {
				t.Fatal(err)
			}
			if text := Render(Options{}, []Preview{p}); !strings.Contains(text, "`staging`: "+test.want) {
				t.Errorf("has not %s, but\n%s", test.want, text)
			}
			if widget, err := Widget([]Preview{p}); err != nil || string(widget) != test.widget {
				t.Errorf("the widget is %s, %v; want %s", widget, err, test.widget)
			}
		})
	}
}

// The widget has the sum of all stacks, and none where one failed.
func TestWidget(t *testing.T) {
	t.Parallel()
	p := read(t, "staging", "delete")
	widget, err := Widget([]Preview{p, p, read(t, "production", "create")})
	if want := `{"create":5,"update":5,"delete":22}`; err != nil || string(widget) != want {
		t.Errorf("%s, %v; want %s", widget, err, want)
	}
	_, err = Widget([]Preview{p, read(t, "production", "failed")})
	if want := "the preview of stack production failed, so there is nothing to count; see what it printed"; fmt.Sprint(err) != want {
		t.Errorf("%v, want %s", err, want)
	}
}

// A resource that is protected no longer, or from now on, is shown.
func TestProtection(t *testing.T) {
	t.Parallel()
	p, err := Read("staging", []byte(`{"steps": [{"op": "same", "urn": "urn:pulumi:staging::project::aws:a/b:B::name",
		"oldState": {"protect": true}, "newState": {"protect": false}}]}`))
	if err != nil {
		t.Fatal(err)
	}
	if text, want := Render(Options{}, []Preview{p}), "- `a.B` `name`\n  - `protect`: `true` → `false`\n"; !strings.Contains(text, want) {
		t.Errorf("has not %s, but\n%s", want, text)
	}
}

// What is deleted in the state alone says so.
func TestRetained(t *testing.T) {
	t.Parallel()
	p, err := Read("staging", []byte(`{"steps": [{"op": "delete", "urn": "urn:pulumi:staging::project::aws:a/b:B::name", "oldState": {"retainOnDelete": true}}]}`))
	if err != nil {
		t.Fatal(err)
	}
	if text, want := Render(Options{}, []Preview{p}), "- **Deleted:** `a.B` `name`, which stays in AWS without being managed: `retainOnDelete`\n"; !strings.Contains(text, want) {
		t.Errorf("has not %s, but\n%s", want, text)
	}
}

// Whose code changes is told by the digest of a function's own command.
func TestCode(t *testing.T) {
	t.Parallel()
	step := func(op, typ, was, is string) string {
		return fmt.Sprintf(`{"op": %q, "urn": "urn:pulumi:staging::project::%s::f",
			"oldState": {"inputs": {"environment": {"FUNCTION_DIGEST": %q}}, "outputs": {"stdout": "sum\n"}},
			"newState": {"inputs": {"environment": {"FUNCTION_DIGEST": %q}}}}`, op, typ, was, is)
	}
	const command = "project:lambda:Function$command:local:Command"
	const changes, none, same = "**The code of one function changes:** `f`.", "No function's code changes.", "The sources of `f` change, but not a byte"
	for _, test := range []struct {
		name, step string
		zip        string // the function's sha256; "" is none
		want       string
	}{
		{"update", step("update", command, "1", "2"), "", changes},
		{"update, other bytes", step("update", command, "1", "2"), "other", changes},
		{"update, same bytes", step("update", command, "1", "2"), "sum", none + " " + same},
		{"replace", step("replace", command, "1", "2"), "", changes},
		{"create", step("create", command, "", "2"), "", "**The code of one function changes:** `f` (new)."},
		{"delete", step("delete", command, "1", ""), "", none},
		{"another change of the command", step("update", command, "1", "1"), "", none},
		{"a command of something else", step("update", "command:local:Command", "1", "2"), "", none},
		{"something else of a function", step("update", "project:lambda:Function$aws:lambda/function:Function", "1", "2"), "", none},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			p, err := Read("staging", []byte(`{"steps": [`+test.step+`]}`))
			if err != nil {
				t.Fatal(err)
			}
			zips := map[string]map[string]string{"staging": {"f": test.zip}, "production": {"f": "sum"}}
			if text := Render(Options{Zips: zips}, []Preview{p}); !strings.Contains(text, "\n"+test.want) {
				t.Errorf("has not %s, but\n%s", test.want, text)
			}
		})
	}
}
