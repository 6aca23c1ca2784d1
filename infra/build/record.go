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

// record describes the zips in a folder. Its file is record.json.
type record struct {
	Functions map[string]built
	Failed    failure
}

// built is a zip that was built from source with this digest.
type built struct {
	Digest string
	SHA256 string
}

// failure is a failed go build. failed.txt contains the compiler's message.
type failure struct {
	Digests  map[string]string // of the functions that did not compile
	At       time.Time
	Reported bool // a caller has got the message
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

// fresh returns the sha256 of the function's zip. It reports whether the zip
// was built from source with this digest and has not changed since.
func (r record) fresh(b *Builder, function, digest string) (sum string, ok bool) {
	entry := r.Functions[function]
	if digest == "" || entry.Digest != digest || entry.SHA256 == "" {
		return "", false
	}
	return entry.SHA256, fileSum(b.Zip(function)) == entry.SHA256
}

// failedSince reports whether source with this digest failed to compile at that
// time or later. Compiling it again would give the same error.
func (r record) failedSince(function, digest string, since time.Time) bool {
	return r.Failed.Digests[function] == digest && !r.Failed.At.Before(since)
}

func (b *Builder) recordFile() string { return filepath.Join(b.dist(), "record.json") }
func (b *Builder) failedFile() string { return filepath.Join(b.dist(), "failed.txt") }

// readRecord returns the record. It returns an empty record if the file is
// missing or damaged, so that everything is built.
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

// writeFile replaces the file atomically. Its callers hold the lock, so one
// temporary name is enough.
func writeFile(path string, data []byte) error {
	if err := os.WriteFile(path+".new", data, 0o644); err != nil {
		return fmt.Errorf("build folder: %w", err)
	}
	return os.Rename(path+".new", path)
}
