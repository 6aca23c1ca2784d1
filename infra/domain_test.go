package main

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"skiff/infra/recording"
)

// deployDomains runs the program for staging with changed settings. Route 53
// already has the zone example.com.
func deployDomains(t *testing.T, changes ...string) (*recording.Stack, error) {
	t.Helper()
	settings := with(settingsOf(t, "staging"), changes...)
	return deployIn(t, cloud{caller: settings[own(settings, "account")], zones: []string{"example.com"}}, fixture(), settings)
}

// TestDomains checks the rules for several settings of domains.
func TestDomains(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		changes []string
		proofs  int
	}{
		"the settings of staging":    {nil, 2},
		"the zone's own name":        {[]string{"zone=", "socketDomain="}, 1},
		"an apex and its wildcard":   {[]string{`additionalDomains=["*.staging.example.com","staging.example.com"]`}, 3},
		"a wildcard of the domain":   {[]string{`additionalDomains=["*.api.staging.example.com"]`}, 2},
		"an existing zone":           {[]string{"createZone=false", "zone=example.com"}, 2},
		"a zone below a parent zone": {[]string{"parentZone=example.com"}, 2},
		"a path":                     {[]string{"basePath=v1/web"}, 2},
		"ten names": {[]string{`additionalDomains=["a.staging.example.com","b.staging.example.com","c.staging.example.com","d.staging.example.com",` +
			`"e.staging.example.com","f.staging.example.com","g.staging.example.com","h.staging.example.com"]`}, 10},
		"not delegated yet": {[]string{"delegated=false"}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rec, err := deployDomains(t, test.changes...)
			if err != nil {
				t.Fatal(err)
			}
			checkRules(t, fixture(), rec)
			if got := rec.Of(validationType)["domains"].Inputs["validationRecordFqdns"]; test.proofs == 0 && got != nil ||
				test.proofs > 0 && len(got.([]any)) != test.proofs {
				t.Errorf("the validation records are %v, want %d", got, test.proofs)
			}
		})
	}
}

// TestNotDelegatedYet checks that with delegated=false the stack has the zone
// and the output of its name servers, but no domain. The API keeps its default
// URL.
func TestNotDelegatedYet(t *testing.T) {
	t.Parallel()
	rec, err := deployDomains(t, "delegated=false")
	if err != nil {
		t.Fatal(err)
	}
	for _, typ := range []string{certificateType, domainType, recordType, mappingType} {
		if len(rec.Of(typ)) > 0 {
			t.Errorf("%d of %s", len(rec.Of(typ)), typ)
		}
	}
	if diff := cmp.Diff(nameServers(), rec.Outputs["zoneNameServers"]); diff != "" {
		t.Errorf("zoneNameServers: -want +got:\n%s", diff)
	}
	if url := rec.Outputs["apiUrl"]; url != "https://api.execute-api.mock.amazonaws.com" {
		t.Errorf("apiUrl %v", url)
	}
}

// TestUndelegated checks that a zone without a delegation ends the run before a
// certificate is requested. The error contains the records to add. It holds for
// a new zone and for an existing one.
func TestUndelegated(t *testing.T) {
	t.Parallel()
	for _, made := range []string{"true", "false"} {
		settings := with(settingsOf(t, "staging"), "zone=undelegated.example", "domain=api.undelegated.example",
			"socketDomain=", "createZone="+made)
		c := cloud{caller: settings[own(settings, "account")]}
		if made == "false" {
			c.zones = []string{"undelegated.example"}
		}
		rec, err := deployIn(t, c, fixture(), settings)
		if err == nil {
			t.Fatal("accepted")
		}
		for _, want := range []string{"zone undelegated.example is not delegated yet", "undelegated.example. NS ns-1.mock.example.", "NS ns-2.mock.example."} {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("createZone=%s: %q is missing in\n%v", made, want, err)
			}
		}
		for _, typ := range []string{validationType, recordType, domainType, mappingType} {
			if len(rec.Of(typ)) > 0 {
				t.Errorf("createZone=%s: %d of %s were registered", made, len(rec.Of(typ)), typ)
			}
		}
		if _, err := deployIn(t, c, fixture(), with(settings, "checkDelegation=false")); err != nil {
			t.Errorf("createZone=%s: checkDelegation=false still checks: %v", made, err)
		}
	}
}

