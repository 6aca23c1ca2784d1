package s3

import (
	"strings"
	"testing"
)

func TestCheckLifecycle(t *testing.T) {
	t.Parallel()
	n := func(i int) *int { return &i }
	// rule returns the rule that bootstrap declares, with a change.
	rule := func(change func(*LifecycleRule)) LifecycleRule {
		r := LifecycleRule{
			ID: "old-versions", Status: "Enabled", Filter: &LifecycleFilter{}, Expiration: &Expiration{ExpiredObjectDeleteMarker: true},
			NoncurrentVersions: &NoncurrentVersions{NoncurrentDays: n(1)}, AbortUpload: &AbortUpload{n(7)},
		}
		change(&r)
		return r
	}
	for _, test := range []struct {
		name, want string
		change     func(*LifecycleRule)
	}{
		{"as in bootstrap", "", func(*LifecycleRule) {}},
		{"disabled", "", func(r *LifecycleRule) { r.Status = "Disabled" }},
		{"one action", "", func(r *LifecycleRule) { r.NoncurrentVersions, r.AbortUpload = nil, nil }},
		{"unknown in a preview", "", func(r *LifecycleRule) {
			r.ID, r.Status, r.NoncurrentVersions, r.AbortUpload = "", "", &NoncurrentVersions{}, &AbortUpload{}
		}},
		{"status", "rules[0].status", func(r *LifecycleRule) { r.Status = "on" }},
		{"id", "rules[0].id", func(r *LifecycleRule) { r.ID = strings.Repeat("é", 256) }},
		{"no action", "rules[0]", func(r *LifecycleRule) { r.Expiration, r.NoncurrentVersions, r.AbortUpload = nil, nil, nil }},
		{"days", "rules[0].expiration.days", func(r *LifecycleRule) { r.Expiration = &Expiration{Days: n(0)} }},
		{"days and marker", "rules[0].expiration.expiredObjectDeleteMarker", func(r *LifecycleRule) { r.Expiration.Days = n(1) }},
		{"days of versions", "rules[0].noncurrentVersionExpiration.noncurrentDays", func(r *LifecycleRule) { r.NoncurrentVersions.NoncurrentDays = n(0) }},
		{"versions that stay", "", func(r *LifecycleRule) { r.NoncurrentVersions.NewerNoncurrentVersions = n(100) }},
		{"no versions that stay", "rules[0].noncurrentVersionExpiration.newerNoncurrentVersions", func(r *LifecycleRule) { r.NoncurrentVersions.NewerNoncurrentVersions = n(0) }},
		{"many versions that stay", "rules[0].noncurrentVersionExpiration.newerNoncurrentVersions", func(r *LifecycleRule) { r.NoncurrentVersions.NewerNoncurrentVersions = n(101) }},
		{"days of uploads", "rules[0].abortIncompleteMultipartUpload.daysAfterInitiation", func(r *LifecycleRule) { r.AbortUpload.DaysAfterInitiation = n(0) }},
	} {
		wantProblems(t, test.name, checkLifecycle(Lifecycle{Rules: []LifecycleRule{rule(test.change)}}), test.want)
	}
	same := rule(func(*LifecycleRule) {})
	wantProblems(t, "one id", checkLifecycle(Lifecycle{Rules: []LifecycleRule{same, same}}), "rules[1].id")
	many := make([]LifecycleRule, 1001)
	for i := range many {
		many[i] = rule(func(r *LifecycleRule) { r.ID = "" })
	}
	wantProblems(t, "many", checkLifecycle(Lifecycle{Rules: many}), "rules")
}
