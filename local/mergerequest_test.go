package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"
)

// mergeRequest edits one handler. The note names only that handler's function,
// and a second run updates the note. Without a token, the note is among the
// artifacts.
func (r repository) mergeRequest(t *testing.T) {
	r.git(t, "checkout", "-q", "-b", "edit")
	edit(t, filepath.Join(r.dir, "lambdas", "items", "get", "get.go"), "http.StatusOK", "http.StatusAccepted")
	r.commit(t, "edit")
	before := r.sums(t)
	out := r.mustCI(t, "-event", "merge_request_event", "-var", reviewRole(t))
	if !strings.Contains(out, "there is no token to write the note with") {
		t.Errorf("no message about the missing token:\n%s", out)
	}
	const sentence = "**The code of one function changes:** `get-item`."
	note, err := os.ReadFile(filepath.Join(r.state(), "ci", "artifacts", "note", ".build", "note.md"))
	if err != nil || !strings.Contains(string(note), sentence) {
		t.Errorf("the note among the artifacts: %v\n%s", err, note)
	}
	g := newNotes(t)
	for range 2 {
		r.mustCI(t, "-event", "merge_request_event", "-var", "CI_API_V4_URL="+g.url, "-var", "GITLAB_NOTE_TOKEN="+notesToken, "note")
	}
	if g.created != 1 || g.changed != 1 || !strings.Contains(g.body, sentence) {
		t.Errorf("created %d notes and changed %d:\n%s", g.created, g.changed, g.body)
	}
	if after := r.sums(t); !maps.Equal(before, after) {
		t.Error("a merge request has changed a stack")
	}
}

const notesToken = "glpat-of-this-test"

// notes is a fake of GitLab's API for one note of one merge request.
type notes struct {
	url string

	mu               sync.Mutex
	body             string
	created, changed int
}

func newNotes(t *testing.T) *notes {
	t.Helper()
	n := &notes{}
	const prefix = "/api/v4/projects/{project}/merge_requests/1"
	mux := http.NewServeMux()
	mux.HandleFunc("GET /api/v4/user", func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, `{"id":7}`) })
	mux.HandleFunc("GET "+prefix, func(w http.ResponseWriter, _ *http.Request) {
		io.WriteString(w, `{"iid":1,"web_url":"https://gitlab.com/acme/api/-/merge_requests/1"}`)
	})
	mux.HandleFunc("GET "+prefix+"/notes", func(w http.ResponseWriter, _ *http.Request) {
		if n.body == "" {
			io.WriteString(w, "[]")
			return
		}
		fmt.Fprintf(w, "[%s]", n.json())
	})
	write := func(count *int) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			var sent struct{ Body string }
			if err := json.NewDecoder(r.Body).Decode(&sent); err != nil {
				t.Error(err)
			}
			n.body = sent.Body
			*count++
			w.Write(n.json())
		}
	}
	mux.HandleFunc("POST "+prefix+"/notes", write(&n.created))
	mux.HandleFunc("PUT "+prefix+"/notes/1", write(&n.changed))
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n.mu.Lock()
		defer n.mu.Unlock()
		if r.Header.Get("PRIVATE-TOKEN") != notesToken {
			http.Error(w, `{"message":"401 Unauthorized"}`, http.StatusUnauthorized)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		mux.ServeHTTP(w, r)
	}))
	t.Cleanup(s.Close)
	n.url = s.URL + "/api/v4"
	return n
}

func (n *notes) json() []byte {
	data, _ := json.Marshal(map[string]any{"id": 1, "body": n.body, "author": map[string]any{"id": 7}})
	return data
}

// reviewRole returns the variable that enables stacks for merge requests.
func reviewRole(t *testing.T) string {
	return "REVIEW_ROLE=arn:aws:iam::333333333333:role/bootstrap/" + projectHere(t) + "-review"
}

// reviewStack checks that the merge request's pipeline makes a stack. The stack
// is destroyed when the environment is stopped, or after a week without an
// update. Other stacks stay.
func (r repository) reviewStack(t *testing.T) {
	before := r.sums(t)
	file := r.stateFile(t, "review-1")
	made, err := os.ReadFile(file)
	if err != nil || !strings.Contains(string(made), projectHere(t)+"-review-1-get-item-") {
		t.Fatalf("the merge request's pipeline created no stack: %v\n%s", err, made)
	}
	r.mustCI(t, "-event", "schedule", "-var", reviewRole(t), "janitor")
	if kept, err := os.ReadFile(file); err != nil || !bytes.Equal(kept, made) {
		t.Fatalf("the janitor has touched a stack of today: %v", err)
	}
	if _, err := os.Stat(r.stateFile(t, defaultStack)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("listing the stacks created one: %v", err)
	}
	age(t, file, 8)
	r.mustCI(t, "-event", "schedule", "-var", reviewRole(t), "janitor")
	if _, err := os.Stat(file); !errors.Is(err, os.ErrNotExist) {
		t.Fatalf("the janitor has left a stack of last week: %v", err)
	}
	out := r.mustCI(t, "-event", "merge_request_event", "-var", reviewRole(t), "review")
	if !strings.Contains(out, "API_URL=http://127.0.0.1:") {
		t.Errorf("the API's URL is not printed:\n%s", out)
	}
	if _, err := os.Stat(file); err != nil {
		t.Fatalf("not created again: %v", err)
	}
	r.mustCI(t, "-event", "merge_request_event", "-var", reviewRole(t), "stop review")
	if _, err := os.Stat(file); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("stopped, but it still exists: %v", err)
	}
	if after := r.sums(t); !maps.Equal(before, after) {
		t.Error("another stack has changed")
	}
}

// age makes the last update of a state older by some days.
func age(t *testing.T, file string, days int) {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	then := time.Now().AddDate(0, 0, -days).Format(time.RFC3339)
	old := regexp.MustCompile(`("manifest":\s*\{\s*"time":\s*)"[^"]+"`)
	if n := len(old.FindAll(data, -1)); n != 1 {
		t.Fatalf("%d times of the last update in\n%s", n, data)
	}
	if err := os.WriteFile(file, old.ReplaceAll(data, []byte(`$1"`+then+`"`)), 0o600); err != nil {
		t.Fatal(err)
	}
}
