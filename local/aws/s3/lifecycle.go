package s3

import (
	"fmt"

	"skiff/local/engine/provider"
)

// See
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketLifecycleConfiguration.html.
const (
	maxRules    = 1000
	maxRuleID   = 255 // characters
	maxVersions = 100 // noncurrent versions that a rule keeps, whatever their age
)

// Lifecycle holds the rules by which S3 expires objects. Nothing expires here.
// Transitions to other storage, dates, and filters by tag or size are not
// supported.
type Lifecycle struct {
	Bucket string          `json:"bucket" aws:"required,replace"`
	Rules  []LifecycleRule `json:"rules" aws:"required,idle"`
}

// LifecycleRule is a rule for the objects that match its filter.
type LifecycleRule struct {
	ID                 string              `json:"id" aws:"required"`
	Status             string              `json:"status" aws:"required"`
	Filter             *LifecycleFilter    `json:"filter,omitempty"`
	Expiration         *Expiration         `json:"expiration,omitempty"`
	NoncurrentVersions *NoncurrentVersions `json:"noncurrentVersionExpiration,omitempty"`
	AbortUpload        *AbortUpload        `json:"abortIncompleteMultipartUpload,omitempty"`
}

// LifecycleFilter matches objects by the prefix of their keys.
type LifecycleFilter struct {
	Prefix string `json:"prefix"`
}

// Expiration sets when an object expires, or that S3 removes delete markers
// without versions.
type Expiration struct {
	Days                      *int `json:"days,omitempty"`
	ExpiredObjectDeleteMarker bool `json:"expiredObjectDeleteMarker,omitempty"`
}

// NoncurrentVersions sets when noncurrent versions expire.
type NoncurrentVersions struct {
	NoncurrentDays          *int `json:"noncurrentDays,omitempty" aws:"required"`
	NewerNoncurrentVersions *int `json:"newerNoncurrentVersions,omitempty"`
}

// AbortUpload sets when S3 aborts an incomplete multipart upload.
type AbortUpload struct {
	DaysAfterInitiation *int `json:"daysAfterInitiation,omitempty" aws:"required"`
}

// lifecycles returns the resource type of a Lifecycle.
func lifecycles(b *Buckets) *provider.Resource[Lifecycle, struct{}] {
	return setting(b, LifecycleToken, func(in Lifecycle) string { return in.Bucket }, checkLifecycle, nil, lifecycleActions)
}

// checkLifecycle reports what
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketLifecycleConfiguration.html
// rejects.
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
			problems.Add(property+".id", "two rules have the id %q", rule.ID)
		}
		ids[rule.ID] = true
	}
	return problems
}

// problems returns the rule's problems. Their properties begin with a dot, or
// are "" for the whole rule.
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
			problems.Add(".expiration.expiredObjectDeleteMarker", "cannot be combined with days")
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
