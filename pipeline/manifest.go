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

// manifest lists the files from the job build that a deployment uses.
type manifest struct {
	Commit string
	Files  map[string]string // sha256, by the path below .build
}

// zips returns the sha256 of the zips for a target, by function.
func (m manifest) zips(target string) map[string]string {
	zips := map[string]string{}
	for file, sum := range m.Files {
		if name, ok := strings.CutPrefix(file, target+"/"); ok {
			zips[strings.TrimSuffix(name, ".zip")] = sum
		}
	}
	return zips
}

// readManifest returns the manifest and its own sha256. It fails unless the
// manifest is for this commit and its files are unchanged.
func (p pipeline) readManifest() (m manifest, sum string, err error) {
	if err := readJSON(p.manifestFile(), "build", &m); err != nil {
		return m, "", err
	}
	commit, err := p.commit()
	if err != nil {
		return m, "", err
	}
	if m.Commit != commit {
		return m, "", fmt.Errorf("the zips were built for commit %s, but this is commit %s: run the job \"build\" of this commit, and the jobs after it",
			short(m.Commit), short(commit))
	}
	for _, file := range slices.Sorted(maps.Keys(m.Files)) {
		got, err := build.FileSum(filepath.Join(p.folder(), filepath.FromSlash(file)))
		if errors.Is(err, fs.ErrNotExist) {
			return m, "", fmt.Errorf(".build/%s is missing, but the manifest lists it: run the job \"build\" and the jobs after it again", file)
		}
		if err != nil {
			return m, "", err
		}
		if got != m.Files[file] {
			return m, "", fmt.Errorf(".build/%s is not the file that was built: its sha256 is %s, but the manifest has %s; run the job \"build\" and the jobs after it again",
				file, got, m.Files[file])
		}
	}
	sum, err = build.FileSum(p.manifestFile())
	return m, sum, err
}

// writeManifest writes the manifest for these files, which are paths below
// .build.
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
