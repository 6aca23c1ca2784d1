// Package build turns the main packages under lambdas into the zips that AWS
// Lambda runs: one entry, bootstrap, the same bytes from the same source on
// every machine.
//
// Three callers share one folder of zips, and none trusts what it finds there.
// The infra program asks for digests, which tell a change without compiling.
// The command of a function builds its zip and prints the sha256. The program
// then ensures that a zip with that sha256 is on this machine, for a checkout
// that holds the state of an earlier run but none of its files.
//
// However many functions are stale, the first caller to get the folder's lock
// compiles all of them in one go build, and the callers behind it find theirs
// done. N compilers side by side would each compile the shared packages.
package build

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"
)

// DigestVariable is the environment variable in which a function's command
// gets the digest that the infra program computed. The command refuses to
// build another source than that: its sha256 would be recorded under a digest
// it does not belong to.
const DigestVariable = "FUNCTION_DIGEST"

// recent is how long a compile error answers for the same source without
// another compile. The commands of one run start within moments of each other;
// a person who runs again is slower and wants to see the message again.
const recent = 2 * time.Second

// Builder builds the functions of one repository for one target. It may be
// used by many goroutines, and by many processes on the same folder.
type Builder struct {
	root      string
	target    Target
	functions []string

	goTool string           // the go command, by name or path
	env    []string         // over the environment of this process
	now    func() time.Time // dates the compile errors
	turn   chan struct{}    // one goroutine at a time asks for the folder's lock
}

// New returns the builder of the functions in the repository at root, where
// go.mod is. A function's main package is lambdas/NAME. The zips are kept in
// root/.build/OS-ARCH, which may be removed at any time.
func New(root string, target Target, functions []string) *Builder {
	return &Builder{
		root:      root,
		target:    target,
		functions: slices.Sorted(slices.Values(functions)),
		goTool:    "go",
		now:       time.Now,
		turn:      make(chan struct{}, 1),
	}
}

// Zip is where the function's zip is once it is built.
func (b *Builder) Zip(function string) string {
	return filepath.Join(b.dist(), function+".zip")
}

func (b *Builder) dist() string {
	return filepath.Join(b.root, ".build", b.target.OS+"-"+b.target.Arch)
}

// Build makes the function's zip if it is not there yet, and returns its
// sha256 in hexadecimal. It fails when the digest of the source is not the
// given one; an empty digest stands for whatever the source is now.
//
// A compile error is returned whole to one caller, and to the callers that ask
// for the same source in the same moment as one line that says where it is.
func (b *Builder) Build(ctx context.Context, function, digest string) (string, error) {
	began := b.now()
	if !slices.Contains(b.functions, function) {
		return "", fmt.Errorf("%s: no such function; the declaration has %s", function, strings.Join(b.functions, ", "))
	}
	if digest != "" {
		if sum, ok := b.readRecord().fresh(b, function, digest); ok {
			return sum, nil
		}
	}
	unlock, err := b.lock(ctx)
	if err != nil {
		return "", err
	}
	defer unlock()
	return b.build(ctx, function, digest, began)
}

// Ensure returns the path of the function's zip once a zip with the wanted
// sha256 is there, building it if it is missing or another one.
func (b *Builder) Ensure(ctx context.Context, function, want string) (string, error) {
	zip := b.Zip(function)
	if fileSum(zip) == want {
		return zip, nil
	}
	if !isSum(want) {
		return "", fmt.Errorf("%s: the command that builds it printed %q, which is no sha256", function, want)
	}
	unlock, err := b.lock(ctx)
	if err != nil {
		return "", err
	}
	defer unlock()
	if fileSum(zip) == want {
		return zip, nil
	}
	// What the record holds is not what is wanted, so it proves nothing here.
	r := b.readRecord()
	delete(r.Functions, function)
	if err := b.writeRecord(r); err != nil {
		return "", err
	}
	got, err := b.build(ctx, function, "", b.now())
	if err != nil {
		return "", err
	}
	if got != want {
		return "", fmt.Errorf("%s: this source builds a zip with sha256 %s, the state of the stack holds %s; "+
			"run pulumi up --stack STACK --replace '**command:local:Command::%s' to build and deploy what is here", function, got, want, function)
	}
	return zip, nil
}

