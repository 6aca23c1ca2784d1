package main

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestWatch is a working day with -watch: edits of a handler, a mistake, a
// crash, a change of the program. Its parts share one cloud and depend on their
// order.
func TestWatch(t *testing.T) {
	t.Parallel()
	needs(t, "GET /health")
	dir := built(t)
	// A request waits while its function compiles.
	edit(t, filepath.Join(dir, "Pulumi.local.yaml"), "config:\n", "config:\n  "+key(t, "timeout")+": 29\n")
	s := serving(t, dir, "-watch")
	s.says(t, "folders are watched")
	file, answer := filepath.Join(dir, handler), func() string { return request(t, http.MethodGet, s.url+"/health", "").body }

	t.Run("an edit is answered without an up", func(t *testing.T) {
		edit(t, file, before, after)
		s.answers(t, after)
		if out := s.says(t, "watch: health runs new code"); strings.Contains(out, "bringing the stack up") {
			t.Errorf("an edit of a handler brings the stack up:\n%s", out)
		}
	})
	t.Run("a preview shows what is not deployed", func(t *testing.T) {
		want := []string{"update aws:lambda/function:Function health", "update command:local:Command health"}
		if got := changed(t, dir); !slices.Equal(got, want) {
			t.Errorf("the preview changes %q, not %q", got, want)
		}
		if out := mustPulumi(t, dir, "up", "--yes", "--skip-preview"); !strings.Contains(out, "~ 2 updated") {
			t.Errorf("up says\n%s", out)
		}
		mustPulumi(t, dir, "preview", "--expect-no-changes")
		if got := answer(); got != after {
			t.Errorf("after up the function answers %s", got)
		}
	})
	t.Run("a request keeps the code it began with", func(t *testing.T) { s.keepsCode(t, dir) })
	t.Run("a mistake is shown once", func(t *testing.T) {
		edit(t, file, "api.Respond(", "api.Reply(")
		s.says(t, "the previous version keeps serving")
		if got := answer(); got != after {
			t.Errorf("meanwhile the function answers %s", got)
		}
		edit(t, file, "api.Reply(", "api.Respond(")
		s.says(t, "watch: it compiles again")
		if n := strings.Count(s.errors(), "undefined: api.Reply"); n != 1 {
			t.Errorf("the mistake is shown %d times", n)
		}
	})
	t.Run("a crash at the start is in the log", func(t *testing.T) {
		edit(t, file, "// Handle answers", "func init() { panic(\"too early\") }\n\n// Handle answers")
		s.says(t, "watch: health runs new code")
		if a := request(t, http.MethodGet, s.url+"/health", ""); a.status != http.StatusInternalServerError {
			t.Errorf("a function that crashes answers %d %s", a.status, a.body)
		}
		s.says(t, "too early")
		edit(t, file, "func init() { panic(\"too early\") }\n\n", "")
		s.answers(t, after)
	})
	t.Run("the program brings the stack up", func(t *testing.T) {
		edit(t, filepath.Join(dir, "lambdas", "lambdas.go"), `"GET /health"`, `"GET /health", "GET /healthy"`)
		s.says(t, "watch: lambdas/lambdas.go changed: bringing the stack up")
		s.says(t, "watch: the stack is up: ")
		if a := request(t, http.MethodGet, s.url+"/healthy", ""); a.status != http.StatusOK {
			t.Errorf("the new route answers %d %s", a.status, a.body)
		}
		mustPulumi(t, dir, "preview", "--expect-no-changes")
	})
	t.Run("of two saves the last one is answered", func(t *testing.T) {
		edit(t, file, after, `{"status":"passing"}`)
		edit(t, file, `{"status":"passing"}`, `{"status":"last"}`)
		s.answers(t, `{"status":"last"}`)
		edit(t, file, `{"status":"last"}`, after)
		s.answers(t, after)
	})
	t.Run("a function without a main package is an error", func(t *testing.T) { s.missesMain(t, dir) })
	t.Run("an up waits for another command", func(t *testing.T) { s.waitsForOther(t, dir) })
	t.Run("a start serves the newest code", func(t *testing.T) {
		edit(t, file, after, `{"status":"newest"}`)
		s.answers(t, `{"status":"newest"}`)
		s.stop(syscall.SIGINT)
		nothingLeft(t, filepath.Join(dir, ".local"), s.url)
		s = serving(t, dir)
		if got := answer(); got != `{"status":"newest"}` {
			t.Errorf("after a start the function answers %s", got)
		}
		s.stop(syscall.SIGINT)
	})
	t.Run("an interrupt ends an up", func(t *testing.T) {
		s := serving(t, dir, "-watch")
		s.says(t, "folders are watched")
		edit(t, filepath.Join(dir, "lambdas", "lambdas.go"), `, "GET /other"`, "")
		s.says(t, "bringing the stack up")
		s.stop(syscall.SIGINT)
		nothingLeft(t, filepath.Join(dir, ".local"), s.url)
		s = serving(t, dir)
		mustPulumi(t, dir, "preview", "--expect-no-changes")
		s.stop(syscall.SIGINT)
	})
}

