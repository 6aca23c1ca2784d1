// Package docs has the tests of the documentation. They apply the recipes,
// check the links, and compare the pages about the local cloud with its code.
package docs

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"skiff/docs/recipe"
)

// copied is a copy of the repository's files in a Git repository, for a test to
// change.
type copied struct {
	*testing.T
	dir string
}

// newCopy copies the tracked and the new files, as they are in the work tree.
// It leaves out ignored files.
func newCopy(t *testing.T) copied {
	t.Helper()
	c := copied{t, t.TempDir()}
	list, err := exec.Command("git", "-C", "..", "ls-files", "-z", "--cached", "--others", "--exclude-standard").Output()
	if err != nil {
		t.Fatal(err)
	}
	for name := range bytes.SplitSeq(bytes.TrimRight(list, "\x00"), []byte{0}) {
		data, err := os.ReadFile(filepath.Join("..", string(name)))
		if os.IsNotExist(err) {
			continue // deleted, but not committed
		}
		if err != nil {
			t.Fatal(err)
		}
		c.write(string(name), data)
	}
	c.run("git", "init", "-q")
	c.keep()
	return c
}

func (c copied) write(name string, data []byte) {
	c.Helper()
	path := filepath.Join(c.dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		c.Fatal(err)
	}
	if err := os.WriteFile(path, data, 0o755); err != nil {
		c.Fatal(err)
	}
}

// keep commits all changes.
func (c copied) keep() {
	c.Helper()
	c.run("git", "add", "-A")
	c.run("git", "-c", "user.name=test", "-c", "user.email=test@example.com", "commit", "-q", "--allow-empty", "-m", "kept")
}

// reset removes uncommitted changes.
func (c copied) reset() {
	c.Helper()
	c.run("git", "reset", "-q", "--hard")
	c.run("git", "clean", "-qfd")
}

// run runs a command in the copy. It must succeed.
func (c copied) run(name string, args ...string) {
	c.Helper()
	if err := c.try(name, args...); err != nil {
		c.Fatal(err)
	}
}

// try runs a command in the copy. Its error has the output.
func (c copied) try(name string, args ...string) error {
	cmd := exec.Command(name, args...)
	cmd.Dir = c.dir
	out, err := cmd.CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s %s: %w\n%s", name, strings.Join(args, " "), err, out)
	}
	return nil
}

// apply applies a recipe. In a team's clone, it skips the test if the recipe
// does not apply.
func (c copied) apply(r recipe.Recipe) {
	c.Helper()
	err := r.Apply(c.dir)
	if err == nil {
		return
	}
	if owned, _ := recipe.Owned(c.dir); owned {
		c.Skipf("the recipe does not apply to the code of this team: %v", err)
	}
	c.Fatal(err)
}

// green runs the tests of lambdas and infra, and updates infra's golden files.
// The tests of lambdas mostly wait, so they run at the same time.
func (c copied) green() {
	c.Helper()
	c.run("gofmt", "-w", "lambdas", "infra")
	handlers := make(chan error, 1)
	go func() { handlers <- c.try("go", "test", "./lambdas/...") }()
	if err := errors.Join(c.try("go", "test", "./infra", "-update"), <-handlers); err != nil {
		c.Fatal(err)
	}
}

// maxLines is how many lines a recipe may change besides the handlers.
const maxLines = 15

// These patterns match what differs between teams in the settings files.
var (
	accountID     = regexp.MustCompile(`\b\d{12}\b`)
	exampleDomain = regexp.MustCompile(`\bexample\.(com|org)\b`)
	gitlabProject = regexp.MustCompile(`(?m)^(.*:gitlabProject: ).*$`)
)

// TestRecipes applies each recipe alone and runs the tests on the result.
func TestRecipes(t *testing.T) {
	if testing.Short() {
		t.Skip("the recipes take minutes; run without -short")
	}
	pages, err := recipe.Read("recipes")
	if err != nil {
		t.Fatal(err)
	}
	if len(pages) == 0 {
		t.Fatal("there are no recipes")
	}
	c := newCopy(t)
	for _, r := range pages {
		t.Run(r.Name, func(t *testing.T) {
			c := copied{t, c.dir}
			defer c.reset()
			if n := r.Lines(); n > maxLines {
				t.Errorf("the recipe has %d lines besides the handlers, the limit is %d", n, maxLines)
			}
			c.apply(r)
			c.green()
		})
	}
}

// TestAnotherTeam writes another team's accounts, domains and GitLab project to
// the settings files, as README.md says. Then it runs the tests of infra,
// bootstrap and lambdas.
func TestAnotherTeam(t *testing.T) {
	if testing.Short() {
		t.Skip("the test takes minutes; run without -short")
	}
	c := newCopy(t)
	for _, folder := range []string{"", "bootstrap"} {
		files, err := filepath.Glob(filepath.Join(c.dir, folder, "Pulumi.*.yaml"))
		if err != nil || len(files) == 0 {
			t.Fatalf("the folder %q has %d settings files: %v", folder, len(files), err)
		}
		for _, file := range files {
			foreign(t, file)
		}
	}
	c.run("go", "test", "./infra", "-update")
	c.run("go", "test", "./bootstrap", "-update")
	c.run("go", "test", "./lambdas/...")
}

// foreign changes a settings file to another team's.
func foreign(t *testing.T, file string) {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	text := accountID.ReplaceAllStringFunc(string(data), func(id string) string {
		if id == "000000000000" { // the local cloud's account
			return id
		}
		return strings.Map(func(digit rune) rune { return '0' + (digit-'0'+5)%10 }, id)
	})
	text = exampleDomain.ReplaceAllString(text, "shop.other-team.net")
	text = gitlabProject.ReplaceAllString(text, "${1}other-team/shop-api")
	if text == string(data) && !strings.Contains(text, "000000000000") {
		t.Errorf("%s has no account, domain or GitLab project to change", file)
	}
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}
