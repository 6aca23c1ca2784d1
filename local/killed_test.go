package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"skiff/local/cloud"
	"skiff/local/store"
)

// TestKilledCommands kills commands on a stack at many steps. The next command
// must end as if no kill had happened: the stack has the same resources as an
// undisturbed one, and the cloud has each of them once. All steps take some 160
// s of processor time; -short runs four steps, in the same order.
func TestKilledCommands(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("which process is the CLI is read from /proc")
	}
	t.Parallel()
	const functions = 6
	a, b := newMany(t, functions), newMany(t, functions) // b is not disturbed
	secrets := map[string]any{"value": "hush"}
	up, destroy := []string{"up", "--yes", "--skip-preview"}, []string{"destroy", "--yes", "--skip-preview"}
	for _, step := range []struct {
		name    string
		set     map[string]any // before the killed command
		victim  string         // the process to kill
		command []string
		writes  []uint64       // numbers of writes after which to kill, one run for each
		then    map[string]any // after the last kill
		last    []string
	}{
		{"create", secrets, "pulumi", up, []uint64{1, 20, 45}, nil, up},
		{"update", map[string]any{"memory": 256}, "pulumi", up, []uint64{3}, nil, up},
		{"update taken back", map[string]any{"memory": 512}, "local", up, []uint64{4}, map[string]any{"memory": 256}, up},
		{"replace", map[string]any{"path": "/a/", "trigger": "a"}, "pulumi", up, []uint64{5, 20}, nil, up},
		{"replace taken back", map[string]any{"path": "/b/", "trigger": "b"}, "local", up, []uint64{25}, map[string]any{"path": "/a/", "trigger": "a"}, up},
		{"add, and leave out", map[string]any{"functions": functions + 3}, "pulumi", up, []uint64{12}, map[string]any{"functions": functions - 1}, up},
		{"leave out, and bring back", map[string]any{"functions": 2}, "local", up, []uint64{7}, map[string]any{"functions": functions}, up},
		{"the program", map[string]any{"functions": functions + 4}, "many", up, []uint64{3}, nil, up},
		{"destroy", nil, "pulumi", destroy, []uint64{10}, nil, up},
		{"destroy again", nil, "local", destroy, []uint64{10, 20}, nil, destroy},
		{"create, and destroy", nil, "pulumi", up, []uint64{30}, nil, destroy},
	} {
		if testing.Short() && !slices.Contains([]string{"create", "replace", "replace taken back", "destroy again"}, step.name) {
			continue
		}
		a.set(t, step.set)
		for _, writes := range step.writes {
			a.killed(t, step.victim, writes, step.command...)
		}
		a.set(t, step.then)
		maps.Copy(b.settings, a.settings)
		b.set(t, nil)
		kept := a.ids(t)
		a.must(t, step.last...)
		b.must(t, step.last...)
		got, want := a.export(t), b.export(t)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-undisturbed +killed)\n%s", step.name, diff)
		}
		a.whole(t, step.name)
		if step.name == "create" {
			a.keeps(t, kept)
		}
		if t.Failed() {
			t.FailNow()
		}
	}
}

func (m many) must(t *testing.T, args ...string) {
	t.Helper()
	mustLocal(t, m.args(append([]string{"pulumi"}, args...)...)...)
}

// killed kills one process of a command after the given number of writes to the
// cloud.
func (m many) killed(t *testing.T, victim string, writes uint64, args ...string) {
	t.Helper()
	m.killedOnce(t, victim, func(held cloud.Held) bool { return held.Writes >= writes }, args...)
}

// killedOnce kills one process of a command once enough returns true. The
// victim is "local", whose end ends all the others, "pulumi" for the CLI, or
// "many" for the program.
func (m many) killedOnce(t *testing.T, victim string, enough func(cloud.Held) bool, args ...string) {
	t.Helper()
	binary, err := program()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(binary, m.args(append([]string{"pulumi"}, args...)...)...)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	for held := (cloud.Held{}); !enough(held); {
		select {
		case err := <-ended:
			t.Fatalf("%s ended before it was to be killed: %v\n%s", args, err, out.String())
		case <-time.After(time.Millisecond):
		}
		if s, err := (project{state: m.state}).lastSession(); err == nil && s.PID == cmd.Process.Pid {
			held, _ = cloud.Holds(t.Context(), s.Control)
		}
	}
	pid := cmd.Process.Pid
	if victim != "local" {
		pid = m.process(t, victim)
	}
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	if err := <-ended; err == nil {
		t.Fatalf("%s succeeds though %s was killed\n%s", args, victim, out.String())
	}
}

