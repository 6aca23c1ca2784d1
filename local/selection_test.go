package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// bare writes a project of two stacks whose only resource is a log group.
func bare(t *testing.T) (dir string) {
	t.Helper()
	dir = t.TempDir()
	files := map[string][]byte{
		"Pulumi.yaml":         []byte("name: bare\nruntime: go\n"),
		"Pulumi.local.yaml":   []byte("config:\n  aws:region: eu-central-1\n"),
		"Pulumi.staging.yaml": []byte("config:\n  aws:region: eu-west-3\n"),
		"main.go": []byte(`package main

import (
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cloudwatch"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

func main() {
	pulumi.Run(func(ctx *pulumi.Context) error {
		_, err := cloudwatch.NewLogGroup(ctx, "group", nil)
		return err
	})
}
`),
	}
	for _, name := range []string{"go.mod", "go.sum"} {
		data, err := os.ReadFile(filepath.Join("..", name))
		if err != nil {
			t.Fatal(err)
		}
		files[name] = regexp.MustCompile("(?m)^module .*").ReplaceAll(data, []byte("module bare"))
	}
	for name, data := range files {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// upStacks returns the stacks that have resources.
func upStacks(t *testing.T, dir string) (names []string) {
	t.Helper()
	var stacks []struct {
		Name          string
		ResourceCount int
	}
	if err := json.Unmarshal([]byte(mustPulumi(t, dir, "stack", "ls", "--json")), &stacks); err != nil {
		t.Fatal(err)
	}
	for _, s := range stacks {
		if s.ResourceCount > 0 {
			names = append(names, s.Name)
		}
	}
	slices.Sort(names)
	return names
}

// TestSelection checks that --stack leaves the selection unchanged. A command
// without --stack uses the selected stack, else the served one, else local.
func TestSelection(t *testing.T) {
	t.Parallel()
	dir := bare(t)
	if out, err := local(t, "-C", dir, "token"); err == nil || !strings.Contains(out, "the stack local is not up") || !strings.Contains(out, "go run ./local -C "+dir+" pulumi up --stack local --yes") {
		t.Errorf("a token where nothing is up: %v\n%s", err, out)
	}
	mustPulumi(t, dir, "up", "--yes", "--skip-preview", "--stack", "staging")
	if got := upStacks(t, dir); !slices.Equal(got, []string{"staging"}) {
		t.Errorf("up: %v", got)
	}
	mustPulumi(t, dir, "up", "--yes", "--skip-preview")
	if got := upStacks(t, dir); !slices.Equal(got, []string{"local", "staging"}) {
		t.Errorf("after a bare up, up are %v", got)
	}
	if out, err := local(t, "-C", dir, "token"); err == nil || !strings.Contains(out, "has no authorizer: name the stack") {
		t.Errorf("a token of a stack that is up, without an authorizer: %v\n%s", err, out)
	}
	mustPulumi(t, dir, "destroy", "--yes", "--skip-preview", "--stack", "local")
	if out, err := local(t, "-C", dir, "-stack", "local", "token"); err == nil || !strings.Contains(out, "the stack local is not up") {
		t.Errorf("a token of a stack that was destroyed: %v\n%s", err, out)
	}

	s := serving(t, dir, "-stack", "staging")
	if out := strings.Join(s.stdout, "\n"); strings.Contains(out, "curl") || strings.Contains(out, "token") || !strings.HasSuffix(out, "ready "+s.url) {
		t.Errorf("announced for a stack without an API:\n%s", out)
	}
	if out := mustLocal(t, "-C", dir, "exec", "sh", "-c", "echo $AWS_REGION $AWS_DEFAULT_REGION"); out != "eu-west-3 eu-west-3\n" {
		t.Errorf("exec has the regions %s", out)
	}
	showName := func(want, when string) {
		t.Helper()
		if got := strings.TrimSpace(mustPulumi(t, dir, "stack", "--show-name")); got != want {
			t.Errorf("%s, a bare command acts on %q", when, got)
		}
	}
	showName("staging", "while staging is served")
	mustPulumi(t, dir, "stack", "select", "local")
	showName("local", "with local selected")
	mustPulumi(t, dir, "preview", "--stack", "staging")
	showName("local", "with local selected, after a command for staging")
	mustPulumi(t, dir, "stack", "unselect")
	s.stop(syscall.SIGTERM)
	showName("local", "with nothing selected nor served")
	mustPulumi(t, dir, "destroy", "--yes", "--skip-preview", "--stack", "staging")
	nothingRuns(t, filepath.Join(dir, ".local"))
}
