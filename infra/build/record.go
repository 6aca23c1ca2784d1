package build

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// record is what a folder of zips says of itself: record.json.
type record struct {
	Functions map[string]built
	Failed    failure
}

// built is a zip that was built from the source with a digest.
type built struct {
	Digest string
	SHA256 string
}

// failure is a go build that failed. The compiler's message is beside it, in
// failed.txt.
type failure struct {
	Digests map[string]string // of the functions that did not compile
	At      time.Time
	Told    bool // a caller has the message
}

func (f *failure) add(function, digest string, at time.Time) {
	if f.Digests == nil {
		f.Digests = map[string]string{}
	}
	f.Digests[function] = digest
	f.At = at
}

func (f *failure) names() []string {
	return slices.Sorted(maps.Keys(f.Digests))
}

// fresh returns the sha256 of the function's zip if it was built from the
// source with the digest, and is still the file that was built.
func (r record) fresh(b *Builder, function, digest string) (sum string, ok bool) {
	entry := r.Functions[function]
	if digest == "" || entry.Digest != digest || entry.SHA256 == "" {
		return "", false
	}
	return entry.SHA256, fileSum(b.Zip(function)) == entry.SHA256
}

// failedSince tells whether the same source failed to compile at that time or
// later, so that compiling it again tells nothing new.
func (r record) failedSince(function, digest string, since time.Time) bool {
	return r.Failed.Digests[function] == digest && !r.Failed.At.Before(since)
}

func (b *Builder) recordFile() string { return filepath.Join(b.dist(), "record.json") }
func (b *Builder) failedFile() string { return filepath.Join(b.dist(), "failed.txt") }

// readRecord returns an empty record for one that is missing or damaged: then
// everything is built.
func (b *Builder) readRecord() record {
	var r record
	data, err := os.ReadFile(b.recordFile())
	if err != nil || json.Unmarshal(data, &r) != nil {
		r = record{}
	}
	if r.Functions == nil {
		r.Functions = map[string]built{}
	}
	return r
}

func (b *Builder) writeRecord(r record) error {
	data, err := json.MarshalIndent(r, "", "\t")
	if err != nil {
		return err
	}
	return writeFile(b.recordFile(), append(data, '\n'))
}

// writeFile replaces the file in one step; a reader or a kill finds the old
// one or the new one. The callers hold the lock, so one temporary name serves.
func writeFile(path string, data []byte) error {
	if err := os.WriteFile(path+".new", data, 0o644); err != nil {
		return fmt.Errorf("build folder: %w", err)
	}
	return os.Rename(path+".new", path)
}
