package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"skiff/local/inspect"
	"skiff/local/process/child/childtest"
)

// said runs a command line without a cloud and returns its output and exit
// code.
func said(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errors strings.Builder
	code = run(t.Context(), args, &out, &errors)
	return code, out.String(), errors.String()
}

// TestHelp checks that every command prints help with examples on standard
// output, and that no flag's usage ends with a full stop.
func TestHelp(t *testing.T) {
	t.Parallel()
	commands := []string{""}
	for _, c := range new(commandLine).commands() {
		if !c.Hidden && c.Name != "pulumi" {
			commands = append(commands, c.Name)
		}
	}
	for _, command := range commands {
		for _, h := range []string{"-h", "--help", "-help"} {
			code, out, errors := said(t, strings.Fields(command+" "+h)...)
			if code != 0 || errors != "" || !strings.HasPrefix(out, "usage: go run ./local [flags]") || !strings.Contains(out, "examples:\n  go run ./local") {
				t.Errorf("%s %s: exit %d, %s%s", command, h, code, out, errors)
			}
		}
	}
	root := new(commandLine).root()
	for _, c := range append(root.Commands, root) {
		for _, f := range c.Flags {
			name, usage := flagHelp(f)
			if usage == "" || strings.HasSuffix(usage, ".") {
				t.Errorf("%s %s is explained as %q", c.Name, name, usage)
			}
		}
	}
}

// TestMisused checks that wrong arguments are reported with exit code 2, and
// that the error for an unknown command suggests a similar one.
func TestMisused(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]string{
		"lgos":                        `local: "lgos" is not a command: did you mean logs? the commands are pulumi, logs, invoke,`,
		"-stak x logs":                "local: there is no flag -stak: see go run ./local -h",
		"logs -lst 5":                 "local: logs: there is no flag -lst: see go run ./local logs -h",
		"logs -last x":                "local: logs: ",
		"logs -last -1":               "local: -last -1: the number of lines must not be negative",
		"logs -last":                  "local: logs: flag needs an argument: -last",
		"invoke":                      "local: invoke takes the name of a function",
		"invoke a b c":                "local: invoke: too many arguments (a b c), at most 2",
		"items a b":                   "local: items: too many arguments (a b), at most 1",
		"items -limit 0":              "local: -limit 0: a page has 1 to 1000 items",
		"queue a b":                   "local: queue: too many arguments (a b), at most 1",
		"seed":                        "local: seed takes one file",
		"exec":                        "local: exec takes a command",
		"completion":                  "local: completion takes the name of a shell",
		"completion tcsh":             `local: there is no completion for "tcsh"`,
		"-dynamodb https://x.example": "local: -dynamodb \"https://x.example\": the URL must be http://HOST:PORT",
	} {
		code, out, errors := said(t, strings.Fields(line)...)
		if code != 2 || out != "" || !strings.HasPrefix(errors, want) {
			t.Errorf("%s: exit %d, %s%s\nwant %s", line, code, out, errors, want)
		}
	}
}

// TestVerbatim checks that pulumi, exec and token get their arguments
// unchanged, and that flags before them belong to the local cloud.
func TestVerbatim(t *testing.T) {
	t.Parallel()
	for _, command := range []string{"pulumi", "exec", "token"} {
		rest := []string{"-stack", "x", "--", "-h", "up", "--help", " a b ", "", "-json=1", "logs"}
		o, do, err := parse(t.Context(), append([]string{"-stack", "staging", "-C", "..", "--state=s", command}, rest...), nil)
		if err != nil || do == nil || o.command != command || o.stack != "staging" || o.dir != ".." || o.state != "s" {
			t.Errorf("%s: %+v, %v", command, o, err)
		}
		if diff := cmp.Diff(rest, o.args); diff != "" {
			t.Errorf("%s: its arguments\n%s", command, diff)
		}
	}
	o, _, err := parse(t.Context(), []string{"ci", "-var", "A=1,2", "-var", "B=x", "test"}, nil)
	if err != nil || !slices.Equal(o.args, []string{"test"}) {
		t.Errorf("ci: %+v, %v", o, err)
	}
}

// TestEscaped checks that no control sequence is left in a text.
func TestEscaped(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"plain äöü 漢字 🙂":               "plain äöü 漢字 🙂",
		"\x1b]0;title\x07\x1b[31mred":  `\u001b]0;title\u0007\u001b[31mred`,
		"a\r\nb\tc":                    `a\u000d\nb    c`,
		"\u202eevil\u2066\u200b":       `\u202eevil\u2066\u200b`,
		"\u009b31m":                    `\u009b31m`,
		"\xff\xfe":                     `\xff\xfe`,
		"\ufffd":                       "\ufffd",
		"{\"a\":\"\\u001b\"} <b>&amp;": "{\"a\":\"\\u001b\"} <b>&amp;",
	} {
		if got := escaped(text); got != want {
			t.Errorf("%q is %q, want %q", text, got, want)
		}
	}
}

