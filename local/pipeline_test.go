package main

import (
	"encoding/json"
	"errors"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"skiff/lambdas"
)

// TestPipeline runs .gitlab-ci.yml unchanged: a merge request, its way over
// staging to production, and the refusals of jobs. The job check does nothing
// here, because it would run these tests.
func TestPipeline(t *testing.T) {
	needs(t, "POST /items", "GET /items/{id}", "GET /health", "cursor-key") // the stacks and the jobs' tests use them
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
	t.Run("a killed deployment", r.killed)
	t.Run("a stack that has changed", r.outgrown)
	t.Run("the night", r.night)
	t.Run("a merge request", r.mergeRequest)
	t.Run("its stack", r.reviewStack)
	t.Run("roles", r.roles)
	t.Run("no hidden job", r.list)
	nothingRuns(t, r.state())
}

// repository is a checkout with a remote at GitLab, and one local cloud.
type repository struct{ dir string }

func (r repository) state() string { return filepath.Join(r.dir, ".local") }

// stateFile returns the path of a stack's state.
func (r repository) stateFile(t *testing.T, stack string) string {
	t.Helper()
	return filepath.Join(r.state(), "pulumi", ".pulumi", "stacks", projectHere(t), stack+".json")
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
	cmd := exec.Command("git", append([]string{"-c", "user.name=test", "-c", "user.email=test@example.com", "-c", "commit.gpgsign=false"}, args...)...)
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

// refuses checks that a job fails with the wanted messages and changes nothing.
// It does not check the pipeline's result, because some jobs may fail.
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

// sums returns the SHA-256 of each function's zip, by stack and function. It
// reads the hash from the output of the function's command in the state. A
// stack that does not exist has none.
func (r repository) sums(t *testing.T) map[string]string {
	t.Helper()
	sums := map[string]string{}
	for _, stack := range []string{"staging", "production"} {
		data, err := os.ReadFile(r.stateFile(t, stack))
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

// main deploys staging automatically, and production as a manual job, with the
// same zips.
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
	if want := len(lambdas.Declared().Functions); len(staging) != want {
		t.Fatalf("staging has %v, not %d functions", staging, want)
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

func (r repository) otherCommit(t *testing.T) {
	r.commit(t, "later")
	r.refuses(t, []string{"the commit differs: the plan is for stack production and commit "}, "deploy production")
	r.git(t, "reset", "-q", "--hard", "HEAD~1")
}

// roles checks that a merge request's pipeline cannot assume the deploy role,
// and that another project can assume none.
func (r repository) roles(t *testing.T) {
	refused := []string{"Not authorized to perform sts:AssumeRoleWithWebIdentity", "AWS did not give this job its role, so it has changed nothing"}
	r.refuses(t, refused, "-event", "merge_request_event", "-var", "RIGHTS=deploy", "preview staging")
	r.refuses(t, refused, "-project", "fork/api", "-event", "merge_request_event", "preview staging")
}

// expired removes, in turn, the artifacts that a deployment needs.
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

// list checks the file by GitLab's schema, and that no job needs a missing job.
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
