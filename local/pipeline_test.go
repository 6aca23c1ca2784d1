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
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"
)

// TestPipeline runs .gitlab-ci.yml as it stands: a merge request, its way over
// staging to production, and what the jobs refuse. One job does nothing here:
// check would run these tests.
func TestPipeline(t *testing.T) {
	for _, name := range []string{"node", "npm", "rsync", "git", "curl"} {
		if _, err := exec.LookPath(name); err != nil {
			t.Skipf("the pipeline cannot run: %v", err)
		}
	}
	t.Parallel()
	r := newRepository(t)
	for _, stack := range []string{"staging", "production", "review"} {
		mustLocal(t, "-C", filepath.Join(r.dir, "bootstrap"), "-state", r.state(), "pulumi", "up", "--yes", "--skip-preview", "--stack", stack)
	}
	if !t.Run("main", r.main) {
		return
	}
	t.Run("a plan of another commit", r.otherCommit)
	t.Run("artifacts that have expired", r.expired)
	t.Run("a lock", r.locked)
	t.Run("the night", r.night)
	t.Run("a merge request", r.mergeRequest)
	t.Run("its stack", r.reviewStack)
	t.Run("roles", r.roles)
	t.Run("no hidden job", r.list)
	nothingRuns(t, r.state())
}

// repository is a checkout that GitLab would know, with one local cloud.
type repository struct{ dir string }

func (r repository) state() string { return filepath.Join(r.dir, ".local") }

// stateFile is where Pulumi keeps a stack.
func (r repository) stateFile(stack string) string {
	return filepath.Join(r.state(), "pulumi", ".pulumi", "stacks", "skiff", stack+".json")
}

