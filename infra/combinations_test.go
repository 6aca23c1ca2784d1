package main

import (
	"strings"
	"testing"

	"skiff/lambdas"
)

// TestCombinationsRefused sets what may be set, and does not go together.
func TestCombinationsRefused(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		changes []string
		want    string
	}{
		{[]string{"skiff:timeout=29", "skiff:queueVisibility=173"}, "skiff:queueVisibility is 173 s and must be 174 s at least"},
		{[]string{"skiff:createZone=false", "skiff:parentZone=example.com"},
			"skiff:parentZone example.com delegates a zone below it that this stack creates; skiff:zone is staging.example.com, skiff:createZone false"},
		{[]string{"skiff:zone="}, "the domain ws.staging.example.com is not in the zone api.staging.example.com"},
		{[]string{"skiff:domain=", "skiff:socketDomain=", "skiff:zone=", "skiff:basePath=v1"}, "skiff:domain is empty, so skiff:additionalDomains"},
		{[]string{"skiff:domain=", "skiff:socketDomain=", "skiff:zone=", "skiff:parentZone=example.com"}, "skiff:domain is empty"},
		{[]string{"skiff:domain=", "skiff:socketDomain=", "skiff:zone=", `skiff:additionalDomains=["a.example.com"]`}, "skiff:domain is empty"},
		{[]string{"skiff:attachTo=skiff/shared"}, "skiff:domain has no effect with skiff:attachTo: the API is that of skiff/shared; set it there\n" +
			"skiff:corsOrigins has no effect with skiff:attachTo: the API is that of skiff/shared; set it there\n" +
			"skiff:routeThrottles has no effect with skiff:attachTo: the API is that of skiff/shared; set it there"},
	} {
		rec, err := deployWith(t, lambdas.Functions(), with(settingsOf(t, "staging"), test.changes...))
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%q: refused with %v, want %s", test.changes, err, test.want)
		}
		if len(rec.Resources) > 0 {
			t.Errorf("%q: %d resources were registered all the same", test.changes, len(rec.Resources))
		}
	}
}
