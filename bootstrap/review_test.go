package main

import (
	"slices"
	"strings"
	"testing"
)

// TestPerMergeRequest is what the roles of the review account reach: the stacks
// that have a number after the name, each with its state, and no other.
func TestPerMergeRequest(t *testing.T) {
	t.Parallel()
	rec := record(t, "review")
	of := func(service, resource string) string {
		return "arn:aws:" + service + ":eu-central-1:333333333333:" + resource
	}
	object := func(path string) string { return stateBucket + "/.pulumi/" + path }
	deploy, preview := policiesOf(t, rec, "deploy"), policiesOf(t, rec, "preview")
	boundary := []parsed{parse(t, rec.Of(policyType)["boundary"].Inputs["policy"])}
	for _, test := range []struct {
		action, resource string
		may              []string
	}{
		{"s3:GetObject", object("stacks/skiff/review-12.json"), []string{"deploy", "preview"}},
		{"s3:PutObject", object("stacks/skiff/review-12.json"), []string{"deploy"}},
		{"s3:PutObject", object("stacks/skiff/review-12.json.bak"), []string{"deploy"}},
		{"s3:PutObject", object("locks/organization/skiff/review-12/x.json"), []string{"deploy"}},
		{"s3:DeleteObject", object("history/skiff/review-12/review-12-1.history.json"), []string{"deploy"}},
		{"s3:PutObject", object("backups/skiff/review-12/review-12.1.json"), []string{"deploy"}},
		{"s3:GetObject", object("stacks/skiff/review.json"), nil},
		{"s3:GetObject", object("stacks/skiff/reviewer-1.json"), nil},
		{"s3:GetObject", object("stacks/skiff/staging.json"), nil},
		{"s3:GetObject", object("stacks/other/review-12.json"), nil},
		{"lambda:CreateFunction", of("lambda", "function:skiff-review-12-get-item-0000000"), []string{"deploy"}},
		{"lambda:CreateFunction", of("lambda", "function:skiff-reviewer-get-item-0000000"), nil},
		{"dynamodb:DescribeTable", of("dynamodb", "table/skiff-review-12-items-0000000"), []string{"deploy", "preview"}},
		{"dynamodb:GetItem", of("dynamodb", "table/skiff-review-12-items-0000000"), []string{"boundary"}},
		{"ssm:PutParameter", of("ssm", "parameter/skiff/review-12/apiId"), []string{"deploy"}},
		{"ssm:GetParameter", of("ssm", "parameter/skiff/review-12/apiId"), []string{"boundary", "deploy", "preview"}},
		{"ssm:PutParameter", of("ssm", "parameter/skiff/staging/apiId"), nil},
		{"route53:CreateHostedZone", "*", nil},
	} {
		for who, policies := range map[string][]parsed{"deploy": deploy, "preview": preview, "boundary": boundary} {
			if got := allowed(t, policies, request{test.action, test.resource, nil}); got != slices.Contains(test.may, who) {
				t.Errorf("%s: %s on %s: %v", who, test.action, test.resource, got)
			}
		}
	}
	for name, role := range rec.Of(roleType) {
		if !strings.HasPrefix(input(role, "name"), "skiff-review-") {
			t.Errorf("%s is not the role that the pipeline names", name)
		}
	}
}
