package main

import (
	"encoding/json"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// dozen is how many lines a change of the README may have.
const dozen = 12

// diffs are the README's own, by the words that introduce them.
func diffs(t *testing.T) map[string]string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("..", "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(data), "\n## Changing this\n")
	section, _, _ = strings.Cut(section, "\n## ")
	found, name := map[string]string{}, ""
	for line := range strings.Lines(section) {
		if rest, ok := strings.CutPrefix(line, "**"); ok {
			name, _, _ = strings.Cut(rest, "**")
		}
		if code, ok := strings.CutPrefix(line, "    "); ok {
			found[name] += code
		}
	}
	return found
}

// apply makes all changes of the README in a checkout.
func apply(t *testing.T, dir string) {
	t.Helper()
	all := diffs(t)
	for _, name := range []string{"An endpoint", "A function", "A setting", "A stage", "An additional domain"} {
		lines := 0
		for line := range strings.Lines(all[name]) {
			if strings.HasPrefix(line, "+") && !strings.HasPrefix(line, "+++") || strings.HasPrefix(line, "-") && !strings.HasPrefix(line, "---") {
				lines++
			}
		}
		if lines == 0 || lines > dozen {
			t.Errorf("%s: %d lines", name, lines)
		}
		cmd := exec.Command("git", "apply", "--unidiff-zero", "-")
		cmd.Dir, cmd.Stdin = dir, strings.NewReader(all[name])
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%s does not apply: %v\n%s", name, err, out)
		}
	}
}

// changes makes the README's changes to a stack that is served, and uses what is
// new: at the next update, in a stage of its own, at a domain more.
func (r rehearsal) changes(t *testing.T, stranger client) {
	apply(t, r.dir)
	edit(t, filepath.Join(r.dir, "Pulumi.staging.yaml"), "  "+key(t, "tags")+":", "  "+key(t, "storage")+": 1024\n  "+key(t, "tags")+":")
	mustPulumi(t, r.dir, "up", "--yes", "--skip-preview", "--stack", r.stack)
	for _, path := range []string{"/", "/ready"} {
		if a := stranger.request(t, http.MethodGet, path, ""); a.status != http.StatusOK {
			t.Errorf("GET %s answers %d %s", path, a.status, a.body)
		}
	}
	stranger.url = "https://shop.staging.example.com"
	if a := stranger.request(t, http.MethodGet, "/health", ""); a.status != http.StatusOK {
		t.Errorf("the additional domain answers %d %s", a.status, a.body)
	}
	if got := storage(t, r.dir); got != 1024 {
		t.Errorf("a function has %v MB of storage", got)
	}
	r.stage(t, stranger)
}

// storage is what the state says of one function.
func storage(t *testing.T, dir string) float64 {
	t.Helper()
	var state struct {
		Deployment struct {
			Resources []struct {
				Type    string
				Outputs struct{ EphemeralStorage struct{ Size float64 } }
			}
		}
	}
	if err := json.Unmarshal([]byte(mustPulumi(t, dir, "stack", "export", "--stack", "staging")), &state); err != nil {
		t.Fatal(err)
	}
	for _, r := range state.Deployment.Resources {
		if r.Type == "aws:lambda/function:Function" {
			return r.Outputs.EphemeralStorage.Size
		}
	}
	return 0
}