// missesMain deletes the main package of a function and restores it.
func (s *server) missesMain(t *testing.T, dir string) {
	main := filepath.Join(dir, "lambdas", "health", "main.go")
	text, err := os.ReadFile(main)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(main); err != nil {
		t.Fatal(err)
	}
	s.says(t, "the previous version keeps serving")
	s.answers(t, after)
	if err := os.WriteFile(main, text, 0o644); err != nil {
		t.Fatal(err)
	}
	s.says(t, "watch: ")
	mustPulumi(t, dir, "preview", "--expect-no-changes")
}

// waitsForOther changes the program while a command of another machine, as it
// seems, works on the stack.
func (s *server) waitsForOther(t *testing.T, dir string) {
	locks := filepath.Join(dir, ".local", "pulumi", ".pulumi", "locks", "organization", projectName(t, dir), "local")
	lock := filepath.Join(locks, "other.json")
	if err := errors.Join(os.MkdirAll(locks, 0o755), os.WriteFile(lock, []byte(`{"pid":1,"hostname":"another machine"}`), 0o600)); err != nil {
		t.Fatal(err)
	}
	edit(t, filepath.Join(dir, "lambdas", "lambdas.go"), `"GET /healthy"`, `"GET /healthy", "GET /other"`)
	s.says(t, "watch: waiting for another command on local to end")
	if a := request(t, http.MethodGet, s.url+"/other", ""); a.status != http.StatusNotFound {
		t.Errorf("before the up the new route answers %d %s", a.status, a.body)
	}
	if err := os.Remove(lock); err != nil {
		t.Fatal(err)
	}
	s.says(t, "watch: the stack is up: ")
	if a := request(t, http.MethodGet, s.url+"/other", ""); a.status != http.StatusOK {
		t.Errorf("after the up the new route answers %d %s", a.status, a.body)
	}
}

// says waits until the server prints a text after the last call, on either
// stream. It returns the new standard output.
func (s *server) says(t *testing.T, text string) string {
	t.Helper()
	for deadline := time.Now().Add(commandLimit); ; time.Sleep(every) {
		s.mu.Lock()
		out, errs := strings.Join(s.stdout, "\n"), s.stderr.String()
		s.mu.Unlock()
		if strings.Contains(out[min(s.seenOut, len(out)):], text) || strings.Contains(errs[min(s.seenErr, len(errs)):], text) {
			said := out[min(s.seenOut, len(out)):]
			s.seenOut, s.seenErr = len(out), len(errs)
			return said
		}
		if time.Now().After(deadline) {
			t.Fatalf("nothing says %q in\n%s\n%s", text, out, errs)
		}
	}
}

// answers waits until the function health gives an answer.
func (s *server) answers(t *testing.T, want string) {
	t.Helper()
	for deadline := time.Now().Add(commandLimit); ; time.Sleep(every) {
		a := request(t, http.MethodGet, s.url+"/health", "")
		if a.body == want {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("health answers %d %s, not %s\n%s", a.status, a.body, want, s.errors())
		}
	}
}

// keepsCode keeps a request waiting in the function until newer code answers
// others.
func (s *server) keepsCode(t *testing.T, dir string) {
	file, gate := filepath.Join(dir, handler), filepath.Join(dir, "gate")
	waits := fmt.Sprintf("for _, err := os.Stat(%q); err != nil; _, err = os.Stat(%[1]q) {\n_ = os.WriteFile(%[1]q+\".begun\", nil, 0o600)\ntime.Sleep(10 * time.Millisecond)\n}\n", gate)
	old, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	edit(t, file, "\t\"net/http\"\n", "\t\"net/http\"\n\t\"os\"\n\t\"time\"\n")
	edit(t, file, "\treturn api.Respond(", "\t"+waits+"\treturn api.Respond(")
	s.says(t, "watch: health runs new code")
	first := make(chan answer, 1)
	go func() { first <- request(t, http.MethodGet, s.url+"/health", "") }()
	for deadline := time.Now().Add(commandLimit); ; time.Sleep(every) {
		if _, err := os.Stat(gate + ".begun"); err == nil {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("the request does not begin")
		}
	}
	if err := os.WriteFile(file, []byte(strings.Replace(string(old), after, `{"status":"newer"}`, 1)), 0o644); err != nil {
		t.Fatal(err)
	}
	s.says(t, "watch: health runs new code") // an earlier request would wait at the gate
	s.answers(t, `{"status":"newer"}`)
	if err := os.WriteFile(gate, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if a := <-first; a.body != after {
		t.Errorf("the request that began before answers %d %s", a.status, a.body)
	}
	if err := os.WriteFile(file, old, 0o644); err != nil {
		t.Fatal(err)
	}
	s.answers(t, after)
	s.says(t, "watch: health runs new code")
}
