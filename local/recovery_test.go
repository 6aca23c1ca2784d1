package main

import (
	"encoding/json"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// killed leaves a lock and a pending creation, as a killed deployment does. The
// jobs report the lock's holder and the pending creation. The lock is removed
// only if its holder is named.
func (r repository) killed(t *testing.T) {
	r.editState(t, "staging", func(latest map[string]any) {
		secret := maps.Clone(resourceIn(t, latest, "aws:secretsmanager/secret:Secret", "cursor-key"))
		delete(secret, "id")
		secret["urn"], secret["inputs"] = secret["urn"].(string)+"-2", map[string]any{"name": projectHere(t) + "-staging-cursor-key-2-0000000"}
		latest["pending_operations"] = []any{map[string]any{"type": "creating", "resource": secret}}
	})
	creation := "::cursor-key-2 (" + projectHere(t) + "-staging-cursor-key-2-0000000 in AWS)"
	r.refuses(t, []string{"was killed while AWS was creating [urn:pulumi:staging::" + projectHere(t) + "::", creation, `run the job "recover staging", then this job`}, "deploy staging")
	file := filepath.Join(r.state(), "pulumi", ".pulumi", "locks", "organization", projectHere(t), "staging", "0.json")
	lock := func() {
		holder := `{"pid":12,"username":"root","hostname":"runner-7","timestamp":"2026-01-02T03:04:05Z"}`
		if err := errors.Join(os.MkdirAll(filepath.Dir(file), 0o755), os.WriteFile(file, []byte(holder), 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	lock()
	held := "staging has been locked by root@runner-7/12 since 2026-01-02T03:04:05Z, so this job has changed nothing"
	r.refuses(t, []string{held, `the job "recover staging" with the variable LOCK=root@runner-7/12`}, "recover staging")
	r.refuses(t, []string{"the lock does not belong to the process that -lock names"}, "-var", "LOCK=root@runner-8/12", "recover staging")
	out := r.mustCI(t, "-var", "LOCK=root@runner-7/12", "recover staging")
	if !strings.Contains(out, "removed the creation of urn:") || !strings.Contains(out, creation+" from the state: check whether it exists in AWS") {
		t.Errorf("no message says what to look for:\n%s", out)
	}
	if _, err := os.Stat(file); err == nil {
		t.Error("the lock is still there")
	}
	r.editState(t, "staging", func(latest map[string]any) {
		if left := latest["pending_operations"]; left != nil {
			t.Errorf("left: %v", left)
		}
	})
	lock()
	r.refuses(t, []string{held}, "deploy staging")
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
}

// editState edits the state of a stack.
func (r repository) editState(t *testing.T, stack string, edit func(latest map[string]any)) {
	t.Helper()
	data, err := os.ReadFile(r.stateFile(t, stack))
	if err != nil {
		t.Fatal(err)
	}
	var state struct {
		Version    int `json:"version"`
		Checkpoint struct {
			Stack  string         `json:"stack"`
			Latest map[string]any `json:"latest"`
		} `json:"checkpoint"`
	}
	if err := json.Unmarshal(data, &state); err != nil {
		t.Fatal(err)
	}
	edit(state.Checkpoint.Latest)
	if data, err = json.Marshal(state); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(r.stateFile(t, stack), data, 0o600); err != nil {
		t.Fatal(err)
	}
}

// resourceIn returns one resource of a state.
func resourceIn(t *testing.T, latest map[string]any, token, name string) map[string]any {
	t.Helper()
	for _, resource := range latest["resources"].([]any) {
		resource := resource.(map[string]any)
		if resource["type"] == token && strings.HasSuffix(resource["urn"].(string), "::"+name) {
			return resource
		}
	}
	t.Fatalf("the state has no %s %s", token, name)
	return nil
}

// setMemory sets a function's memory in the state of staging, as if it had
// changed after the deployment.
func (r repository) setMemory(t *testing.T, megabytes int) {
	t.Helper()
	r.editState(t, "staging", func(latest map[string]any) {
		function := resourceIn(t, latest, "aws:lambda/function:Function", "get-item")
		for _, properties := range []string{"inputs", "outputs"} {
			function[properties].(map[string]any)["memorySize"] = megabytes
		}
	})
}

// outgrown checks that a plan is refused if the state has changed since.
func (r repository) outgrown(t *testing.T) {
	kept, err := os.ReadFile(r.stateFile(t, "staging"))
	if err != nil {
		t.Fatal(err)
	}
	r.setMemory(t, 512)
	r.refuses(t, []string{"staging has changed since the preview", `run the job "plan staging" again`}, "deploy staging")
	r.editState(t, "staging", func(latest map[string]any) {
		inputs := resourceIn(t, latest, "aws:lambda/function:Function", "get-item")["inputs"].(map[string]any)
		if inputs["memorySize"] != 512.0 {
			t.Errorf("the function was changed anyway: it has %v MB", inputs["memorySize"])
		}
	})
	if err := os.WriteFile(r.stateFile(t, "staging"), kept, 0o600); err != nil {
		t.Fatal(err)
	}
}

// night runs the nightly pipeline: first without drift, then with a changed
// function in staging.
func (r repository) night(t *testing.T) {
	out := r.mustCI(t, "-event", "schedule")
	if strings.Count(out, "PASS") != 2 || !strings.Contains(out, "drift production") {
		t.Errorf("the nightly pipeline:\n%s", out)
	}
	r.setMemory(t, 512)
	out, err := r.ci(t, "-event", "schedule")
	for _, want := range []string{"~ memorySize: 512 => 256", "no changes were expected", "FAIL  drift staging", "PASS  drift production"} {
		if err == nil || !strings.Contains(out, want) {
			t.Errorf("a changed function: %v, no %q in\n%s", err, want, out)
		}
	}
	r.setMemory(t, 256)
}
