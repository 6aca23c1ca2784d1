package main

import (
	"strings"
	"testing"

	"skiff/local/aws/iam"
	"skiff/local/inspect"
)

// TestHoldingsTable prints two roles.
func TestHoldingsTable(t *testing.T) {
	t.Parallel()
	held := map[string][]iam.Holding{
		"deploy": {
			{Role: "deploy", Action: "dynamodb:CreateTable", Resource: "arn:aws:dynamodb:r:1:table/project-*", Used: true},
			{Role: "deploy", NotAction: []string{"iam:*", "sts:*"}, Resource: "*"},
		},
		"preview": {},
	}
	var out strings.Builder
	for _, role := range []string{"deploy", "preview"} {
		if err := printHoldings(&out, inspect.Role{Ref: inspect.Ref{Name: role}, Holdings: held[role]}); err != nil {
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
