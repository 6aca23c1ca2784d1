package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// These are the files that one job leaves for the next.
func (p pipeline) folder() string       { return filepath.Join(p.dir, ".build") }
func (p pipeline) manifestFile() string { return filepath.Join(p.folder(), "manifest.json") }
func (p pipeline) programFile() string  { return filepath.Join(p.folder(), "program") }
func (p pipeline) projectDir() string   { return filepath.Join(p.folder(), "project") }
func (p pipeline) noteFile() string     { return filepath.Join(p.folder(), "note.md") }
func (p pipeline) widgetFile() string   { return filepath.Join(p.folder(), "widget.json") }

// previewDir returns the folder for the results of a stack's preview.
func (p pipeline) previewDir(stack string) string { return filepath.Join(p.folder(), "preview", stack) }

func (p pipeline) previewFile(stack string) string {
	return filepath.Join(p.previewDir(stack), "preview.json")
}
func (p pipeline) errorFile(stack string) string {
	return filepath.Join(p.previewDir(stack), "error.txt")
}
func (p pipeline) planFile(stack string) string {
	return filepath.Join(p.previewDir(stack), "plan.json")
}
func (p pipeline) approvalFile(stack string) string {
	return filepath.Join(p.previewDir(stack), "approval.json")
}

// commit returns the commit of the pipeline, or of the checkout outside of a
// pipeline.
func (p pipeline) commit() (string, error) {
	if sha := p.getenv("CI_COMMIT_SHA"); sha != "" {
		return sha, nil
	}
	cmd := exec.Command("git", "rev-parse", "HEAD")
	cmd.Dir = p.dir
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("find the present commit: git rev-parse HEAD: %w", err)
	}
	return strings.TrimSpace(string(out)), nil
}

// short returns the first eight digits of a commit.
func short(commit string) string { return commit[:min(8, len(commit))] }

// readJSON reads a file that an earlier job has left. The file may be missing.
func readJSON(file, job string, to any) error {
	data, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s is missing: the job %q has not run in this pipeline, or its artifacts have expired; "+
			"run that job and the jobs after it again", filepath.ToSlash(file), job)
	}
	if err != nil {
		return err
	}
	if err := json.Unmarshal(data, to); err != nil {
		return fmt.Errorf("%s: %w; run the job %q again", filepath.ToSlash(file), err, job)
	}
	return nil
}

func writeJSON(file string, from any) error {
	data, err := json.MarshalIndent(from, "", "\t")
	if err != nil {
		return err
	}
	return os.WriteFile(file, append(data, '\n'), 0o644)
}
