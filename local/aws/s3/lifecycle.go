package s3

import (
	"fmt"

	"skiff/local/engine/provider"
)

// Limits of https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketLifecycleConfiguration.html.
const (
	maxRules    = 1000
	maxRuleID   = 255 // characters
	maxVersions = 100 // that a rule keeps, whatever their age
)

// Lifecycle is the inputs of when the objects of a bucket end. Nothing ends
// here. Transitions to other storage, dates and filters by tag or size are left
// out.
type Lifecycle struct {
	Bucket string          `json:"bucket" aws:"required,replace"`
	Rules  []LifecycleRule `json:"rules" aws:"required,idle"`
}

// LifecycleRule is a rule for the objects that its filter finds.
type LifecycleRule struct {
	ID                 string              `json:"id" aws:"required"`
	Status             string              `json:"status" aws:"required"`
	Filter             *LifecycleFilter    `json:"filter,omitempty"`
	Expiration         *Expiration         `json:"expiration,omitempty"`
	NoncurrentVersions *NoncurrentVersions `json:"noncurrentVersionExpiration,omitempty"`
	AbortUpload        *AbortUpload        `json:"abortIncompleteMultipartUpload,omitempty"`
}

// LifecycleFilter finds objects by the beginning of their keys.
type LifecycleFilter struct {
	Prefix string `json:"prefix"`
}

// Expiration is when an object ends, or the marker of one that has ended.
type Expiration struct {
	Days                      *int `json:"days,omitempty"`
	ExpiredObjectDeleteMarker bool `json:"expiredObjectDeleteMarker,omitempty"`
}

// NoncurrentVersions is when an older version ends.
type NoncurrentVersions struct {
	NoncurrentDays          *int `json:"noncurrentDays,omitempty" aws:"required"`
	NewerNoncurrentVersions *int `json:"newerNoncurrentVersions,omitempty"`
}

// AbortUpload is when an upload in parts that was not completed ends.
type AbortUpload struct {
	DaysAfterInitiation *int `json:"daysAfterInitiation,omitempty" aws:"required"`
}

// Lifecycles is the resource type of a Lifecycle.
func (b *Buckets) Lifecycles() *provider.Resource[Lifecycle, struct{}] {
	return setting(b, LifecycleToken, func(in Lifecycle) string { return in.Bucket }, checkLifecycle, nil, lifecycleActions)
}

// checkLifecycle refuses what
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketLifecycleConfiguration.html
// does.
func checkLifecycle(in Lifecycle) []provider.Problem {
	var problems provider.Problems
	problems.AtMost("rules", len(in.Rules), maxRules, "rules")
	ids := map[string]bool{}
	for i, rule := range in.Rules {
		property := fmt.Sprintf("rules[%d]", i)
		for _, p := range rule.problems() {
			problems = append(problems, provider.Problem{Property: property + p.Property, Reason: p.Reason})
		}
		if rule.ID != "" && ids[rule.ID] {
			problems.Add(property+".id", "%q is another rule's, too", rule.ID)
		}
		ids[rule.ID] = true
	}
	return problems
}

// problems are by properties that begin with a dot, or "" for the whole rule.
func (r LifecycleRule) problems() []provider.Problem {
	var problems provider.Problems
	problems.OneOf(".status", r.Status, "Enabled", "Disabled")
	positive := func(property string, n *int) {
		if n != nil && *n < 1 {
			problems.Add(property, "%d is not a positive number", *n)
		}
	}
	problems.MaxCharacters(".id", r.ID, maxRuleID)
	if r.Expiration == nil && r.NoncurrentVersions == nil && r.AbortUpload == nil {
		problems.Add("", "does nothing: it needs an expiration, a noncurrentVersionExpiration or an abortIncompleteMultipartUpload")
	}
	if e := r.Expiration; e != nil {
		positive(".expiration.days", e.Days)
		if e.Days != nil && e.ExpiredObjectDeleteMarker {
			problems.Add(".expiration.expiredObjectDeleteMarker", "goes without days")
		}
	}
	if v := r.NoncurrentVersions; v != nil {
		positive(".noncurrentVersionExpiration.noncurrentDays", v.NoncurrentDays)
		if n := v.NewerNoncurrentVersions; n != nil {
			problems.Within(".noncurrentVersionExpiration.newerNoncurrentVersions", *n, 1, maxVersions, "")
		}
	}
	if a := r.AbortUpload; a != nil {
		positive(".abortIncompleteMultipartUpload.daysAfterInitiation", a.DaysAfterInitiation)
	}
	return problems
}
