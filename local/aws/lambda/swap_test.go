package lambda

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"skiff/local/store"
)

const swapURN = "urn:pulumi:local::skiff::aws:lambda/function:Function::hello"

// declareHello deploys the function as a part of the stack local.
func (p *plane) declareHello(t *testing.T) store.Record[Function] {
	t.Helper()
	r := p.declare(t, declaration())
	r.URN = swapURN
	must(t, store.Put(p.db, FunctionToken, r.ID, r))
	return r
}

// swapCode writes another script into the function's zip and swaps it in.
func (p *plane) swapCode(t *testing.T, script string) (swapped []string) {
	t.Helper()
	p.code(t, "one.zip", script)
	swapped, unknown, err := p.Swap("urn:pulumi:local::skiff::", p.call.Dir, []string{filepath.Join(p.call.Dir, "one.zip")})
	if err != nil || len(unknown) > 0 {
		t.Fatalf("unknown %v, %v", unknown, err)
	}
	return swapped
}

// runs returns the script that the function runs.
func (p *plane) runs(t *testing.T) string {
	t.Helper()
	r, err := p.find("f")
	must(t, err)
	data, err := os.ReadFile(filepath.Join(p.current(r).Dir, "bootstrap"))
	must(t, err)
	return string(data[len("#!/bin/sh\n") : len(data)-1])
}

func TestSwap(t *testing.T) {
	t.Parallel()
	p := newPlane(t)
	r := p.declareHello(t)
	if got := p.swapCode(t, "echo hello"); len(got) > 0 {
		t.Errorf("the same code is swapped: %v", got)
	}
	before := p.current(r)
	if got := p.swapCode(t, "echo new"); !slices.Equal(got, []string{"hello"}) {
		t.Errorf("swapped %v", got)
	}
	if after := p.current(r); after.ID == before.ID || p.runs(t) != "echo new" {
		t.Errorf("version %s, then %s, which runs %q", before.ID, after.ID, p.runs(t))
	}
	held, err := p.find("f")
	must(t, err)
	if held.State["sha256"] != r.State["sha256"] {
		t.Error("the record has the new code, which is not deployed")
	}
	// Another process only knows the deployed code.
	other := &plane{db: p.db, Functions: NewFunctions(p.db, p.runtime, p.authority, p.dir, nil, p.log)}
	if got := other.runs(t); got != "echo hello" {
		t.Errorf("after a restart the function runs %q", got)
	}
	if got := p.swapCode(t, "echo hello"); !slices.Equal(got, []string{"hello"}) || p.runs(t) != "echo hello" {
		t.Errorf("back again: swapped %v, runs %q", got, p.runs(t))
	}
}

func TestSwapElsewhere(t *testing.T) {
	t.Parallel()
	p := newPlane(t)
	p.declareHello(t)
	zips := []string{filepath.Join(p.call.Dir, "one.zip"), filepath.Join(p.call.Dir, "other.zip")}
	if swapped, unknown, err := p.Swap("urn:pulumi:staging::skiff::", p.call.Dir, zips); err != nil || len(swapped) > 0 || !slices.Equal(unknown, zips) {
		t.Errorf("of another stack: swapped %v, unknown %v, %v", swapped, unknown, err)
	}
	p.code(t, "one.zip", "echo new")
	if swapped, unknown, err := p.Swap("urn:pulumi:local::skiff::", p.call.Dir, zips); err != nil || len(swapped) != 1 || !slices.Equal(unknown, zips[1:]) {
		t.Errorf("swapped %v, unknown %v, %v", swapped, unknown, err)
	}
}

// TestSwapAndDeploy checks that a deployment replaces a swap, unless newer code
// is swapped in during the deployment.
func TestSwapAndDeploy(t *testing.T) {
	t.Parallel()
	p := newPlane(t)
	r := p.declareHello(t)
	p.swapCode(t, "echo two")
	swapped := p.current(r)
	must(t, p.deploy(p.call, &r))
	must(t, store.Put(p.db, FunctionToken, r.ID, r))
	p.deployed(r)
	if now := p.current(r); now.ID != swapped.ID || p.runs(t) != "echo two" {
		t.Errorf("the deployment of what runs makes version %s of %s: its processes end", now.ID, swapped.ID)
	}

	p.swapCode(t, "echo three")
	must(t, p.deploy(p.call, &r))
	p.swapCode(t, "echo four")
	must(t, store.Put(p.db, FunctionToken, r.ID, r))
	p.deployed(r)
	if got := p.runs(t); got != "echo four" {
		t.Errorf("code that was swapped in during a deployment is lost: the function runs %q", got)
	}
	must(t, p.deploy(p.call, &r))
	must(t, store.Put(p.db, FunctionToken, r.ID, r))
	p.deployed(r)
	p.code(t, "one.zip", "echo five")
	must(t, p.deploy(p.call, &r))
	must(t, store.Put(p.db, FunctionToken, r.ID, r))
	p.deployed(r)
	if got := p.runs(t); got != "echo five" {
		t.Errorf("after a deployment the function runs %q", got)
	}
}

// TestSwapsAreDiscarded checks that old swapped code is removed from the disk,
// and running code is not.
func TestSwapsAreDiscarded(t *testing.T) {
	t.Parallel()
	p := newPlane(t)
	p.declareHello(t)
	for _, script := range []string{"echo 1", "echo 2", "echo 3", "echo 4", "echo hello", "echo 5"} {
		p.swapCode(t, script)
		if got := p.runs(t); got != script {
			t.Fatalf("runs %q, not %q", got, script)
		}
	}
	entries, err := os.ReadDir(p.dir)
	must(t, err)
	if len(entries) > 3 {
		t.Errorf("%d versions of the code are kept", len(entries))
	}
}