// TestSecondZone checks that the program refuses to create a zone whose name
// the account already has.
func TestSecondZone(t *testing.T) {
	t.Parallel()
	rec, err := deployDomains(t, "zone=example.com")
	want := inProject(t, "account 111111111111 already has the zone example.com (zone-id of example.com), and a second one would have other name servers; "+
		"to use the existing zone: pulumi config set PROJECT:createZone false --stack mock")
	if err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("refused with %v, want %s", err, want)
	}
	if zones := rec.Of(zoneType); len(zones) > 0 {
		t.Errorf("zones were registered: %v", zones)
	}
}

// TestParentZone checks that the record in the parent zone exists before the
// validation records.
func TestParentZone(t *testing.T) {
	t.Parallel()
	rec, err := deployDomains(t, "parentZone=example.com")
	if err != nil {
		t.Fatal(err)
	}
	record := rec.Of(recordType)["delegation"]
	want := map[string]any{"zoneId": "zone-id of example.com", "name": "staging.example.com", "type": "NS", "ttl": 3600.0, "records": nameServers()}
	if diff := cmp.Diff(want, record.Inputs); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if proof := rec.Of(recordType)["proof-of-api.staging.example.com"]; !slices.Contains(proof.After, record.Key()) {
		t.Errorf("the validation record does not wait for the delegation, only for %v", proof.After)
	}
}

// TestUnknownZone checks that the error for a missing zone names the setting.
func TestUnknownZone(t *testing.T) {
	t.Parallel()
	for want, changes := range map[string][]string{
		"domains: PROJECT:zone staging.example.com was not found in account 111111111111; create it there, or set PROJECT:createZone to true": {"createZone=false"},
		"domains: PROJECT:parentZone example.net was not found in account 111111111111": {
			"parentZone=example.net", "zone=b.example.net", "domain=b.example.net", "socketDomain="},
	} {
		want = inProject(t, want)
		if _, err := deployDomains(t, changes...); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("refused with %v, want %s", err, want)
		}
	}
}

// TestDomainSpelling checks that other spellings of a name are the same domain
// and replace nothing.
func TestDomainSpelling(t *testing.T) {
	t.Parallel()
	plain, err := deployDomains(t, "parentZone=example.com", `additionalDomains=["www.staging.example.com"]`)
	if err != nil {
		t.Fatal(err)
	}
	other, err := deployDomains(t, "parentZone=EXAMPLE.com.", `additionalDomains=["WWW.staging.example.com."]`,
		"domain=API.Staging.Example.com", "zone=Staging.example.com.", "socketDomain=Ws.staging.example.com.")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(plain.Text(facts), other.Text(facts)); diff != "" {
		t.Errorf("-plain +other:\n%s", diff)
	}
}

// TestProofStays checks that a wildcard and its base name share one record, in
// any order.
func TestProofStays(t *testing.T) {
	t.Parallel()
	shapes := map[string]bool{}
	for _, list := range []string{`["*.staging.example.com","staging.example.com"]`, `["staging.example.com","*.staging.example.com"]`, `["*.staging.example.com"]`} {
		rec, err := deployDomains(t, "additionalDomains="+list)
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		for name, record := range rec.Of(recordType) {
			if record.Inputs["name"] == "_proof.staging.example.com" {
				names = append(names, name)
			}
		}
		shapes[strings.Join(names, " ")] = true
	}
	if len(shapes) != 1 || !shapes["proof-of-staging.example.com"] {
		t.Errorf("the validation records are %v", shapes)
	}
}