// stage brings the new stage up. Its zone is below another one here: as long as
// that does not lead to it, an update ends at once, and says by which records
// it would.
func (r rehearsal) stage(t *testing.T, stranger client) {
	file := filepath.Join(r.dir, "Pulumi.qa.yaml")
	edit(t, file, "  "+key(t, "parentZone")+": staging.example.com\n", "")
	out, err := pulumi(t, r.dir, "up", "--yes", "--skip-preview", "--stack", "qa")
	for _, want := range []string{"zone qa.staging.example.com is not delegated yet: add these NS records to staging.example.com", "qa.staging.example.com. NS ns-", key(t, "delegated")} {
		if err == nil || !strings.Contains(out, want) {
			t.Errorf("up of an undelegated zone: %v, no %q in\n%s", err, want, out)
		}
	}
	edit(t, file, "config:\n", "config:\n  "+key(t, "delegated")+": false\n")
	mustPulumi(t, r.dir, "up", "--yes", "--skip-preview", "--stack", "qa")
	if out := mustPulumi(t, r.dir, "stack", "output", "--stack", "qa"); !strings.Contains(out, "zoneNameServers") || strings.Contains(out, "https://api.qa") {
		t.Errorf("the outputs without a delegation are\n%s", out)
	}
	edit(t, file, "  "+key(t, "delegated")+": false\n", "  "+key(t, "parentZone")+": staging.example.com\n")
	mustPulumi(t, r.dir, "up", "--yes", "--skip-preview", "--stack", "qa")
	stranger.url = "https://api.qa.staging.example.com"
	if a := stranger.request(t, http.MethodGet, "/health", ""); a.status != http.StatusOK {
		t.Errorf("the new stage answers %d %s", a.status, a.body)
	}
	r.undelegated(t, file)
	mustPulumi(t, r.dir, "destroy", "--yes", "--skip-preview", "--stack", "qa")
}

// undelegated takes the delegation from a zone whose domain is up. DNS is asked
// when there is something new, and what it is then said does not delete the
// domain.
func (r rehearsal) undelegated(t *testing.T, file string) {
	preview := func() (string, error) { return pulumi(t, r.dir, "preview", "--stack", "qa") }
	edit(t, file, "  "+key(t, "parentZone")+": staging.example.com\n", "")
	mustPulumi(t, r.dir, "up", "--yes", "--skip-preview", "--stack", "qa")
	edit(t, file, "config:\n", "config:\n  "+key(t, "memory")+": 512\n")
	if out, err := preview(); err != nil {
		t.Errorf("a change of something else: %v\n%s", err, out)
	}
	edit(t, file, "config:\n", "config:\n  "+key(t, "additionalDomains")+": [more.qa.staging.example.com]\n")
	out, err := preview()
	if err == nil || !strings.Contains(out, "zone qa.staging.example.com is not delegated yet: add these NS records") || strings.Contains(out, "delegated false") {
		t.Errorf("a domain more: %v\n%s", err, out)
	}
	edit(t, file, "config:\n", "config:\n  "+key(t, "checkDelegation")+": false\n")
	if out, err := preview(); err != nil {
		t.Errorf("a domain more, unchecked: %v\n%s", err, out)
	}
}

// refusals are changes that a preview refuses, before anything is done: of the
// table that holds the items, and of more indexes than one.
func (r rehearsal) refusals(t *testing.T) {
	file := filepath.Join(r.dir, "infra", "table.go")
	before, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	index := `dynamodb.TableGlobalSecondaryIndexArgs{Name: pulumi.String("%"), HashKey: pulumi.String(names.CreatedKey), ProjectionType: pulumi.String("ALL")},` + "\n"
	for _, test := range []struct {
		name, old, new string
		want           []string
	}{
		{"a table replaced", "args.HashKey = pulumi.String(names.KeyAttribute)", "args.HashKey, args.RangeKey = pulumi.String(names.StatusKey), pulumi.String(names.KeyAttribute)",
			[]string{"dynamodb/table:Table::items", "protect"}},
		{"two indexes at once", "TableGlobalSecondaryIndexArray{\n", "TableGlobalSecondaryIndexArray{\n" + strings.ReplaceAll(index, "%", "one") + strings.ReplaceAll(index, "%", "two"),
			[]string{"the table items would change more than one index (make one, make two)"}},
	} {
		edit(t, file, test.old, test.new)
		out, err := pulumi(t, r.dir, "preview", "--stack", r.stack)
		for _, want := range test.want {
			if err == nil || !strings.Contains(out, want) {
				t.Errorf("preview of %s: %v, no %q in\n%s", test.name, err, want, out)
			}
		}
		if err := os.WriteFile(file, before, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}
