package main

import (
	"strings"
	"testing"
)

// TestCombinationsRefused checks settings that are valid alone but not
// together.
func TestCombinationsRefused(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		changes []string
		want    string
	}{
		{[]string{"timeout=29", "queueVisibility=173"}, "PROJECT:queueVisibility is 173 s and must be at least 174 s"},
		{[]string{"createZone=false", "parentZone=example.com"},
			"PROJECT:parentZone example.com must be above a zone that this stack creates; but PROJECT:zone is staging.example.com and PROJECT:createZone is false"},
		{[]string{"zone="}, "the domain ws.staging.example.com is not in the zone api.staging.example.com"},
		{[]string{"domain=", "socketDomain=", "zone=", "basePath=v1"}, "PROJECT:domain is empty, so PROJECT:additionalDomains"},
		{[]string{"domain=", "socketDomain=", "zone=", "parentZone=example.com"}, "PROJECT:domain is empty"},
		{[]string{"domain=", "socketDomain=", "zone=", `additionalDomains=["a.example.com"]`}, "PROJECT:domain is empty"},
		{[]string{"attachTo=shop/shared", `routeThrottles={"` + declaredRoutes()[0] + `": {"rate": 1, "burst": 1}}`}, "PROJECT:domain has no effect with PROJECT:attachTo: the API belongs to shop/shared; set it there\n" +
			"PROJECT:corsOrigins has no effect with PROJECT:attachTo: the API belongs to shop/shared; set it there\n" +
			"PROJECT:routeThrottles has no effect with PROJECT:attachTo: the API belongs to shop/shared; set it there"},
	} {
		rec, err := deployWith(t, fixture(), with(settingsOf(t, "staging"), test.changes...))
		if want := inProject(t, test.want); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: refused with %v, want %s", test.changes, err, want)
		}
		if len(rec.Resources) > 0 {
			t.Errorf("%q: %d resources were registered", test.changes, len(rec.Resources))
		}
	}
}
