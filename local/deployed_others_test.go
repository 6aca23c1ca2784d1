package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// renamed gives the resources in the state the logical names of an earlier
// version. An update must keep all of them.
func (s *deployedStack) renamed(t *testing.T) {
	domain, sockets := s.file.text("domain"), s.file.text("socketDomain")
	former := strings.NewReplacer(
		"Authorizer::request\"", "Authorizer::api\"",
		"/items/{}\"", "/items/{id}\"",
		"DomainName::"+domain+"\"", "DomainName::api\"", "DomainName::"+sockets+"\"", "DomainName::sockets\"",
		"ApiMapping::"+domain+"\"", "ApiMapping::api\"", "ApiMapping::"+sockets+"\"", "ApiMapping::sockets\"",
		"Record::"+domain+"-A", "Record::api-A", "Record::"+sockets+"-A", "Record::sockets-A",
		"proof-of-"+domain+"\"", "proof-of-api\"", "proof-of-"+sockets+"\"", "proof-of-sockets\"",
	)
	now := s.must(t, "stack", "export")
	then := former.Replace(now)
	if now == then {
		t.Fatal("nothing was renamed")
	}
	file := filepath.Join(t.TempDir(), "state.json")
	if err := os.WriteFile(file, []byte(then), 0o600); err != nil {
		t.Fatal(err)
	}
	s.must(t, "stack", "import", "--file", file)
	s.must(t, "up", "--skip-preview", "--expect-no-changes")
}

// neighbour brings up a second stack of the account in the same zone, with a
// wildcard of the first stack's domain. After it is destroyed, the first
// stack's validation record must still exist.
func (s *deployedStack) neighbour(t *testing.T) {
	zone := s.file.text("zone")
	name := s.file.project + ":"
	text, err := yaml.Marshal(map[string]any{"config": map[string]any{
		"aws:region": s.file.others["aws:region"], name + "account": s.file.base["account"], name + "zone": zone, name + "createZone": false,
		name + "domain": "second." + zone, name + "additionalDomains": []string{"*." + s.file.text("domain")}, name + "secretRecoveryDays": 0,
	}})
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(s.dir, "Pulumi.second.yaml")
	if err := os.WriteFile(file, text, 0o644); err != nil {
		t.Fatal(err)
	}
	mustPulumi(t, s.dir, "up", "--yes", "--skip-preview", "--stack", "second")
	if out := mustPulumi(t, s.dir, "stack", "export", "--stack", "second"); !strings.Contains(out, "proof-of-"+s.file.text("domain")) {
		t.Errorf("the second stack creates no record to validate its domain")
	}
	mustPulumi(t, s.dir, "destroy", "--yes", "--skip-preview", "--stack", "second")
	s.must(t, "refresh", "--preview-only", "--expect-no-changes")
	var held struct {
		Deployment struct{ Resources []json.RawMessage }
	}
	if err := json.Unmarshal([]byte(mustPulumi(t, s.dir, "stack", "export", "--stack", "second")), &held); err != nil || len(held.Deployment.Resources) > 1 {
		t.Errorf("the second stack still has %d resources, %v", len(held.Deployment.Resources), err)
	}
}
