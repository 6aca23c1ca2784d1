package note

import (
	"fmt"
	"strings"
	"testing"
)

// updateOf returns the JSON of a preview that updates one resource.
func updateOf(oldState, newState, diff string) []byte {
	return fmt.Appendf(nil, `{"steps": [{"op": "update", "urn": "urn:pulumi:staging::project::aws:a/b:B::name",
		"oldState": %s, "newState": %s, "detailedDiff": %s}]}`, oldState, newState, diff)
}

// A secret on either side hides both sides. Environment variables are always
// hidden.
func TestSecrets(t *testing.T) {
	t.Parallel()
	const encrypted = `{"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", "ciphertext": "hunter2"}`
	const update = `{"a": {"kind": "update", "inputDiff": true}}`
	for _, test := range []struct {
		name, old, new, diff string
		want                 string // the lines of the resource
	}{
		{"plain", `{"inputs": {"a": "x"}}`, `{"inputs": {"a": "y"}}`, update, "`a`: `x` → `y`"},
		{"number", `{"inputs": {"a": 1}}`, `{"inputs": {"a": 12345678901234567890}}`, update, "`a`: `1` → `12345678901234567890`"},
		{"empty", `{"inputs": {"a": ""}}`, `{"inputs": {"a": false}}`, update, "`a`: `\"\"` → `false`"},
		{"new", `{"inputs": {"a": "hunter2"}}`, `{"inputs": {"a": "[secret]"}}`, update, "`a`: `[secret]`"},
		{"old", `{"inputs": {"a": "[secret]"}}`, `{"inputs": {"a": "hunter2"}}`, update, "`a`: `[secret]`"},
		{"old output", `{"inputs": {"a": "hunter2"}, "outputs": {"a": "[secret]"}}`, `{"inputs": {"a": "hunter2!"}}`, update, "`a`: `[secret]`"},
		{"new output", `{"inputs": {"a": "hunter2"}}`, `{"inputs": {"a": "hunter2!"}, "outputs": {"a": "[secret]"}}`, update, "`a`: `[secret]`"},
		{"additional", `{"inputs": {"a": "hunter2"}, "additionalSecretOutputs": ["a"]}`, `{"inputs": {"a": "hunter2!"}}`, update, "`a`: `[secret]`"},
		{"additional with parts", `{"inputs": {"a": {"b": "hunter2"}}}`, `{"inputs": {"a": {"b": "hunter2!"}}, "additionalSecretOutputs": ["a"]}`, update, "`a`: `[secret]`"},
		{"encrypted", `{"inputs": {"a": "hunter2"}}`, `{"inputs": {"a": ` + encrypted + `}}`, update, "`a`: `[secret]`"},
		{"not encrypted", `{"inputs": {"a": {"b": "hunter2"}}}`, `{"inputs": {"a": {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", "b": "hunter2!"}}}`,
			`{"a.b": {"kind": "update"}}`, "`a.b`: `[secret]`"},
		{"output of the engine", `{"inputs": {"a": "hunter2"}}`, `{"inputs": {"a": {"4dabf18193072939515e22adb298388d": "d0e6a833031e9bbcd3f4e8bde6ca49a4", "value": "hunter2!"}}}`,
			`{"a.value": {"kind": "add"}}`, "`a.value`: `[secret]`"},
		{"ciphertext", `{"inputs": {"a": "hunter2"}}`, `{"inputs": {"a": "v1:fc/enWX4iWaAcNZ+:X4sHbzcLJPp3hW08REuV5ay9p4LTAUoU8R8njGXxOA=="}}`, update, "`a`: `[secret]`"},
		{"above", `{"inputs": {"a": "[secret]"}}`, `{"inputs": {"a": {"b": [{"c": "hunter2"}]}}}`, `{"a.b[0].c": {"kind": "update"}}`, "`a.b[0].c`: `[secret]`"},
		{"above, encrypted", `{"inputs": {"a": {"b": "hunter2"}}}`, `{"inputs": {"a": ` + encrypted + `}}`, `{"a.ciphertext": {"kind": "add"}}`, "`a.ciphertext`: `[secret]`"},
		{"below", `{"inputs": {"a": {"b": "hunter2", "c": 1}}}`, `{"inputs": {"a": {"b": "[secret]", "c": 2}}}`, update, "`a.b`: `[secret]`\n`a.c`: `1` → `2`"},
		{"within a list", `{"inputs": {"a": ["hunter2", "x"]}}`, `{"inputs": {"a": ["[secret]", "x", "y"]}}`, update, "`a[0]`: `[secret]`\n`a[2]`: added, `y`"},
		{"removed", `{"inputs": {"a": "[secret]"}}`, `{"inputs": {}}`, `{"a": {"kind": "delete"}}`, "`a`: `[secret]`"},
		{"variables", `{"inputs": {"environment": {"variables": {"A": "hunter2", "B": "hunter2"}}}}`, `{"inputs": {"environment": {"variables": {"A": "hunter2!", "C": "hunter2"}}}}`,
			`{"environment": {"kind": "update", "inputDiff": true}}`, "`environment.variables.A`: changed\n`environment.variables.B`: removed\n`environment.variables.C`: added"},
		{"variable", `{"inputs": {"environment": {"A": "hunter2"}}}`, `{"inputs": {"environment": {"A": "hunter2!"}}}`, `{"environment[\"A\"]": {"kind": "update"}}`, "`environment[\"A\"]`: changed"},
		{"text of variables", `{"inputs": {"environment": "hunter2"}}`, `{"inputs": {"environment": "hunter2!"}}`, `{"environment": {"kind": "update"}}`, "`environment`: changed"},
		{"policy", `{"inputs": {"a": "{\"b\": 1}"}}`, `{"inputs": {"a": "{\"b\": 2}"}}`, update, "`a`: changed"},
		{"unknown", `{"inputs": {"a": "x"}}`, `{"inputs": {"a": "04da6b54-80e4-46f7-96ec-b56ff0331ba9"}}`, update, "`a`: `x` → *known later*"},
		{"archive", `{"inputs": {"a": {"4dabf18193072939515e22adb298388d": "0def7320c3a5731c473e5ecbe6d01bc7", "hash": "1"}}}`,
			`{"inputs": {"a": {"4dabf18193072939515e22adb298388d": "0def7320c3a5731c473e5ecbe6d01bc7", "hash": "2"}}}`, update, "`a`: changed"},
		{"order", `{"inputs": {"a": {"c": 1, "b": 1, "10": 1, "9": 1, "x.y": 1}}}`, `{"inputs": {"a": {"b": 2, "c": 2, "9": 2, "d": 2, "10": 2}}}`, update,
			"`a[\"9\"]`: `1` → `2`\n`a[\"10\"]`: `1` → `2`\n`a.b`: `1` → `2`\n`a.c`: `1` → `2`\n`a.d`: added, `2`\n`a[\"x.y\"]`: removed, was `1`"},
		{"long", `{"inputs": {"a": "x"}}`, `{"inputs": {"a": "` + strings.Repeat("é", 90) + `"}}`, update, "`a`: `x` → `" + strings.Repeat("é", 80) + "…`"},
		{"output", `{"inputs": {"a": "in"}, "outputs": {"a": "out"}}`, `{"inputs": {"a": "new"}}`, `{"a": {"kind": "update", "inputDiff": false}}`, "`a`: `out` → `new`"},
		{"input", `{"inputs": {"a": "in"}, "outputs": {"a": "out"}}`, `{"inputs": {"a": "new"}}`, update, "`a`: `in` → `new`"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			p, err := Read("staging", updateOf(test.old, test.new, test.diff))
			if err != nil {
				t.Fatal(err)
			}
			text := Render(Options{}, []Preview{p})
			if strings.Contains(text, "hunter2") {
				t.Errorf("shows the secret:\n%s", text)
			}
			if want := "`name`\n  - " + strings.ReplaceAll(test.want, "\n", "\n  - ") + "\n\n"; !strings.Contains(text, want) {
				t.Errorf("no\n%s\nin\n%s", want, text)
			}
		})
	}
}

