// Package build builds the main packages in lambdas into the zips that AWS
// Lambda runs. A zip has one entry, bootstrap, and the same source gives the
// same bytes on every machine.
//
// Three callers share one folder of zips, and none relies on its content:
//
//   - The infra program asks for digests, which show a change without
//     compiling.
//   - The command of a function builds its zip and prints the sha256.
//   - The program then ensures that a zip with that sha256 exists. It may be
//     missing on a checkout that has the state of an earlier run but not its
//     files.
//
// The first caller that gets the folder's lock compiles all stale functions in
// one go build. The callers that wait for the lock then find their zips.
// Parallel compilers would each compile the shared packages.
package build

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// DigestVariable is the environment variable that passes the digest from the
// infra program to a function's command. The command refuses to build other
// source, because its sha256 would be recorded for the wrong digest.
const DigestVariable = "FUNCTION_DIGEST"

// recent is how long a compile error is reported again for the same source
// without compiling again. The commands of one run start within moments. A
// person who runs again takes longer and wants to see the message again.
const recent = 2 * time.Second

// Builder builds the functions of one repository for one target. It is safe for
// use by several goroutines, and by several processes with the same folder.
type Builder struct {
	root      string
	target    Target
	functions []string

	goTool string           // the go command, by name or path
	env    []string         // added to the environment of this process
	now    func() time.Time // the time of compile errors
	turn   chan struct{}    // lets one goroutine at a time wait for the folder's lock
}

// New returns the builder of the functions in the repository at root, the
// folder of go.mod. The main package of a function is lambdas/NAME. The zips
// are in root/.build/OS-ARCH, which you may delete at any time.
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

// Zip returns the path of the function's zip.
func (b *Builder) Zip(function string) string {
	return filepath.Join(b.dist(), function+".zip")
}

func (b *Builder) dist() string {
	return filepath.Join(b.root, ".build", b.target.OS+"-"+b.target.Arch)
}

// Build builds the function's zip unless it exists, and returns its sha256 in
// hexadecimal. It returns an error if digest is set and the source has another
// digest.
//
// The error of a failed compile contains the compiler's message for one caller.
// Other callers at about the same time get one line that names the file with
// the message.
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

// Ensure returns the path of the function's zip with the wanted sha256. It
// builds the zip if it is missing or has another sha256, and returns an error
// if the source builds another zip.
func (b *Builder) Ensure(ctx context.Context, function, want string) (string, error) {
	zip := b.Zip(function)
	if fileSum(zip) == want {
		return zip, nil
	}
	if !isSum(want) {
		return "", fmt.Errorf("%s: the command that builds it printed %q, which is not a sha256", function, want)
	}
	unlock, err := b.lock(ctx)
	if err != nil {
		return "", err
	}
	defer unlock()
	if fileSum(zip) == want {
		return zip, nil
	}
	// The recorded zip is not the wanted one, so the record is of no use here.
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
		return "", fmt.Errorf("%s: this source builds a zip with sha256 %s, but the state of the stack contains %s; "+
			"to build and deploy this source: pulumi up --stack STACK --replace '**command:local:Command::%s'", function, got, want, function)
	}
	return zip, nil
}

// Stale returns the functions that Build would compile: their zip is missing,
// or was not built from the present source.
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

// build is Build for a caller that holds the lock.
func (b *Builder) build(ctx context.Context, function, digest string, began time.Time) (string, error) {
	r := b.readRecord()
	if digest != "" {
		if sum, ok := r.fresh(b, function, digest); ok {
			return sum, nil
		}
	}
	source, err := b.timedSource(ctx)
	if err != nil {
		return "", err
	}
	if digest == "" {
		digest = source.digests[function]
	}
	if digest != source.digests[function] {
		return "", changedError(function)
	}
	if sum, ok := r.fresh(b, function, digest); ok {
		return sum, nil
	}
	if !r.failedSince(function, digest, began.Add(-recent)) {
		if err := b.buildStale(ctx, &r, b.stale(r, source.digests), source); err != nil {
			return "", err
		}
	}
	return b.outcome(&r, function, digest)
}

// buildStale compiles and zips the stale functions and records the results. The
// source is from timedSource.
func (b *Builder) buildStale(ctx context.Context, r *record, stale []string, source sources) error {
	digests := source.digests
	work, err := b.workFolder()
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	message, err := b.compile(ctx, work, stale)
	if err != nil {
		return err
	}
	after, err := b.digestsAfter(ctx, source)
	if err != nil {
		return err
	}
	sums, err := b.zipAll(work, stale)
	if err != nil {
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

// outcome returns the result of Build after the stale functions were built.
func (b *Builder) outcome(r *record, function, digest string) (string, error) {
	if sum, ok := r.fresh(b, function, digest); ok {
		return sum, nil
	}
	if r.Failed.Digests[function] != digest {
		return "", changedError(function)
	}
	if r.Failed.Reported {
		return "", fmt.Errorf("%s: not built; the error of another function contains the compiler's message, and so does %s",
			function, b.failedFile())
	}
	r.Failed.Reported = true
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

// workFolder creates an empty folder for one compile, and deletes folders that
// killed processes left. The compiler does not write to the folder of zips,
// because it may outlive its killed parent and continue to write.
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
