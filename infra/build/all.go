package build

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"skiff/internal/rehearsal"
)

// tries is how often BuildAll runs, if a source file changes during the build.
const tries = 3

// BuildAll builds every missing or outdated zip, and returns all zips with
// their source folders. A function that does not compile has no sha256. The
// error then contains the compiler's message, and the other functions are still
// built.
func (b *Builder) BuildAll(ctx context.Context) (rehearsal.Zips, error) {
	unlock, err := b.lock(ctx)
	if err != nil {
		return rehearsal.Zips{}, err
	}
	defer unlock()
	for try := 1; ; try++ {
		zips, changed, err := b.buildAll(ctx)
		if len(changed) == 0 || try == tries {
			return zips, err
		}
	}
}

// buildAll is one run of BuildAll. changed names the functions whose source
// changed during the run.
func (b *Builder) buildAll(ctx context.Context) (zips rehearsal.Zips, changed []string, err error) {
	source, err := b.timedSource(ctx)
	if err != nil {
		return zips, nil, err
	}
	r := b.readRecord()
	if stale := b.stale(r, source.digests); len(stale) > 0 {
		if err := b.buildStale(ctx, &r, stale, source); err != nil {
			return zips, nil, err
		}
	}
	zips.Folders = source.folders
	var failed []string
	for _, name := range b.functions {
		z := rehearsal.Zip{Function: name, Path: absolute(b.Zip(name)), Main: source.mains[name]}
		switch now := r.Functions[name]; {
		case now.SHA256 != "" && now.Digest == source.digests[name]:
			z.SHA256 = now.SHA256
		case r.Failed.Digests[name] == source.digests[name]:
			failed = append(failed, name)
		default:
			changed = append(changed, name)
			err = errors.Join(err, changedError(name))
		}
		zips.Functions = append(zips.Functions, z)
	}
	if len(failed) > 0 {
		message, readErr := os.ReadFile(b.failedFile())
		err = errors.Join(err, readErr, fmt.Errorf("%s: go build for %s failed:\n%s",
			strings.Join(failed, ", "), b.target, strings.TrimRight(string(message), "\n")))
	}
	return zips, changed, err
}
