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

// Part is the part of the project that a file belongs to.
type Part int

// The parts. A file of both the program and a function belongs to Program.
const (
	None Part = iota
	Code      // only of functions
	Program
)

// Folders are the folders of packages. The value is true if the package embeds
// files: then every file in the folder counts.
type Folders map[string]bool

// Add adds a folder.
func (f Folders) Add(path string, embeds bool) { f[path] = embeds || f[path] }

// Tree is the watched files: single ones, and the sources in folders.
type Tree struct {
	files   map[string]Part
	folders map[Part]Folders
	sums    map[string]sum // hashes at the last look, by path
}

// sum is the hash of a file's contents. It is zero for a missing file.
type sum [sha256.Size]byte

// NewTree returns a Tree of single files. They may be missing.
func NewTree(files map[string]Part) *Tree {
	return &Tree{files: files, folders: map[Part]Folders{}, sums: map[string]sum{}}
}

// Set sets the folders of a part.
func (t *Tree) Set(part Part, folders Folders) { t.folders[part] = folders }

// Folders returns the folders with watched files, sorted.
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

// part returns the part of the file at path.
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

// isSource reports whether go build reads a file with this name. Files of
// editors and tests are not sources.
func isSource(name string) bool {
	if strings.HasSuffix(name, "_test.go") || strings.HasPrefix(name, ".") || strings.HasPrefix(name, "_") {
		return false
	}
	return name == "default.pgo" || slices.Contains([]string{".go", ".s", ".h", ".syso"}, filepath.Ext(name))
}

// Changed reads folders, or all of them if none is given. It returns the files
// that have changed since the last look, by part.
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

// Look reads the files that no earlier look has read. It leaves out files saved
// after since, so that Changed returns them.
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

// read returns the hashes of the watched files in a folder. A file or folder
// that is deleted meanwhile counts as missing.
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
			continue // if go build needs the file, it reports the error
		}
		if err != nil {
			return nil, err
		}
		now[path] = sha256.Sum256(data)
	}
	return now, nil
}
