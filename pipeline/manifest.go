package main

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"skiff/infra/build"
)

// manifest is what the build job has made: every file that a deployment uses.
type manifest struct {
	Commit string
	Files  map[string]string // the sha256, by the path below .build
}

// zips are the sha256 of the functions' zips for a target, by function.
func (m manifest) zips(target string) map[string]string {
	zips := map[string]string{}
	for file, sum := range m.Files {
		if name, ok := strings.CutPrefix(file, target+"/"); ok {
			zips[strings.TrimSuffix(name, ".zip")] = sum
		}
	}
	return zips
}

// readManifest returns the manifest and its own sha256, if what it names is what
// is here and was built for this commit.
func (p pipeline) readManifest() (m manifest, sum string, err error) {
	if err := readJSON(p.manifestFile(), "build", &m); err != nil {
		return m, "", err
	}
	commit, err := p.commit()
	if err != nil {
		return m, "", err
	}
	if m.Commit != commit {
		return m, "", fmt.Errorf("the zips were built for commit %s, and this is commit %s: run the job \"build\" of this commit, and those after it",
			short(m.Commit), short(commit))
	}
	for _, file := range slices.Sorted(maps.Keys(m.Files)) {
		got, err := build.FileSum(filepath.Join(p.folder(), filepath.FromSlash(file)))
		if errors.Is(err, fs.ErrNotExist) {
			return m, "", fmt.Errorf(".build/%s is missing, though the manifest has it: run the job \"build\" again, and those after it", file)
		}
		if err != nil {
			return m, "", err
		}
		if got != m.Files[file] {
			return m, "", fmt.Errorf(".build/%s is not the file that was built: its sha256 is %s, the manifest has %s; run the job \"build\" again, and those after it",
				file, got, m.Files[file])
		}
	}
	sum, err = build.FileSum(p.manifestFile())
	return m, sum, err
}

// writeManifest records the files, by their paths below .build.
func (p pipeline) writeManifest(files []string) (manifest, error) {
	commit, err := p.commit()
	if err != nil {
		return manifest{}, err
	}
	m := manifest{Commit: commit, Files: map[string]string{}}
	for _, file := range files {
		if m.Files[file], err = build.FileSum(filepath.Join(p.folder(), filepath.FromSlash(file))); err != nil {
			return m, err
		}
	}
	if err := os.MkdirAll(p.folder(), 0o755); err != nil {
		return m, err
	}
	return m, writeJSON(p.manifestFile(), m)
}
