package main

import (
	"slices"
	"strings"
	"testing"
)

// TestPerMergeRequest checks that the roles of the review account reach only
// stacks whose name has a number at the end, and their state.
func TestPerMergeRequest(t *testing.T) {
	t.Parallel()
	rec := record(t, "review")
	s := infraOf(t, "review", "review-12")
	function, table, parameter := s.arnOf(s.first(t, functionType)), s.arnOf(s.first(t, tableType)), s.arnOf(s.first(t, parameterType))
	object := func(path string) string { return stateBucket + "/.pulumi/" + path }
	deploy, preview := policiesOf(t, rec, "deploy"), policiesOf(t, rec, "preview")
	boundary := boundaryOf(t, rec)
	for _, test := range []struct {
		action, resource string
		may              []string
	}{
		{"s3:GetObject", object("stacks/" + s.project + "/review-12.json"), []string{"deploy", "preview"}},
		{"s3:PutObject", object("stacks/" + s.project + "/review-12.json"), []string{"deploy"}},
		{"s3:PutObject", object("stacks/" + s.project + "/review-12.json.bak"), []string{"deploy"}},
		{"s3:PutObject", object("locks/organization/" + s.project + "/review-12/x.json"), []string{"deploy"}},
		{"s3:DeleteObject", object("history/" + s.project + "/review-12/review-12-1.history.json"), []string{"deploy"}},
		{"s3:PutObject", object("backups/" + s.project + "/review-12/review-12.1.json"), []string{"deploy"}},
		{"s3:GetObject", object("stacks/" + s.project + "/review.json"), nil},
		{"s3:GetObject", object("stacks/" + s.project + "/reviewer-1.json"), nil},
		{"s3:GetObject", object("stacks/" + s.project + "/staging.json"), nil},
		{"s3:GetObject", object("stacks/other/review-12.json"), nil},
		{"lambda:CreateFunction", function, []string{"deploy"}},
		{"lambda:CreateFunction", strings.Replace(function, "review-12", "reviewer", 1), nil},
		{"dynamodb:DescribeTable", table, []string{"deploy", "preview"}},
		{"dynamodb:GetItem", table, []string{"boundary"}},
		{"ssm:PutParameter", parameter, []string{"deploy"}},
		{"ssm:GetParameter", parameter, []string{"boundary", "deploy", "preview"}},
		{"ssm:PutParameter", s.foreign(parameter), nil},
		{"route53:CreateHostedZone", "*", nil},
	} {
		for who, policies := range map[string][]parsed{"deploy": deploy, "preview": preview, "boundary": boundary} {
			if got := allowed(t, policies, request{test.action, test.resource, nil}); got != slices.Contains(test.may, who) {
				t.Errorf("%s: %s on %s: %v", who, test.action, test.resource, got)
			}
		}
	}
	for name, role := range rec.Of(roleType) {
		if !strings.HasPrefix(input(role, "name"), s.project+"-review-") {
			t.Errorf("%s does not have the name that the pipeline uses", name)
		}
	}
}
