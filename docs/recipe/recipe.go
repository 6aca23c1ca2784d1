// Package recipe reads the recipes in docs/recipes and applies them, for tests
// that make the changes that a developer would make.
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

// Recipe is one small change: shell commands, then a diff.
type Recipe struct {
	Name string // the heading
	Page string // the name of the file
	sh   string
	diff string
}

// Read returns the recipes of all pages in a folder, sorted by page. A section
// without a diff is not a recipe.
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

// block returns the first fenced code block in a language, or "".
func block(text, language string) string {
	_, rest, found := strings.Cut(text, "```"+language+"\n")
	if !found {
		return ""
	}
	code, _, _ := strings.Cut(rest, "```")
	return code
}

// Lines returns how many lines the recipe adds to existing files. It does not
// count new files, which hold handlers, and deleted lines.
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

// Apply makes the change in a checkout. If the diff does not apply, Apply fails
// and the diff changes no file.
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

// upstream is the name of the project for which the recipes are written. It is
// in two parts, so that the command rename does not change it.
const upstream = "ski" + "ff"

// Owned reports whether the project in a folder is a clone with another name
// than upstream. A team may have changed its code, so recipes may not apply to
// it.
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
