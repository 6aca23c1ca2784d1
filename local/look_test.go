package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"skiff/local/inspect"
)

// looked runs a command and returns the output of each stream and the exit
// code.
func looked(t *testing.T, stdin string, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	binary, err := program()
	if err != nil {
		t.Fatal(err)
	}
	var out, errors bytes.Buffer
	cmd := exec.CommandContext(t.Context(), binary, args...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(stdin), &out, &errors
	if err := cmd.Run(); cmd.ProcessState == nil {
		t.Fatal(err)
	}
	return out.String(), errors.String(), cmd.ProcessState.ExitCode()
}

// TestLook runs every command that looks into a served stack.
func TestLook(t *testing.T) {
	t.Parallel()
	needs(t, "items", "connections", "events", "GET /health", "health", "create-item")
	dir := built(t)
	s := serving(t, dir)
	if a := request(t, http.MethodGet, s.url+"/health", ""); a.status != http.StatusOK {
		t.Fatalf("GET /health answers %d", a.status)
	}
	do := func(args ...string) (string, string, int) {
		t.Helper()
		return looked(t, "", append([]string{"-C", dir}, args...)...)
	}
	must := func(args ...string) string {
		t.Helper()
		out, errors, code := do(args...)
		if code != 0 {
			t.Fatalf("%s: exit %d\n%s%s", args, code, out, errors)
		}
		return out
	}
	t.Run("logs", func(t *testing.T) {
		for _, word := range []string{"START RequestId: ", "END RequestId: ", "REPORT RequestId: "} {
			if out := must("logs", "health"); strings.Count(out, word) != 1 {
				t.Errorf("%s is not there once:\n%s", word, out)
			}
		}
		if out, errors, code := do("logs", "helth"); code != 1 || !strings.Contains(errors, "there is no function helth; there are ") {
			t.Errorf("exit %d, %s%s", code, out, errors)
		}
		var line inspect.Line
		if out := must("logs", "-json", "-last", "1", "health"); json.Unmarshal([]byte(out), &line) != nil || !strings.HasPrefix(line.Text, "REPORT") {
			t.Errorf("the last line is %s", out)
		}
	})
	t.Run("invoke, and logs that follow", func(t *testing.T) { followInvocation(t, dir, do) })
	t.Run("items and seed", func(t *testing.T) { seedItems(t, dir) })
	t.Run("queue", func(t *testing.T) {
		if out := must("queue"); !strings.Contains(out, "events") || !strings.HasPrefix(out, "QUEUE") {
			t.Errorf("the queues are\n%s", out)
		}
		if out := must("queue", "-dead", "events"); !strings.HasPrefix(out, "SENT") {
			t.Errorf("the dead letters are\n%s", out)
		}
		if out := must("queue", "-redrive", "events"); !strings.Contains(out, ": no message moved") {
			t.Errorf("a redrive without dead letters says %s", out)
		}
	})
	t.Run("iam", func(t *testing.T) {
		out := must("iam", "create-item")
		if !strings.Contains(out, "never  dynamodb:PutItem") || !strings.Contains(out, "of them never used; role of ") {
			t.Errorf("the role holds\n%s", out)
		}
	})
	t.Run("completion", func(t *testing.T) {
		for words, want := range map[string]string{"invoke create": "create-item\n", "items conn": "connections\n", "queue ev": "events\n"} {
			out := must(append([]string{"complete", "--", "-C", dir}, strings.Fields(words)...)...)
			if !strings.HasPrefix(out, want) {
				t.Errorf("%s is completed by %q", words, out)
			}
		}
	})
	t.Run("exec", func(t *testing.T) {
		out := must("exec", "env")
		for _, line := range []string{"AWS_REGION=", "AWS_DEFAULT_REGION=", "AWS_PAGER=\n", "AWS_ENDPOINT_URL=http://127.0.0.1:"} {
			if !strings.Contains(out, line) {
				t.Errorf("the environment lacks %s", line)
			}
		}
	})
	guarded(t, dir)
	s.stop(syscall.SIGTERM)
	if out, errors, code := do("items"); code != 0 || !strings.Contains(out, "connections") {
		t.Errorf("without a cloud that serves: exit %d, %s%s", code, out, errors)
	}
	nothingRuns(t, filepath.Join(dir, ".local"))
}

// followInvocation follows the log in one command while another one invokes.
func followInvocation(t *testing.T, dir string, do func(...string) (string, string, int)) {
	binary, err := program()
	if err != nil {
		t.Fatal(err)
	}
	follow := exec.Command(binary, "-C", dir, "logs", "-f", "-last", "1", "health")
	stdout, err := follow.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := follow.Start(); err != nil {
		t.Fatal(err)
	}
	defer follow.Process.Kill()
	lines := bufio.NewScanner(stdout)
	lines.Scan() // the last existing line
	answer, log, code := do("invoke", "health")
	if code != 0 || !strings.Contains(answer, `"statusCode":200`) || !strings.Contains(log, "REPORT RequestId: ") {
		t.Errorf("invoke: exit %d, %s%s", code, answer, log)
	}
	for _, word := range []string{"START", "END", "REPORT"} {
		for lines.Scan() && !strings.Contains(lines.Text(), " "+word+" RequestId: ") {
		}
		if !strings.Contains(lines.Text(), word) {
			t.Errorf("the log ends before %s", word)
		}
	}
	follow.Process.Signal(os.Interrupt)
	if err := follow.Wait(); err != nil {
		t.Errorf("an interrupt ends it with %v", err)
	}
	var got inspect.Invocation
	if out, errors, code := do("invoke", "-json", "health"); code != 0 || json.Unmarshal([]byte(out), &got) != nil || got.RequestID == "" || got.Duration <= 0 {
		t.Errorf("invoke -json: exit %d, %s%s", code, out, errors)
	}
	out, errors, code := looked(t, `["no event of a gateway"]`, "-C", dir, "invoke", "create-item", "-")
	if code != 1 || out != "" || !strings.Contains(errors, "local: function ") || !strings.Contains(errors, " failed: ") {
		t.Errorf("a function that fails: exit %d, %s%s", code, out, errors)
	}
	if _, errors, code := looked(t, `{"a":`, "-C", dir, "invoke", "health", "-"); code != 1 || !strings.Contains(errors, "the event in - is not JSON") {
		t.Errorf("an event that is not JSON: exit %d, %s", code, errors)
	}
}

// seedItems seeds a table with items that the command items printed.
func seedItems(t *testing.T, dir string) {
	seed := func(text string) (string, string, int) {
		return looked(t, text, "-C", dir, "seed", "-")
	}
	before := mustLocal(t, "-C", dir, "items")
	out, errors, code := seed(`{"connections":[{"kind":"k","id":"1","n":0.10}],"items":[{"name":"no id"}]}`)
	if code != 1 || out != "" || !strings.Contains(errors, "item 1: the key attribute id is missing") || mustLocal(t, "-C", dir, "items") != before {
		t.Errorf("a bad seed: exit %d, %s%s", code, out, errors)
	}
	out, errors, code = seed(`{"items":[{"id":"seeded","name":"\u001b[31m","n":12345678901234567890.5}]}`)
	if code != 0 || !strings.HasSuffix(out, ": 1 items\n") {
		t.Errorf("a seed: exit %d, %s%s", code, out, errors)
	}
	all := mustLocal(t, "-C", dir, "items", "-all", "-json", "items")
	if !strings.Contains(all, `"n":12345678901234567890.5`) {
		t.Errorf("the items are %s", all)
	}
	if out, errors, code := seed(all); code != 0 {
		t.Errorf("a seed of the items: exit %d, %s%s", code, out, errors)
	}
	if out := mustLocal(t, "-C", dir, "items", "-limit", "1", "items"); !strings.HasPrefix(out, "ID ") {
		t.Errorf("a page is\n%s", out)
	}
}

// guarded checks that the control address answers only this user's commands.
func guarded(t *testing.T, dir string) {
	t.Helper()
	file := filepath.Join(dir, ".local", "session.json")
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%s: %v, %v", file, info, err)
	}
	s, err := (project{state: filepath.Dir(file)}).lastSession()
	if err != nil || s.Control.Token == "" {
		t.Fatalf("%+v, %v", s, err)
	}
	if got := request(t, http.MethodPost, "http://"+s.Control.Address+"/inspect/functions", "null", "X-Local-Token", "x"); got.status != http.StatusForbidden {
		t.Errorf("a wrong token: %d %s", got.status, got.body)
	}
}
