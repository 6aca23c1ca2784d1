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

// rename renames the tracked files of the repository dir. words are the name and
// the module path; without a path a module that has the project's name follows
// it, and any other stays.
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
		fmt.Fprintf(out, "The project is %s and the module %s already. Nothing has changed.\n", to.Name, to.Module)
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
		return fmt.Errorf("%w; git restore . undoes what has changed", err)
	}
	report(out, from, to, done)
	return nil
}

func identityOf(read func(path string) ([]byte, error)) (identity, error) {
	pulumi, err := read("Pulumi.yaml")
	if err != nil {
		return identity{}, fmt.Errorf("the root of the repository has Pulumi.yaml and go.mod: %w", err)
	}
	gomod, err := read("go.mod")
	if err != nil {
		return identity{}, fmt.Errorf("the root of the repository has Pulumi.yaml and go.mod: %w", err)
	}
	return readIdentity(pulumi, gomod)
}

// readTracked reads the tracked files of dir, by path.
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

// checkFree refuses a name that the files have already, as a word: once the
// project has it, the next rename could not tell one from the other.
func checkFree(name string, present identity, files map[string][]byte) error {
	paths := sortedPaths(files)
	// The present name may contain the new one, and goes anyway. What the second
	// renaming then changes has the new one already.
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
	return fmt.Errorf("%d files have the word %s already, and a later rename could not tell it from the project:\n%s\nChoose a name of more words, such as acme-%s, or take this one with -force",
		count, name, strings.Join(places, "\n"), name)
}

// place is the first line that differs, for people.
func place(path string, before, after []byte) string {
	was, is := strings.Split(string(before), "\n"), strings.Split(string(after), "\n")
	for i := range min(len(was), len(is)) {
		if was[i] != is[i] {
			return fmt.Sprintf("%s:%d: %.100s", path, i+1, strings.TrimSpace(was[i]))
		}
	}
	return path
}

// outcome is what a renaming has done.
type outcome struct {
	changed int      // files
	left    []string // files that have the old name still, as another word
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
		// The mode of a file that exists stays.
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
		fmt.Fprintf(out, "The project %s is %s now.\n", from.Name, to.Name)
	}
	if from.Module != to.Module {
		fmt.Fprintf(out, "The Go module %s is %s now.\n", from.Module, to.Module)
	} else if from.Module != from.Name {
		fmt.Fprintf(out, "The Go module is %s still; name another one after %s to change it.\n", to.Module, to.Name)
	}
	fmt.Fprintf(out, "%d files have changed; git restore . undoes that.\n", done.changed)
	if n := len(done.left); n > 0 {
		fmt.Fprintf(out, "%d files have the word %s still, where it does not name the project: %s\n", n, from.Name, strings.Join(done.left[:min(n, 5)], ", "))
	}
	fmt.Fprintf(out, "Next: read git diff, run go test ./infra ./lambdas/..., and commit.\n")
	if from.Name != to.Name {
		fmt.Fprintf(out, "To Pulumi this is another project. A stack of %s that is up is neither changed nor found by it: destroy it from a commit before this one. On this machine, delete .local.\n", from.Name)
	}
}
