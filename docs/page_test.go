package docs

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"skiff/docs/recipe"
)

// A block is a fenced block of commands.
type block struct {
	needs string // the word after sh: what the block needs; "" for one that the walk runs
	lines []string
}

// needs are the words that a block of commands may have.
func needs() map[string]string {
	return map[string]string{
		"":       "nothing: TestWalk runs it",
		"aws":    "an account at AWS",
		"gitlab": "a project at GitLab, or a remote",
		"recipe": "a recipe's diff: TestRecipes runs it",
		"ci":     "the time of a whole test run, which .ci/run takes",
	}
}

// pages are what people read, seen from this folder.
func pages(t *testing.T) []string {
	t.Helper()
	all := []string{"../README.md", "../CHANGELOG.md", "../CONTRIBUTING.md", "../AGENTS.md", "../bootstrap/README.md"}
	for _, pattern := range []string{"*.md", "local/*.md", "recipes/*.md"} {
		found, err := filepath.Glob(pattern)
		if err != nil || len(found) == 0 {
			t.Fatalf("%s: %v, %v", pattern, found, err)
		}
		all = append(all, found...)
	}
	return all
}

func read(t *testing.T, page string) string {
	t.Helper()
	data, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// blocks returns a page's fenced blocks of commands, in their order.
func blocks(text string) (all []block) {
	var current *block
	fenced := false
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		info, fence := strings.CutPrefix(line, "```")
		switch {
		case fence && fenced:
			if current != nil {
				all = append(all, *current)
			}
			fenced, current = false, nil
		case fence:
			fenced = true
			if language, needs, _ := strings.Cut(info, " "); language == "sh" {
				current = &block{needs: needs}
			}
		case current != nil:
			current.lines = append(current.lines, line)
		}
	}
	return all
}

// indented finds a command in an indented block, which no test would run.
var indented = regexp.MustCompile(`(?m)^    (go run|go test|pulumi|curl|git|cd|export) .*$`)

// TestCommands holds each block of commands to a word that says what it needs.
func TestCommands(t *testing.T) {
	t.Parallel()
	for _, page := range pages(t) {
		text := read(t, page)
		for _, b := range blocks(text) {
			if _, ok := needs()[b.needs]; !ok {
				t.Errorf("%s: a block needs %q, and there are %v", page, b.needs, needs())
			}
			if len(b.lines) == 0 {
				t.Errorf("%s has an empty block", page)
			}
		}
		if line := indented.FindString(text); line != "" {
			t.Errorf("%s: %q is in an indented block: use ```sh", page, line)
		}
	}
}

// TestSizes holds the pages to what a person reads at a time.
func TestSizes(t *testing.T) {
	t.Parallel()
	if owned, err := recipe.Owned(".."); err != nil || owned {
		t.Skipf("a team's pages may have any size (%v)", err)
	}
	for _, page := range pages(t) {
		most := 250
		switch page {
		case "../README.md":
			most = 150
		case "../AGENTS.md":
			most = 30
		}
		if n := strings.Count(read(t, page), "\n"); n > most {
			t.Errorf("%s has %d lines; at most %d", page, n, most)
		}
	}
}

// TestOpenings holds each page for a task to a first sentence that says what the
// reader can do after it.
func TestOpenings(t *testing.T) {
	t.Parallel()
	found, err := filepath.Glob("*.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, page := range found {
		if page == "README.md" {
			continue
		}
		text := read(t, page)
		if _, rest, _ := strings.Cut(text, "\n\n"); !strings.HasPrefix(rest, "After this page ") {
			t.Errorf("%s does not begin with what the reader can do after it", page)
		}
	}
}
