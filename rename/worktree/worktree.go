// Package worktree lists and copies the files that git tracks. Tests use it to
// change a copy of the repository.
package worktree

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// Files returns the tracked regular files below dir, as slash-separated paths
// relative to dir. It leaves out links, submodules, and files that are deleted
// in the work tree.
func Files(dir string) ([]string, error) {
	cmd := exec.Command("git", "ls-files", "-z", "--stage")
	cmd.Dir = dir
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("git ls-files in %s: %w: %s", dir, err, strings.TrimSpace(stderr.String()))
	}
	var files []string
	for entry := range strings.SplitSeq(strings.TrimRight(string(out), "\x00"), "\x00") {
		mode, path, ok := strings.Cut(entry, "\t")
		if !ok || !strings.HasPrefix(mode, "100") {
			continue
		}
		info, err := os.Lstat(filepath.Join(dir, filepath.FromSlash(path)))
		if err == nil && info.Mode().IsRegular() {
			files = append(files, path)
		}
	}
	return files, nil
}

// Copy copies the tracked files below from, as they are in the work tree, to
// the folder to. It creates this folder. The copy has no .git.
func Copy(from, to string) error {
	files, err := Files(from)
	if err != nil {
		return err
	}
	for _, path := range files {
		if err := copyFile(filepath.Join(from, filepath.FromSlash(path)), filepath.Join(to, filepath.FromSlash(path))); err != nil {
			return err
		}
	}
	return nil
}

func copyFile(from, to string) error {
	info, err := os.Stat(from)
	if err != nil {
		return err
	}
	data, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return err
	}
	return os.WriteFile(to, data, info.Mode().Perm())
}
