package note

import (
	"fmt"
	"strings"
	"testing"
)

// Invalid output fails with a sentence that names the stack. The returned
// preview can be shown as a failed one.
func TestReadRefuses(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ data, want string }{
		{"", "the preview of stack staging: it printed no JSON; see the job's log"},
		{" \n", "the preview of stack staging: it printed no JSON; see the job's log"},
		{`{"steps": [{"op": "upd`, "the preview of stack staging: its JSON is incomplete; check whether the job was stopped or its disk was full"},
		{"{", "the preview of stack staging: its JSON is incomplete; check whether the job was stopped or its disk was full"},
		{"error: no stack", "the preview of stack staging: its output is not the JSON of a preview: invalid character 'e' looking for beginning of value"},
		{"[]", "the preview of stack staging: its output is not the JSON of a preview: json: cannot unmarshal array into Go value of type note.digest"},
	} {
		p, err := Read("staging", []byte(test.data))
		if fmt.Sprint(err) != test.want {
			t.Errorf("%q: %v, want %s", test.data, err, test.want)
		}
		text := Render(Options{}, []Preview{p.Fail("exit status 255")})
		if want := "**The preview of `staging` failed.**"; !strings.Contains(text, want) || !strings.Contains(text, "| exit status 255\n") {
			t.Errorf("%q: no %s in\n%s", test.data, want, text)
		}
	}
}

// Read ignores lines before and after the JSON.
func TestReadSurrounded(t *testing.T) {
	t.Parallel()
	p, err := Read("staging", []byte("local: {building}\n{\n\"changeSummary\": {\"same\": 3}}\nbye\n"))
	if err != nil || p.unchanged != 3 {
		t.Errorf("%d unchanged, %v", p.unchanged, err)
	}
}

// one returns a step with an operation.
func one(op, name string) string {
	return fmt.Sprintf(`{"op": %q, "urn": "urn:pulumi:staging::project::aws:a/b:B::%s"}`, op, name)
}

// Each operation is counted as its kind, and a replacement once. The widget has
// the same counts.
func TestCounts(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, steps string
		want        string // counts to create, update, replace and delete
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
				t.Errorf("no %s in\n%s", test.want, text)
			}
			if widget, err := Widget([]Preview{p}); err != nil || string(widget) != test.widget {
				t.Errorf("the widget is %s, %v; want %s", widget, err, test.widget)
			}
		})
	}
}

// The widget has the sum of all stacks. It fails if one preview failed.
func TestWidget(t *testing.T) {
	t.Parallel()
	p := read(t, "staging", "delete")
	widget, err := Widget([]Preview{p, p, read(t, "production", "create")})
	if want := `{"create":5,"update":5,"delete":22}`; err != nil || string(widget) != want {
		t.Errorf("%s, %v; want %s", widget, err, want)
	}
	_, err = Widget([]Preview{p, read(t, "production", "failed")})
	if want := "the preview of stack production failed, so it has no counts; see the job's log"; fmt.Sprint(err) != want {
		t.Errorf("%v, want %s", err, want)
	}
}

// The note shows a resource whose protection changes.
func TestProtection(t *testing.T) {
	t.Parallel()
	p, err := Read("staging", []byte(`{"steps": [{"op": "same", "urn": "urn:pulumi:staging::project::aws:a/b:B::name",
		"oldState": {"protect": true}, "newState": {"protect": false}}]}`))
	if err != nil {
		t.Fatal(err)
	}
	if text, want := Render(Options{}, []Preview{p}), "- `a.B` `name`\n  - `protect`: `true` → `false`\n"; !strings.Contains(text, want) {
		t.Errorf("no %s in\n%s", want, text)
	}
}

// The note says that a resource with retainOnDelete stays in AWS.
func TestRetained(t *testing.T) {
	t.Parallel()
	p, err := Read("staging", []byte(`{"steps": [{"op": "delete", "urn": "urn:pulumi:staging::project::aws:a/b:B::name", "oldState": {"retainOnDelete": true}}]}`))
	if err != nil {
		t.Fatal(err)
	}
	if text, want := Render(Options{}, []Preview{p}), "- **Deleted:** `a.B` `name`, which stays in AWS and is no longer managed: `retainOnDelete`\n"; !strings.Contains(text, want) {
		t.Errorf("no %s in\n%s", want, text)
	}
}

// A changed digest in a function's build command means that the function's code
// changes.
func TestCode(t *testing.T) {
	t.Parallel()
	step := func(op, typ, was, is string) string {
		return fmt.Sprintf(`{"op": %q, "urn": "urn:pulumi:staging::project::%s::f",
			"oldState": {"inputs": {"environment": {"FUNCTION_DIGEST": %q}}, "outputs": {"stdout": "sum\n"}},
			"newState": {"inputs": {"environment": {"FUNCTION_DIGEST": %q}}}}`, op, typ, was, is)
	}
	const command = "project:lambda:Function$command:local:Command"
	const changes, none, same = "**The code of one function changes:** `f`.", "No function's code changes.", "The sources of `f` change, but not what is built from them."
	for _, test := range []struct {
		name, step string
		zip        string // the function's sha256; "" means none
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
				t.Errorf("no %s in\n%s", test.want, text)
			}
		})
	}
}
