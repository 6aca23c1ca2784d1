package iam

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestHoldings(t *testing.T) {
	t.Parallel()
	a := newAuthority(t, nil)
	putRole(t, a, Role{Name: "r", AssumeRolePolicy: trust, PermissionsBoundary: bound + "2"})
	putRole(t, a, Role{Name: "none", AssumeRolePolicy: trust})
	putPolicy(t, a, "r", "p", `{"Statement":[{"Effect":"Allow","Action":["dynamodb:PutItem","dynamodb:Get*"],"Resource":["`+table+`","`+table+`/*"]},{"Effect":"Deny","Action":"s3:*","Resource":"*"}]}`)
	putManaged(t, a, bound, `{"Statement":[{"Effect":"Allow","Action":"dynamodb:PutItem","Resource":"`+table+`"},{"Effect":"Allow","NotAction":["dynamodb:*","s3:*"],"NotResource":"arn:aws:sqs:r:1:q"}]}`)
	putManaged(t, a, bound+"2", `{"Statement":{"Effect":"Allow","Action":"bounds:Only","Resource":"*"}}`)
	attach(t, a, "r", bound)
	got, err := a.Holdings([]Use{
		{Role: "r", Session: "f", Action: "dynamodb:GetItem", Resource: table, Allowed: true},
		{Role: "r", Action: "dynamodb:PutItem", Resource: table + "/x"}, // denied
		{Role: "other", Action: "dynamodb:PutItem", Resource: table, Allowed: true},
		{Role: "r", Action: "sqs:SendMessage", Resource: "arn:aws:sqs:r:1:q", Allowed: true},
	})
	if err != nil {
		t.Fatal(err)
	}
	want := map[string][]Holding{"none": {}, "r": {
		{Role: "r", NotAction: []string{"dynamodb:*", "s3:*"}, NotResource: []string{"arn:aws:sqs:r:1:q"}},
		{Role: "r", Action: "dynamodb:Get*", Resource: table, Used: true},
		{Role: "r", Action: "dynamodb:Get*", Resource: table + "/*"},
		{Role: "r", Action: "dynamodb:PutItem", Resource: table},
		{Role: "r", Action: "dynamodb:PutItem", Resource: table + "/*"},
	}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if !want["r"][0].Covers(Use{Role: "r", Action: "sqs:SendMessage", Resource: "arn:aws:sqs:r:1:other"}) {
		t.Error("all but some covers no other")
	}
	if line := want["r"][0].String(); line != "r all but dynamodb:*, s3:* all but arn:aws:sqs:r:1:q" {
		t.Errorf("it is written %q", line)
	}
}