// Stale returns the functions whose zip is not there, or is not the one that
// their source makes here: those that Build would compile.
func (b *Builder) Stale(ctx context.Context) ([]string, error) {
	digests, err := b.Digests(ctx)
	if err != nil {
		return nil, err
	}
	return b.stale(b.readRecord(), digests), nil
}

func (b *Builder) stale(r record, digests map[string]string) (functions []string) {
	for _, name := range b.functions {
		if _, ok := r.fresh(b, name, digests[name]); !ok {
			functions = append(functions, name)
		}
	}
	return functions
}

// build does the work of Build under the lock.
func (b *Builder) build(ctx context.Context, function, digest string, began time.Time) (string, error) {
	r := b.readRecord()
	if digest != "" {
		if sum, ok := r.fresh(b, function, digest); ok {
			return sum, nil
		}
	}
	digests, err := b.Digests(ctx)
	if err != nil {
		return "", err
	}
	if digest == "" {
		digest = digests[function]
	}
	if digest != digests[function] {
		return "", changedError(function)
	}
	if sum, ok := r.fresh(b, function, digest); ok {
		return sum, nil
	}
	if !r.failedSince(function, digest, began.Add(-recent)) {
		if err := b.buildStale(ctx, &r, digests); err != nil {
			return "", err
		}
	}
	return b.outcome(&r, function, digest)
}

// buildStale compiles and zips every function whose zip is not the one that
// its digest stands for, and records what came of it.
func (b *Builder) buildStale(ctx context.Context, r *record, digests map[string]string) error {
	stale := b.stale(*r, digests)
	work, err := b.workFolder()
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	message, err := b.compile(ctx, work, stale)
	if err != nil {
		return err
	}
	// A file saved while the compiler ran may be in the binary or not: what
	// changed meanwhile is not recorded under either digest.
	var after map[string]string
	var asking errgroup.Group
	asking.Go(func() (err error) {
		after, err = b.Digests(ctx)
		return err
	})
	sums, err := b.zipAll(work, stale)
	if err := cmp.Or(err, asking.Wait()); err != nil {
		return err
	}
	r.Failed = failure{}
	for _, name := range stale {
		delete(r.Functions, name)
		switch {
		case after[name] != digests[name]:
		case sums[name] != "":
			r.Functions[name] = built{Digest: digests[name], SHA256: sums[name]}
		default:
			r.Failed.add(name, digests[name], b.now())
		}
	}
	if len(r.Failed.Digests) > 0 {
		if message == "" {
			message = "go build made no binary: is it package main?"
		}
		if err := writeFile(b.failedFile(), []byte(message+"\n")); err != nil {
			return err
		}
	}
	return b.writeRecord(*r)
}

// outcome is what Build answers after the stale functions were built.
func (b *Builder) outcome(r *record, function, digest string) (string, error) {
	if sum, ok := r.fresh(b, function, digest); ok {
		return sum, nil
	}
	if r.Failed.Digests[function] != digest {
		return "", changedError(function)
	}
	if r.Failed.Told {
		return "", fmt.Errorf("%s: not built; the compiler's message is told with another function and kept in %s",
			function, b.failedFile())
	}
	r.Failed.Told = true
	message, err := os.ReadFile(b.failedFile())
	if err := errors.Join(err, b.writeRecord(*r)); err != nil {
		return "", err
	}
	return "", fmt.Errorf("%s: go build for %s failed:\n%s", strings.Join(r.Failed.names(), ", "), b.target,
		strings.TrimRight(string(message), "\n"))
}

func changedError(function string) error {
	return fmt.Errorf("%s: its source changed after this run began; run again", function)
}

// workFolder makes an empty folder for one compile, and removes those that
// killed ones left behind. Nothing is compiled straight into the folder of
// zips: a compiler that outlives its killed parent still writes.
func (b *Builder) workFolder() (string, error) {
	left, err := filepath.Glob(filepath.Join(b.dist(), "work-*"))
	if err != nil {
		return "", err
	}
	for _, dir := range left {
		if err := os.RemoveAll(dir); err != nil {
			return "", err
		}
	}
	return os.MkdirTemp(b.dist(), "work-")
}
