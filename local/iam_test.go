package main

import (
	"strings"
	"testing"

	"skiff/local/aws/iam"
)

// TestHoldingsTable prints two roles, and refuses the name of one that is not
// there.
func TestHoldingsTable(t *testing.T) {
	t.Parallel()
	held := map[string][]iam.Holding{
		"deploy": {
			{Role: "deploy", Action: "dynamodb:CreateTable", Resource: "arn:aws:dynamodb:r:1:table/project-*", Used: true},
			{Role: "deploy", NotAction: []string{"iam:*", "sts:*"}, Resource: "*"},
		},
		"preview": {},
	}
	named, err := ofRoles(held, []string{"deploy"})
	if err != nil || len(named) != 1 {
		t.Errorf("named %v, %v", named, err)
	}
	if all, err := ofRoles(held, nil); err != nil || len(all) != 2 {
		t.Errorf("all %v, %v", all, err)
	}
	if _, err := ofRoles(held, []string{"deploy", "other"}); err == nil || err.Error() != "the local cloud has no role other; it has deploy, preview" {
		t.Errorf("a role that is not there: %v", err)
	}
	var out strings.Builder
	for _, role := range []string{"deploy", "preview"} {
		if err := printHoldings(&out, role, held[role]); err != nil {
			t.Fatal(err)
		}
	}
	const want = `deploy
  used   dynamodb:CreateTable  arn:aws:dynamodb:r:1:table/project-*
  never  all but iam:*, sts:*  *
deploy: 2 rights, 1 of them never used

preview
preview: 0 rights, 0 of them never used

`
	if out.String() != want {
		t.Errorf("printed\n%s\nwant\n%s", out.String(), want)
	}
}