func newRepository(t *testing.T) repository {
	t.Helper()
	r := repository{built(t)}
	for _, name := range []string{".gitlab-ci.yml", ".gitignore", "pipeline"} {
		copyTree(t, filepath.Join("..", name), filepath.Join(r.dir, name))
	}
	if err := os.MkdirAll(filepath.Join(r.dir, ".ci"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(r.dir, ".ci", "run"), []byte("echo checked\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	r.git(t, "init", "-q", "-b", "main")
	r.git(t, "remote", "add", "origin", "git@gitlab.com:acme/api.git")
	r.commit(t, "first")
	return r
}

func (r repository) git(t *testing.T, args ...string) string {
	t.Helper()
	cmd := exec.Command("git", append([]string{"-c", "user.name=skiff", "-c", "user.email=skiff@example.com", "-c", "commit.gpgsign=false"}, args...)...)
	cmd.Dir = r.dir
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("git %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return strings.TrimSpace(string(out))
}

func (r repository) commit(t *testing.T, message string) {
	t.Helper()
	r.git(t, "add", "-A")
	r.git(t, "commit", "-q", "--allow-empty", "-m", message)
}

// ci runs the pipeline, or some of its jobs.
func (r repository) ci(t *testing.T, args ...string) (string, error) {
	t.Helper()
	return local(t, append([]string{"-C", r.dir, "-addr", "127.0.0.1:0", "ci"}, args...)...)
}

func (r repository) mustCI(t *testing.T, args ...string) string {
	t.Helper()
	out, err := r.ci(t, args...)
	if err != nil {
		t.Fatalf("ci %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return out
}

// refuses expects of a job that it fails and says why, and changes nothing. The
// pipeline goes on after some: a job that may fail is no failure of it.
func (r repository) refuses(t *testing.T, want []string, args ...string) {
	t.Helper()
	before := r.sums(t)
	out, err := r.ci(t, args...)
	for _, w := range append(want, "exit status 1") {
		if !strings.Contains(out, w) {
			t.Errorf("ci %s: %v, no %q in\n%s", strings.Join(args, " "), err, w, out)
		}
	}
	if after := r.sums(t); !maps.Equal(before, after) {
		t.Errorf("ci %s has changed the stacks", strings.Join(args, " "))
	}
}

// sums are what the stacks' functions run, by stack and function: the sha256 of
// the zip that the command of each printed. A stack that is not there has none.
func (r repository) sums(t *testing.T) map[string]string {
	t.Helper()
	sums := map[string]string{}
	for _, stack := range []string{"staging", "production"} {
		data, err := os.ReadFile(r.stateFile(stack))
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		var state struct {
			Checkpoint struct {
				Latest struct {
					Resources []struct {
						Type, URN string
						Outputs   struct{ Stdout string }
					}
				}
			}
		}
		if err != nil || json.Unmarshal(data, &state) != nil {
			t.Fatalf("the state of %s: %v", stack, err)
		}
		for _, resource := range state.Checkpoint.Latest.Resources {
			if resource.Type == "command:local:Command" {
				sums[stack+" "+resource.URN[strings.LastIndex(resource.URN, "::")+2:]] = resource.Outputs.Stdout
			}
		}
	}
	return sums
}

// main deploys staging by itself, and production once somebody says so: the same
// zips.
func (r repository) main(t *testing.T) {
	out := r.mustCI(t)
	if !strings.Contains(out, `{"status":"ok"}`) {
		t.Errorf("no smoke test answered:\n%s", out)
	}
	staging := r.sums(t)
	for name, sum := range staging {
		if strings.HasPrefix(name, "production ") || len(sum) != 64 {
			t.Fatalf("after the pipeline of main, before production is run: %s %s", name, sum)
		}
	}
	if len(staging) < 9 {
		t.Fatalf("staging has %v", staging)
	}
	r.mustCI(t, "deploy production")
	both := r.sums(t)
	if len(both) != 2*len(staging) {
		t.Fatalf("production has not as many functions: %v", both)
	}
	for name, sum := range staging {
		if other := both[strings.Replace(name, "staging", "production", 1)]; other != sum {
			t.Errorf("%s is %s, in production %s", name, sum, other)
		}
	}
}

// mergeRequest edits one handler; the note names its function alone, is written
// once and then over, and without a token is among the artifacts.
func (r repository) mergeRequest(t *testing.T) {
	r.git(t, "checkout", "-q", "-b", "edit")
	edit(t, filepath.Join(r.dir, "lambdas", "items", "get", "get.go"), "http.StatusOK", "http.StatusAccepted")
	r.commit(t, "edit")
	before := r.sums(t)
	out := r.mustCI(t, "-event", "merge_request_event", "-var", reviewRole)
	if !strings.Contains(out, "there is no token to write the note with") {
		t.Errorf("nothing is said of the missing token:\n%s", out)
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
		t.Errorf("written %d times anew and %d times over:\n%s", g.created, g.changed, g.body)
	}
	if after := r.sums(t); !maps.Equal(before, after) {
		t.Error("a merge request has changed a stack")
	}
}

const notesToken = "glpat-of-this-test"

// notes is GitLab's API, as far as one note of one merge request goes.
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

const reviewRole = "REVIEW_ROLE=arn:aws:iam::333333333333:role/bootstrap/skiff-review"

// reviewStack expects that the merge request's pipeline has made a stack, which
// goes when it is stopped, or when nobody has updated it for a week. Nothing
// else goes.
func (r repository) reviewStack(t *testing.T) {
	before := r.sums(t)
	file := r.stateFile("review-1")
	made, err := os.ReadFile(file)
	if err != nil || !strings.Contains(string(made), "skiff-review-1-get-item-") {
		t.Fatalf("the merge request's pipeline has made no stack: %v\n%s", err, made)
	}
	r.mustCI(t, "-event", "schedule", "-var", reviewRole, "janitor")
	if kept, err := os.ReadFile(file); err != nil || !bytes.Equal(kept, made) {
		t.Fatalf("the janitor has touched a stack of today: %v", err)
	}
	age(t, file, 8)
	r.mustCI(t, "-event", "schedule", "-var", reviewRole, "janitor")
	if _, err := os.Stat(file); !errors.Is(err, os.ErrNotExist) {
		t.Fatalf("the janitor has left a stack of last week: %v", err)
	}
	out := r.mustCI(t, "-event", "merge_request_event", "-var", reviewRole, "review")
	if !strings.Contains(out, "API_URL=http://127.0.0.1:") {
		t.Errorf("the API's URL is not told:\n%s", out)
	}
	if _, err := os.Stat(file); err != nil {
		t.Fatalf("not made again: %v", err)
	}
	r.mustCI(t, "-event", "merge_request_event", "-var", reviewRole, "stop review")
	if _, err := os.Stat(file); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("stopped, and still there: %v", err)
	}
	if after := r.sums(t); !maps.Equal(before, after) {
		t.Error("another stack has changed")
	}
}

// age makes the last update of a state so many days older.
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

func (r repository) otherCommit(t *testing.T) {
	r.commit(t, "later")
	r.refuses(t, []string{"the commit differs: the plan is of stack production and commit "}, "deploy production")
	r.git(t, "reset", "-q", "--hard", "HEAD~1")
}

// roles expects that the branch of a merge request cannot take what deploys,
// and another project nothing.
func (r repository) roles(t *testing.T) {
	refused := []string{"Not authorized to perform sts:AssumeRoleWithWebIdentity", "AWS did not give this job its role, so nothing was changed"}
	r.refuses(t, refused, "-event", "merge_request_event", "-var", "RIGHTS=deploy", "preview staging")
	r.refuses(t, refused, "-project", "fork/api", "-event", "merge_request_event", "preview staging")
}

// expired takes away, in turn, what jobs leave for a deployment.
func (r repository) expired(t *testing.T) {
	artifacts := filepath.Join(r.state(), "ci", "artifacts")
	for job, want := range map[string]string{
		"plan?*production": `the job "plan production" has not run in this pipeline`,
		"build":            `the job "build" has not run in this pipeline`,
	} {
		kept, err := filepath.Glob(filepath.Join(artifacts, job, ".build"))
		if err != nil || len(kept) != 1 {
			t.Fatalf("the artifacts of %s: %v, %v", job, kept, err)
		}
		if err := os.Rename(kept[0], kept[0]+".kept"); err != nil {
			t.Fatal(err)
		}
		r.refuses(t, []string{want}, "deploy production")
		if err := os.Rename(kept[0]+".kept", kept[0]); err != nil {
			t.Fatal(err)
		}
	}
}

// locked leaves a lock as a killed deployment does. The jobs say whose it is;
// only who names it removes it.
func (r repository) locked(t *testing.T) {
	file := filepath.Join(r.state(), "pulumi", ".pulumi", "locks", "organization", "skiff", "staging", "0.json")
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	lock := `{"pid":12,"username":"root","hostname":"runner-7","timestamp":"2026-01-02T03:04:05Z"}`
	if err := os.WriteFile(file, []byte(lock), 0o644); err != nil {
		t.Fatal(err)
	}
	held := "staging is locked by root@runner-7/12 since 2026-01-02T03:04:05Z, so nothing was changed"
	r.refuses(t, []string{held}, "deploy staging")
	r.refuses(t, []string{held, `the job "recover staging" with the variable LOCK=root@runner-7/12`}, "recover staging")
	r.refuses(t, []string{"the lock is another's than -lock says"}, "-var", "LOCK=root@runner-8/12", "recover staging")
	r.mustCI(t, "-var", "LOCK=root@runner-7/12", "recover staging")
	if _, err := os.Stat(file); err == nil {
		t.Error("the lock is still there")
	}
}

func (r repository) night(t *testing.T) {
	out := r.mustCI(t, "-event", "schedule")
	if strings.Count(out, "PASS") != 2 || !strings.Contains(out, "drift production") {
		t.Errorf("the nightly pipeline:\n%s", out)
	}
}

// list lets gitlab-ci-local check the file by GitLab's schema, and that no job
// needs one that is not there.
func (r repository) list(t *testing.T) {
	for _, event := range []string{"push", "merge_request_event", "schedule"} {
		out := r.mustCI(t, "-event", event, "-var", "REVIEW_ROLE=x", "--", "--validate-dependency-chain")
		if !strings.Contains(out, "json schema validated") {
			t.Errorf("%s:\n%s", event, out)
		}
	}
	data, err := os.ReadFile(filepath.Join(r.dir, ".gitlab-ci.yml"))
	if n := strings.Count(string(data), "\n"); err != nil || n >= 150 {
		t.Errorf(".gitlab-ci.yml has %d lines, %v; want fewer than 150", n, err)
	}
}