// An error shows no secret, wherever the error comes from.
func TestSecretsInErrors(t *testing.T) {
	t.Parallel()
	states := `{"inputs": {"environment": {"variables": {"KEY": "hunter2-hunter2", "TABLE": "project-staging-items", "LEVEL": "debug"}}, "name": "project-staging-items"}}`
	document := strings.TrimSuffix(string(updateOf(states, states, "null")), "}") + `, "diagnostics": [{"severity": "%s", "message": "%s"}]}`
	for _, test := range []struct{ name, message, want string }{
		{"variable", "KEY is hunter2-hunter2, once more hunter2-hunter2!", "KEY is [hidden], once more [hidden]!"},
		{"name that is shown elsewhere", "no table project-staging-items", "no table project-staging-items"},
		{"short variable", "debug", "debug"},
		{"ciphertext", "key: v1:fc/enWX4iWaAcNZ+:X4sHbzcLJPp3hW08REuV5ay9p4LTAUoU8R8njGXxOA==", "key: [secret]"},
		{"encrypted", `{4dabf18193072939515e22adb298388d: 1b47061264138c4ac30d75fd1eb44270, plaintext: hunter2}`, "[secret]"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			inside, err := Read("staging", fmt.Appendf(nil, document, "error", test.message))
			if err != nil {
				t.Fatal(err)
			}
			outside, err := Read("staging", fmt.Appendf(nil, document, "warning", test.message))
			if err != nil {
				t.Fatal(err)
			}
			if !inside.Failed() || outside.Failed() {
				t.Errorf("with an error failed is %t, with a warning %t", inside.Failed(), outside.Failed())
			}
			for _, p := range []Preview{inside, outside.Fail(test.message), inside.Fail("other")} {
				if text := Render(Options{}, []Preview{p}); !strings.Contains(text, "\n```text\n| "+test.want+"\n```\n") {
					t.Errorf("no %s in\n%s", test.want, text)
				}
			}
		})
	}
}
