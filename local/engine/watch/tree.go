// Package watch sees which files of a project change, and what they are part of:
// the Pulumi program or the functions' code alone.
package watch

import (
	"crypto/sha256"
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// Part is what a file is part of.
type Part int

// The parts. What is in both the program and a function is the program's.
const (
	None Part = iota
	Code      // of functions alone
	Program
)

// Folders are the folders of packages. The value is true for a package that
// embeds files: then files of any name count.
type Folders map[string]bool

// Add adds a folder.
func (f Folders) Add(path string, embeds bool) { f[path] = embeds || f[path] }

// Tree is what is watched: single files, and the sources in folders.
type Tree struct {
	files   map[string]Part
	folders map[Part]Folders
	sums    map[string]sum // of what was there at the last look
}

// sum is the hash of a file's contents; the zero one is of a file that is not
// there.
type sum [sha256.Size]byte

// NewTree watches files, which need not be there.
func NewTree(files map[string]Part) *Tree {
	return &Tree{files: files, folders: map[Part]Folders{}, sums: map[string]sum{}}
}

// Set watches the folders of a part, in place of those before.
func (t *Tree) Set(part Part, folders Folders) { t.folders[part] = folders }

// Folders are the folders whose files are looked at, sorted.
func (t *Tree) Folders() []string {
	all := map[string]bool{}
	for _, folders := range t.folders {
		maps.Copy(all, folders)
	}
	for path := range t.files {
		all[filepath.Dir(path)] = true
	}
	return slices.Sorted(maps.Keys(all))
}

// part is what a file is part of by its path.
func (t *Tree) part(path string) Part {
	part := t.files[path]
	dir, source := filepath.Dir(path), isSource(filepath.Base(path))
	for of, folders := range t.folders {
		if embeds, ok := folders[dir]; ok && (embeds || source) {
			part = max(part, of)
		}
	}
	return part
}

// isSource reports whether go build may read a file of that name. Editors and go
// test have others.
func isSource(name string) bool {
	if strings.HasSuffix(name, "_test.go") || strings.HasPrefix(name, ".") || strings.HasPrefix(name, "_") {
		return false
	}
	return name == "default.pgo" || slices.Contains([]string{".go", ".s", ".h", ".syso"}, filepath.Ext(name))
}

// Changed looks at folders again, or at all of them where none is named, and
// returns the files whose contents are others than at the last look, by part.
func (t *Tree) Changed(folders ...string) (map[Part][]string, error) {
	watched := t.Folders()
	if len(folders) == 0 {
		folders = watched
	}
	changed := map[Part][]string{}
	for _, dir := range folders {
		if _, ok := slices.BinarySearch(watched, dir); !ok {
			continue
		}
		now, err := t.read(dir)
		if err != nil {
			return nil, err
		}
		for path, was := range t.sums {
			if _, ok := now[path]; filepath.Dir(path) == dir && !ok && was != (sum{}) {
				now[path] = sum{} // deleted
			}
		}
		for path, is := range now {
			if part := t.part(path); t.sums[path] != is && part != None {
				changed[part] = append(changed[part], path)
			}
			t.sums[path] = is
		}
	}
	for _, paths := range changed {
		slices.Sort(paths)
	}
	return changed, nil
}

// Look is a first look, at what has not been seen yet. What was saved since a
// time counts as changed at the next one.
func (t *Tree) Look(since time.Time) error {
	for _, dir := range t.Folders() {
		now, err := t.read(dir)
		if err != nil {
			return err
		}
		for path, is := range now {
			if _, seen := t.sums[path]; seen {
				continue
			}
			if info, err := os.Stat(path); err == nil && info.ModTime().Before(since) {
				t.sums[path] = is
			}
		}
	}
	return nil
}

// read is the files of a folder that count. A folder, or a file, that goes away
// meanwhile is not there.
func (t *Tree) read(dir string) (map[string]sum, error) {
	entries, err := os.ReadDir(dir)
	if err != nil && !gone(err) {
		return nil, err
	}
	now := map[string]sum{}
	for _, e := range entries {
		path := filepath.Join(dir, e.Name())
		if e.IsDir() || t.part(path) == None {
			continue
		}
		data, err := os.ReadFile(path)
		if gone(err) || errors.Is(err, fs.ErrPermission) {
			continue // go build says so, if it needs the file
		}
		if err != nil {
			return nil, err
		}
		now[path] = sha256.Sum256(data)
	}
	return now, nil
}
