package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"skiff/rename/worktree"
)

// rename renames the tracked files of the repository dir. words are the name
// and the module path. If the path is empty, a module with the project's name
// gets the new name, and any other module keeps its path.
func rename(dir string, words []string, force bool, out io.Writer) error {
	from, err := identityOf(func(path string) ([]byte, error) { return os.ReadFile(filepath.Join(dir, path)) })
	if err != nil {
		return err
	}
	to := identity{words[0], words[1]}
	if err := checkName(to.Name); err != nil {
		return err
	}
	if to.Module == "" {
		to.Module = from.Module
		if from.Module == from.Name {
			to.Module = to.Name
		}
	}
	if err := checkModule(to.Module); err != nil {
		return err
	}
	if to == from {
		fmt.Fprintf(out, "The project is already %s and the module %s. Nothing has changed.\n", to.Name, to.Module)
		return nil
	}
	g := git{dir: dir}
	if err := g.clean(); err != nil {
		return err
	}
	files, err := readTracked(dir)
	if err != nil {
		return err
	}
	if to.Name != from.Name && !force {
		if err := checkFree(to.Name, from, files); err != nil {
			return err
		}
	}
	done, err := rewrite(dir, from, to, files)
	if err != nil {
		return fmt.Errorf("%w; to undo the changes, run git restore .", err)
	}
	report(out, from, to, done)
	return nil
}

func identityOf(read func(path string) ([]byte, error)) (identity, error) {
	pulumi, err := read("Pulumi.yaml")
	if err != nil {
		return identity{}, fmt.Errorf("run this command at the root of the repository, which has Pulumi.yaml and go.mod: %w", err)
	}
	gomod, err := read("go.mod")
	if err != nil {
		return identity{}, fmt.Errorf("run this command at the root of the repository, which has Pulumi.yaml and go.mod: %w", err)
	}
	return readIdentity(pulumi, gomod)
}

// readTracked returns the contents of dir's tracked files, by path.
func readTracked(dir string) (map[string][]byte, error) {
	paths, err := worktree.Files(dir)
	if err != nil {
		return nil, err
	}
	files := map[string][]byte{}
	for _, path := range paths {
		if files[path], err = os.ReadFile(filepath.Join(dir, filepath.FromSlash(path))); err != nil {
			return nil, err
		}
	}
	return files, nil
}

// checkFree fails if a file already contains the name as a word. After the
// renaming, the next one could not distinguish the project from this word.
func checkFree(name string, present identity, files map[string][]byte) error {
	paths := sortedPaths(files)
	// The present name may contain the new one, so replace it first. Every file
	// that the second renaming changes contains the new name already.
	hide := newRenaming(present, identity{"0", "0"}, paths)
	search := newRenaming(identity{name, "0"}, identity{"1", "0"}, paths)
	var places []string
	count := 0
	for _, path := range paths {
		hidden := hide.content(path, files[path])
		found := search.content(path, hidden)
		if bytes.Equal(found, hidden) {
			continue
		}
		if count++; count <= 3 {
			places = append(places, place(path, hidden, found))
		}
	}
	if count == 0 {
		return nil
	}
	return fmt.Errorf("%d files already have the word %s, which a later rename could not distinguish from the project:\n%s\nChoose a longer name, such as acme-%s, or use -force",
		count, name, strings.Join(places, "\n"), name)
}

// place returns the first line that differs, as PATH:LINE: TEXT.
func place(path string, before, after []byte) string {
	was, is := strings.Split(string(before), "\n"), strings.Split(string(after), "\n")
	for i := range min(len(was), len(is)) {
		if was[i] != is[i] {
			return fmt.Sprintf("%s:%d: %.100s", path, i+1, strings.TrimSpace(was[i]))
		}
	}
	return path
}

// outcome is the result of a renaming.
type outcome struct {
	changed int      // number of files
	left    []string // files that still contain the old name, as another word
}

// rewrite writes the files that the renaming changes.
func rewrite(dir string, from, to identity, files map[string][]byte) (done outcome, err error) {
	paths := sortedPaths(files)
	r := newRenaming(from, to, paths)
	word := regexp.MustCompile(`(?i)\b` + from.Name + `\b`)
	for _, path := range paths {
		renamed := r.file(path, files[path])
		if from.Name != to.Name && r.covers(path, renamed) && word.Match(renamed) {
			done.left = append(done.left, path)
		}
		if bytes.Equal(renamed, files[path]) {
			continue
		}
		// WriteFile keeps the mode of an existing file.
		if err := os.WriteFile(filepath.Join(dir, filepath.FromSlash(path)), renamed, 0o644); err != nil {
			return done, err
		}
		done.changed++
	}
	return done, nil
}

func sortedPaths(files map[string][]byte) []string {
	var paths []string
	for path := range files {
		paths = append(paths, path)
	}
	slices.Sort(paths)
	return paths
}

func report(out io.Writer, from, to identity, done outcome) {
	if from.Name != to.Name {
		fmt.Fprintf(out, "The project %s is now %s.\n", from.Name, to.Name)
	}
	if from.Module != to.Module {
		fmt.Fprintf(out, "The Go module %s is now %s.\n", from.Module, to.Module)
	} else if from.Module != from.Name {
		fmt.Fprintf(out, "The Go module is still %s; to change it, add the new path after %s.\n", to.Module, to.Name)
	}
	fmt.Fprintf(out, "%d files have changed; to undo this, run git restore .\n", done.changed)
	if n := len(done.left); n > 0 {
		fmt.Fprintf(out, "%d files still have the word %s, where it does not name the project: %s\n", n, from.Name, strings.Join(done.left[:min(n, 5)], ", "))
	}
	fmt.Fprintf(out, "Next: read git diff, run go test ./infra ./lambdas/..., and commit.\n")
	if from.Name != to.Name {
		fmt.Fprintf(out, "For Pulumi this is a new project: it does not find or change the deployed stacks of %s. Destroy them from a commit before the renaming. On this machine, delete .local.\n", from.Name)
	}
}