// TestHostileText checks that a terminal gets hostile text escaped, and a file
// gets it as it is.
func TestHostileText(t *testing.T) {
	t.Parallel()
	const hostile = "\x1b[31mred"
	for terminal, want := range map[bool]string{true: `\u001b[31mred`, false: hostile} {
		var table, line strings.Builder
		if err := (printer{w: &table, terminal: terminal}).table(nil, [][]string{{hostile, "b"}}, nil); err != nil {
			t.Fatal(err)
		}
		if err := (printer{w: &line, terminal: terminal}).line(inspect.Line{Function: hostile, Text: hostile}); err != nil {
			t.Fatal(err)
		}
		if table.String() != want+"  b\n" {
			t.Errorf("terminal %t: the table is %q", terminal, table.String())
		}
		if !strings.HasSuffix(line.String(), " "+want+" "+want+"\n") {
			t.Errorf("terminal %t: the line is %q", terminal, line.String())
		}
	}
}

// bash completes a line in a real bash.
func bash(t *testing.T, dir, line string) []string {
	t.Helper()
	const ask = `eval "$(go run ./local completion bash)" || exit 1
declare -F "$1" >/dev/null || exit 2
read -ra COMP_WORDS <<<"$2"
[[ "$2" == *" " ]] && COMP_WORDS+=("")
COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
spec="$(complete -p "$1")" || exit 3
f="${spec##*-F }"
"${f%% *}"
printf '%s\n' "${COMPREPLY[@]}"`
	return shellWords(t, dir, "bash", "-c", ask, "bash", strings.Fields(line)[0], line)
}

// fish completes a line in a real fish.
func fish(t *testing.T, dir, line string) []string {
	t.Helper()
	return shellWords(t, dir, "fish", "--no-config", "-c", `go run ./local completion fish | source; complete -C $argv[1]`, line)
}

// shellWords returns the words that a shell prints. A fake go runs the program.
func shellWords(t *testing.T, dir string, command ...string) []string {
	t.Helper()
	binary, err := program()
	if err != nil {
		t.Fatal(err)
	}
	bin := t.TempDir()
	// go run ./local ARGS...
	if err := childtest.Script(filepath.Join(bin, "go"), "shift 2\nexec "+binary+` "$@"`); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(command[0], command[1:]...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "PATH="+bin+":"+os.Getenv("PATH"), "HOME="+bin)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%q: %v\n%s", command, err, out)
	}
	return strings.Fields(string(out))
}

// TestCompletion completes commands, flags and stacks in a real bash and a real
// fish.
func TestCompletion(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for name, text := range map[string]string{"Pulumi.yaml": "name: order-service\nruntime: go\n", "Pulumi.staging.yaml": "", "Pulumi.review.yaml": ""} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	lines := map[string]string{
		"order-service lo":                 "logs",
		"order-service i":                  "invoke items iam",
		"order-service -st":                "-state -stack",
		"order-service -stack ":            "review staging local",
		"order-service -stack st":          "staging",
		"order-service -stack staging ite": "items",
		"order-service items -l":           "-limit",
		"order-service queue -re":          "-redrive",
		"order-service completion ":        "bash zsh fish",
		"order-service invoke a ":          "", // a file name
		"order-service exec l":             "",
		"order-service logs ":              "", // no cloud serves
	}
	for shell, completed := range map[string]func(t *testing.T, dir, line string) []string{"bash": bash, "fish": fish} {
		t.Run(shell, func(t *testing.T) {
			t.Parallel()
			if _, err := exec.LookPath(shell); err != nil && os.Getenv("SKIFF_TEST_SHELLS") != "required" {
				t.Skip(err)
			}
			for line, want := range lines {
				got := slices.DeleteFunc(completed(t, dir, line), func(word string) bool {
					_, err := os.Stat(filepath.Join(dir, word)) // fish completes file names in the same way
					return want == "" && err == nil
				})
				if !slices.Equal(slices.Sorted(slices.Values(got)), slices.Sorted(slices.Values(strings.Fields(want)))) {
					t.Errorf("%q is completed by %q, want %q", line, got, want)
				}
			}
		})
	}
	for _, shell := range []string{"zsh", "fish"} {
		code, out, errors := said(t, "-C", dir, "completion", shell)
		if code != 0 || !strings.Contains(out, "order-service") || strings.Contains(out, "NAME") {
			t.Errorf("%s: exit %d, %s%s", shell, code, out, errors)
		}
		if path, err := exec.LookPath(shell); err == nil {
			cmd := exec.Command(path, "-n")
			cmd.Stdin = strings.NewReader(out)
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("%s: %v\n%s", shell, err, out)
			}
		}
	}
}
