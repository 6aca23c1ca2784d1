// Package recipe reads the recipes of the pages in docs/recipes, and applies
// them, for the tests that do what a developer would.
package recipe

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Recipe is one small change: commands, then a diff.
type Recipe struct {
	Name string // the heading
	Page string // the file's name
	sh   string
	diff string
}

// Read returns the recipes of all pages in a folder, in the order of the pages'
// names. A heading without a diff is no recipe.
func Read(folder string) ([]Recipe, error) {
	paths, err := filepath.Glob(filepath.Join(folder, "*.md"))
	if err != nil {
		return nil, err
	}
	var all []Recipe
	for _, path := range paths {
		data, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		for section := range strings.SplitSeq("\n"+string(data), "\n## ") {
			name, text, _ := strings.Cut(section, "\n")
			r := Recipe{Name: name, Page: filepath.Base(path), sh: block(text, "sh"), diff: block(text, "diff")}
			if r.diff != "" {
				all = append(all, r)
			}
		}
	}
	return all, nil
}

// block returns what is fenced as a language.
func block(text, language string) string {
	_, rest, found := strings.Cut(text, "```"+language+"\n")
	if !found {
		return ""
	}
	code, _, _ := strings.Cut(rest, "```")
	return code
}

// Lines returns how many lines the recipe adds to files that are there. New files
// hold handlers, and lines that go cost nothing.
func (r Recipe) Lines() (n int) {
	fresh := false
	for line := range strings.Lines(r.diff) {
		switch {
		case strings.HasPrefix(line, "--- "):
			fresh = strings.HasPrefix(line, "--- /dev/null")
		case strings.HasPrefix(line, "+++ "):
		case strings.HasPrefix(line, "+") && !fresh:
			n++
		}
	}
	return n
}

// Apply makes the change in a checkout.
func (r Recipe) Apply(dir string) error {
	for _, step := range []struct {
		args  []string
		stdin string
	}{{[]string{"sh", "-euc", r.sh}, ""}, {[]string{"git", "apply", "--unidiff-zero", "-"}, r.diff}} {
		cmd := exec.Command(step.args[0], step.args[1:]...)
		cmd.Dir, cmd.Stdin = dir, strings.NewReader(step.stdin)
		var out bytes.Buffer
		cmd.Stdout, cmd.Stderr = &out, &out
		if err := cmd.Run(); err != nil {
			return fmt.Errorf("%s, %s: %w: %s", r.Page, r.Name, err, out.Bytes())
		}
	}
	return nil
}

// upstream is the name of the project that the recipes are written for. It is in
// two parts, so that rename leaves it as it is.
const upstream = "ski" + "ff"

// Owned reports whether the project in a folder has a name of its own: it is a
// clone that a team may have changed, so that a recipe need not apply to it.
func Owned(dir string) (bool, error) {
	data, err := os.ReadFile(filepath.Join(dir, "Pulumi.yaml"))
	if err != nil {
		return false, err
	}
	var file struct{ Name string }
	if err := yaml.Unmarshal(data, &file); err != nil {
		return false, fmt.Errorf("Pulumi.yaml: %w", err)
	}
	return file.Name != upstream, nil
}
