package main

import (
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
)

// changes applies all recipes that add something to a served stack, in one
// update, and uses the additions.
func (r rehearsed) changes(t *testing.T, stranger client) {
	applyAdditions(t, r.dir)
	edit(t, filepath.Join(r.dir, "Pulumi.staging.yaml"), "  "+key(t, "tags")+":", "  "+key(t, "storage")+": 1024\n  "+key(t, "tags")+":")
	mustPulumi(t, r.dir, "up", "--yes", "--skip-preview", "--stack", r.stack)
	r.additions(t, stranger)
	stranger.url = "https://shop.staging.example.com"
	if a := stranger.request(t, http.MethodGet, "/health", ""); a.status != http.StatusOK {
		t.Errorf("the additional domain answers %d %s", a.status, a.body)
	}
	if got := storage(t, r.dir); got != 1024.0 {
		t.Errorf("a function has %v MB of storage", got)
	}
	r.stage(t, stranger)
}

// storage returns the ephemeral storage, in megabytes, of one function in the
// state.
func storage(t *testing.T, dir string) any {
	t.Helper()
	for _, r := range stateOf(t, dir, "staging") {
		if r.Type == "aws:lambda/function:Function" {
			own, _ := r.Outputs["ephemeralStorage"].(map[string]any)
			return own["size"]
		}
	}
	return nil
}

// stage brings the new stage up. Its zone is below another zone of the cloud.
// Until that zone delegates it, an update fails at once and prints the missing
// NS records.
func (r rehearsed) stage(t *testing.T, stranger client) {
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

// undelegated removes the delegation of a zone whose domain is up. An update
// checks DNS only for a new domain, and a failed check does not delete the
// existing one.
func (r rehearsed) undelegated(t *testing.T, file string) {
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

// refusals checks changes that a preview refuses: a replacement of the table
// with the items, and several new indexes at once.
func (r rehearsed) refusals(t *testing.T) {
	const ofItems = "for j := range s.Tables {\nif t := &s.Tables[j]; i == 0 && t.Name == \"items\" {\n%s\n}\n}"
	for _, test := range []struct {
		name, code string
		want       []string
	}{
		{"a table replaced", `t.RangeKey = String("createdAt")`, []string{"dynamodb/table:Table::items", "protect"}},
		{"two indexes at once", `t.Indexes = append(t.Indexes, Index{Name: "one", HashKey: String("createdAt")}, Index{Name: "two", HashKey: String("createdAt")})`,
			[]string{"the table items would change more than one index (make one, make two)"}},
	} {
		takeBack := declare(t, r.dir, fmt.Sprintf(ofItems, test.code))
		out, err := pulumi(t, r.dir, "preview", "--stack", r.stack)
		for _, want := range test.want {
			if err == nil || !strings.Contains(out, want) {
				t.Errorf("preview of %s: %v, no %q in\n%s", test.name, err, want, out)
			}
		}
		takeBack()
	}
}
