package iam

import (
	"fmt"
	"strings"
	"testing"
)

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	const form = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow",%s}]}`
	role := func(members string) string { return fmt.Sprintf(form, members) }
	const rest = `,"Resource":"*"`
	tests := []struct {
		name, text string
		trust      bool
		want       string // "" if the document is accepted
	}{
		{"role policy", role(`"Action":"a:B"` + rest), false, ""},
		{"one statement", `{"Version":"2012-10-17","Statement":{"Effect":"Deny","Action":["a:B","*"],"Resource":["*"]}}`, false, ""},
		{"with ids", `{"Id":"x","Statement":[{"Sid":"A","Effect":"Allow","NotAction":"a:B","NotResource":"*"},{"Sid":"B","Effect":"Allow","Action":"a:B","Resource":"*"}]}`, false, ""},
		{"trust policy", role(`"Action":"sts:AssumeRole","Principal":{"Service":["a","b"]}`), true, ""},
		{"action without a resource type", role(`"Action":["xray:PutTraceSegments","xray:PutTelemetryRecords"]` + rest), false, ""},
		{"trust in everyone", role(`"Action":"sts:AssumeRole","Principal":"*"`), true, ""},
		{"negated condition", role(`"Action":"a:B","Condition":{"StringNotLikeIfExists":{"AWS:SourceArn":["x"]}}` + rest), false, ""},

		{"conditions of the engine's calls", role(`"Action":"a:B","Condition":{"ForAllValues:StringLike":{"acm:DomainNames":["x"]},"Null":{"acm:DomainNames":["false"]}}` + rest), false, ""},
		{"claims of a token", role(`"Action":"sts:AssumeRoleWithWebIdentity","Principal":{"Federated":"x"},"Condition":{"StringLike":{"git.example.com/a:sub":"x","gitlab.com:aud":"y"}}`), true, ""},

		{"no JSON", `nonsense`, false, "invalid character"},
		{"nothing", ``, false, "EOF"},
		{"two documents", role(`"Action":"a:B"`+rest) + "{}", false, "text after the document"},
		{"old version", `{"Version":"2011-10-17","Statement":[]}`, false, `Version must be 2012-10-17, not "2011-10-17"`},
		{"no statement", `{"Version":"2012-10-17"}`, false, "there is no Statement"},
		{"empty statements", `{"Version":"2012-10-17","Statement":[]}`, false, "there is no Statement"},
		{"misspelt member", role(`"Actions":"a:B"` + rest), false, `unknown field "Actions"`},
		{"misspelt top member", `{"Version":"2012-10-17","Statements":[]}`, false, `unknown field "Statements"`},
		{"effect", strings.Replace(role(`"Action":"a:B"`+rest), "Allow", "allow", 1), false, `Effect must be Allow or Deny, not "allow"`},
		{"no action", role(`"Resource":"*"`), false, "there is no Action"},
		{"empty actions", role(`"Action":[]` + rest), false, "there is no Action"},
		{"both actions", role(`"Action":"a:B","NotAction":"a:C"` + rest), false, "exclude each other"},
		{"both resources", role(`"Action":"a:B","NotResource":"*"` + rest), false, "exclude each other"},
		{"action without a service", role(`"Action":"PutItem"` + rest), false, `action "PutItem" is not of the form service:Name`},
		{"no resource", role(`"Action":"a:B"`), false, "there is no Resource"},
		{"resource", role(`"Action":"a:B","Resource":"items"`), false, `resource "items" is not an ARN`},
		{"variable", role(`"Action":"a:B","Resource":"arn:aws:s3:::${aws:username}/*"`), false, "policy variables"},
		{"number", role(`"Action":7` + rest), false, "7 is neither a string nor a list of strings"},
		{"number in a list", role(`"Action":["a:B",7]` + rest), false, "7 is not a string"},
		{"principal of a role policy", role(`"Action":"a:B","Principal":"*"` + rest), false, "has no Principal"},
		{"no principal", role(`"Action":"sts:AssumeRole"`), true, "needs a Principal"},
		{"principal as a word", role(`"Action":"sts:AssumeRole","Principal":"lambda.amazonaws.com"`), true, `is not of the form {"Service"`},
		{"negated principal", role(`"Action":"sts:AssumeRole","NotPrincipal":"*"`), true, "NotPrincipal"},
		{"resource of a trust policy", role(`"Action":"sts:AssumeRole","Principal":"*"` + rest), true, "has no Resource"},
		{"unknown operator", role(`"Action":"a:B","Condition":{"NumericEquals":{"aws:SourceArn":"1"}}` + rest), false, "does not know the condition operator NumericEquals"},
		{"negated Bool", role(`"Action":"a:B","Condition":{"NotBool":{"aws:SecureTransport":"true"}}` + rest), false, "does not know the condition operator NotBool"},
		{"claim in a role policy", role(`"Action":"a:B","Condition":{"StringLike":{"gitlab.com:sub":"x"}}` + rest), false, "does not know the condition key gitlab.com:sub"},
		{"unknown claim", role(`"Action":"a:B","Principal":"*","Condition":{"StringLike":{"gitlab.com:ref":"x"}}`), true, "does not know the condition key gitlab.com:ref"},
		{"both sets", role(`"Action":"a:B","Condition":{"ForAllValues:ForAnyValue:StringLike":{"acm:DomainNames":"x"}}` + rest), false, "does not know the condition operator ForAllValues:ForAnyValue:StringLike"},
		{"Null of a word", role(`"Action":"a:B","Condition":{"Null":{"acm:DomainNames":"x"}}` + rest), false, `Null needs true or false, not "x"`},
		{"unknown key", role(`"Action":"a:B","Condition":{"Bool":{"aws:MultiFactorAuthPresent":"true"}}` + rest), false, "does not know the condition key aws:MultiFactorAuthPresent; it knows aws:RequestedRegion"},
		{"variable in a condition", role(`"Action":"a:B","Condition":{"StringLike":{"aws:SourceArn":"${x}"}}` + rest), false, "policy variables"},
		{"two with one id", `{"Version":"2012-10-17","Statement":[{"Sid":"A","Effect":"Allow","Action":"a:B","Resource":"*"},{"Sid":"A","Effect":"Allow","Action":"a:B","Resource":"*"}]}`, false, "two statements have the Sid A"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			_, err := Parse(test.text, test.trust)
			if test.want == "" {
				if err != nil {
					t.Errorf("refused: %v", err)
				}
				return
			}
			if err == nil || !strings.HasPrefix(err.Error(), "MalformedPolicyDocument: ") || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error %v, want one with %q", err, test.want)
			}
		})
	}
}
