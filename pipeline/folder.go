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

// The files that one job leaves for the next.
func (p pipeline) folder() string       { return filepath.Join(p.dir, ".build") }
func (p pipeline) manifestFile() string { return filepath.Join(p.folder(), "manifest.json") }
func (p pipeline) programFile() string  { return filepath.Join(p.folder(), "program") }
func (p pipeline) projectDir() string   { return filepath.Join(p.folder(), "project") }
func (p pipeline) noteFile() string     { return filepath.Join(p.folder(), "note.md") }
func (p pipeline) widgetFile() string   { return filepath.Join(p.folder(), "widget.json") }

// previewDir holds all that was previewed of a stack.
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

// commit is what the pipeline runs for, or what is checked out.
func (p pipeline) commit() (string, error) {
	if sha := p.getenv("CI_COMMIT_SHA"); sha != "" {
		return sha, nil
	}
	cmd := exec.Command("git", "rev-parse", "HEAD")
	cmd.Dir = p.dir
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("which commit this is: git rev-parse HEAD: %w", err)
	}
	return strings.TrimSpace(string(out)), nil
}

// short is a commit as people write it.
func short(commit string) string { return commit[:min(8, len(commit))] }

// readJSON reads a file that the job left, which may be gone.
func readJSON(file, job string, to any) error {
	data, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s is not here: its artifacts have expired, or the job %q has not run in this pipeline; "+
			"run that job again, and those after it", filepath.ToSlash(file), job)
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
