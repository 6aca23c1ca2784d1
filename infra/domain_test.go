package main

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"skiff/infra/recording"
)

// deployDomains runs the program for staging with other domains, where Route 53
// has the zone of example.com.
func deployDomains(t *testing.T, changes ...string) (*recording.Stack, error) {
	t.Helper()
	settings := with(settingsOf(t, "staging"), changes...)
	return deployIn(t, cloud{caller: settings[own(settings, "account")], zones: []string{"example.com"}}, fixture(), settings)
}

// The rules of domains hold of every way to have some.
func TestDomains(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		changes []string
		proofs  int
	}{
		"as staging is":            {nil, 2},
		"the zone's own name":      {[]string{"zone=", "socketDomain="}, 1},
		"an apex and its wildcard": {[]string{`additionalDomains=["*.staging.example.com","staging.example.com"]`}, 3},
		"a wildcard of the domain": {[]string{`additionalDomains=["*.api.staging.example.com"]`}, 2},
		"a zone that is there":     {[]string{"createZone=false", "zone=example.com"}, 2},
		"a zone of a parent":       {[]string{"parentZone=example.com"}, 2},
		"a path":                   {[]string{"basePath=v1/web"}, 2},
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
			obey(t, fixture(), rec)
			if got := rec.Of(validationType)["domains"].Inputs["validationRecordFqdns"]; test.proofs == 0 && got != nil ||
				test.proofs > 0 && len(got.([]any)) != test.proofs {
				t.Errorf("proved by %v, want %d", got, test.proofs)
			}
		})
	}
}

// A zone that is not delegated yet is all there is of domains, and its name
// servers are told; the API is at its own URL.
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

// A zone that DNS does not lead to ends the run, with the records to add, before
// a certificate is waited for; whoever made it.
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
				t.Errorf("zone made %s: no word of %s in\n%v", made, want, err)
			}
		}
		for _, typ := range []string{validationType, recordType, domainType, mappingType} {
			if len(rec.Of(typ)) > 0 {
				t.Errorf("zone made %s: %d of %s all the same", made, len(rec.Of(typ)), typ)
			}
		}
		if _, err := deployIn(t, c, fixture(), with(settings, "checkDelegation=false")); err != nil {
			t.Errorf("zone made %s: asked although the settings say not to: %v", made, err)
		}
	}
}

// A second zone of one name is not made: DNS would not lead to it.
func TestSecondZone(t *testing.T) {
	t.Parallel()
	rec, err := deployDomains(t, "zone=example.com")
	want := inProject(t, "account 111111111111 has the zone example.com already (zone-id of example.com), and a second one would have other name servers; "+
		"to use the one that is there: pulumi config set PROJECT:createZone false --stack mock")
	if err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("refused with %v, want %s", err, want)
	}
	if zones := rec.Of(zoneType); len(zones) > 0 {
		t.Errorf("made all the same: %v", zones)
	}
}

// The parent zone is told of the new one before that is looked for.
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
		t.Errorf("the domain is proved before its zone is delegated, after %v", proof.After)
	}
}

// A zone that is not there is refused by the setting that names it.
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

// Route 53 knows a name in one spelling. Others are the same domain, and replace
// nothing.
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

// A wildcard and its apex keep their proof, whichever is named first.
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
		t.Errorf("the proofs are %v", shapes)
	}
}