// process returns the id of the process that runs a program.
func (m many) process(t *testing.T, name string) int {
	t.Helper()
	for _, p := range processes(t, m.state) {
		if exe, err := os.Readlink(fmt.Sprintf("/proc/%d/exe", p.pid)); err == nil && filepath.Base(exe) == name {
			return p.pid
		}
	}
	t.Fatalf("no process runs %s", name)
	return 0
}

// resources returns the resources in the state, with secrets in clear text.
func (m many) resources(t *testing.T) []map[string]any {
	t.Helper()
	var state struct {
		Deployment struct{ Resources []map[string]any }
	}
	file := filepath.Join(t.TempDir(), "state.json")
	m.must(t, "stack", "export", "--show-secrets", "--file", file)
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &state); err != nil {
		t.Fatal(err)
	}
	return state.Deployment.Resources
}

// inOrder sorts URNs, whose order is random.
func inOrder(urns any) {
	if list, ok := urns.([]any); ok {
		slices.SortFunc(list, func(a, b any) int { return strings.Compare(a.(string), b.(string)) })
	}
}

// madeID matches ids that the cloud generates.
var madeID = regexp.MustCompile(`^[a-z][a-z0-9]{9}$`)

// random matches times, and generated parts of ids and names.
var random = regexp.MustCompile(`secret:key-[0-9a-f]{7}-[A-Za-z0-9]{6}\b|-[0-9a-f]{7}\b|\bAROA[A-Z0-9]{17}\b|\d{4}-\d\d-\d\dT[0-9:.]+(Z|\+0000)?|[0-9a-f]{8}-[0-9a-f-]{27}`)

// export returns the resources by URN, without the values that differ in every
// stack.
func (m many) export(t *testing.T) map[string]map[string]any {
	t.Helper()
	all := map[string]map[string]any{}
	resources := m.resources(t)
	var made []string
	for _, r := range resources {
		if id, _ := r["id"].(string); madeID.MatchString(id) {
			made = append(made, id, r["urn"].(string))
		}
	}
	for _, r := range resources {
		urn := r["urn"].(string)
		if all[urn] != nil {
			t.Errorf("the state has %s twice", urn)
		}
		delete(r, "created")
		delete(r, "modified")
		delete(r, "sequenceNumber")
		inOrder(r["dependencies"])
		properties, _ := r["propertyDependencies"].(map[string]any)
		for _, urns := range properties {
			inOrder(urns)
		}
		data, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		text := strings.NewReplacer(append(made, m.dir, "DIR")...).Replace(string(data))
		var same map[string]any
		if err := json.Unmarshal([]byte(random.ReplaceAllString(text, "*")), &same); err != nil {
			t.Fatal(err)
		}
		all[urn] = same
	}
	return all
}

// ids returns the ids of the records in the cloud, by type.
func (m many) ids(t *testing.T) map[string]map[string]bool {
	t.Helper()
	db, err := store.Open(m.state, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	counts, err := db.Count()
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]map[string]bool{}
	for token := range counts {
		if strings.HasPrefix(token, "local:") {
			continue // not a resource, for example the name of a deleted secret, which stays reserved
		}
		records, err := store.List[json.RawMessage](db, token)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range records {
			if all[token] == nil {
				all[token] = map[string]bool{}
			}
			if all[token][r.ID] {
				t.Errorf("the cloud has %s %s twice", token, r.ID)
			}
			all[token][r.ID] = true
		}
	}
	return all
}

// whole checks that the cloud has the resources of the state, and no others.
func (m many) whole(t *testing.T, step string) {
	t.Helper()
	want := map[string]map[string]bool{}
	for _, r := range m.resources(t) {
		token := r["type"].(string)
		if r["custom"] != true || strings.HasPrefix(token, "pulumi:") {
			continue
		}
		if want[token] == nil {
			want[token] = map[string]bool{}
		}
		want[token][r["id"].(string)] = true
	}
	if diff := cmp.Diff(want, m.ids(t)); diff != "" {
		t.Errorf("%s: the cloud (-state +cloud)\n%s", step, diff)
	}
}

// keeps checks that the records of the last kill are still there.
func (m many) keeps(t *testing.T, kept map[string]map[string]bool) {
	t.Helper()
	now := m.ids(t)
	for _, token := range slices.Sorted(maps.Keys(kept)) {
		for id := range kept[token] {
			if !now[token][id] {
				t.Errorf("%s %s is gone since the kill", token, id)
			}
		}
	}
}
