package iam

import (
	"fmt"
	"testing"
)

func TestEvaluate(t *testing.T) {
	t.Parallel()
	const table, other = "arn:aws:dynamodb:eu-west-1:111111111111:table/items", "arn:aws:dynamodb:eu-west-1:111111111111:table/other"
	statement := func(members string) string { return fmt.Sprintf(`{"Version":"2012-10-17","Statement":[%s]}`, members) }
	allow := func(members string) string { return statement(`{"Effect":"Allow",` + members + `}`) }
	when := func(condition string) string {
		return allow(`"Action":"*","Resource":"*","Condition":{` + condition + `}`)
	}
	const get = "dynamodb:GetItem"
	const everything = `"Action":"*","Resource":"*"`
	region := map[string][]string{"aws:RequestedRegion": {"eu-west-1"}, "aws:SecureTransport": {"true"}, "aws:PrincipalArn": {"arn:aws:iam::111111111111:role/r"}}
	names := map[string][]string{"acm:DomainNames": {"a.com", "a.org"}}
	tests := []struct {
		name, policy, action, resource string
		context                        map[string][]string
		want                           Decision
	}{
		{"exact", allow(`"Action":"dynamodb:GetItem","Resource":"` + table + `"`), get, table, nil, Allow},
		{"other action", allow(`"Action":"dynamodb:PutItem","Resource":"` + table + `"`), get, table, nil, ImplicitDeny},
		{"other resource", allow(`"Action":"dynamodb:GetItem","Resource":"` + table + `"`), get, other, nil, ImplicitDeny},
		{"table is not its index", allow(`"Action":"dynamodb:Query","Resource":"` + table + `"`), "dynamodb:Query", table + "/index/i", nil, ImplicitDeny},
		{"case of the action", allow(`"Action":"DynamoDB:getitem","Resource":"*"`), get, table, nil, Allow},
		{"case of the resource", allow(`"Action":"*","Resource":"` + table + `"`), get, "arn:aws:dynamodb:eu-west-1:111111111111:table/Items", nil, ImplicitDeny},
		{"wildcard action", allow(`"Action":"dynamodb:Get*","Resource":"*"`), get, table, nil, Allow},
		{"wildcard of one", allow(`"Action":"dynamodb:?etItem","Resource":"*"`), get, table, nil, Allow},
		{"wildcard resource", allow(`"Action":"*","Resource":"arn:aws:dynamodb:*:*:table/*"`), get, table, nil, Allow},
		{"one of several", allow(`"Action":["a:B","dynamodb:*"],"Resource":["` + other + `","` + table + `"]`), get, table, nil, Allow},
		{"NotAction", allow(`"NotAction":"dynamodb:Delete*","Resource":"*"`), get, table, nil, Allow},
		{"NotAction names it", allow(`"NotAction":"dynamodb:Get*","Resource":"*"`), get, table, nil, ImplicitDeny},
		{"NotResource", allow(`"Action":"*","NotResource":"` + other + `"`), get, table, nil, Allow},
		{"NotResource names it", allow(`"Action":"*","NotResource":"` + table + `"`), get, table, nil, ImplicitDeny},
		{"Deny wins, after", statement(`{"Effect":"Allow",` + everything + `},{"Effect":"Deny","Action":"dynamodb:Get*","Resource":"*"}`), get, table, nil, ExplicitDeny},
		{"Deny wins, before", statement(`{"Effect":"Deny","Action":"dynamodb:Get*","Resource":"*"},{"Effect":"Allow",` + everything + `}`), get, table, nil, ExplicitDeny},
		{"Deny of something else", statement(`{"Effect":"Deny","Action":"dynamodb:Put*","Resource":"*"},{"Effect":"Allow",` + everything + `}`), get, table, nil, Allow},
		{"Deny alone", statement(`{"Effect":"Deny",` + everything + `}`), get, table, nil, ExplicitDeny},

		{"condition holds", when(`"StringEquals":{"aws:RequestedRegion":"eu-west-1"}`), get, table, region, Allow},
		{"condition, one of several", when(`"StringEquals":{"aws:RequestedRegion":["us-east-1","eu-west-1"]}`), get, table, region, Allow},
		{"condition, case of the key", when(`"StringEquals":{"AWS:requestedregion":"eu-west-1"}`), get, table, region, Allow},
		{"condition fails", when(`"StringEquals":{"aws:RequestedRegion":"EU-WEST-1"}`), get, table, region, ImplicitDeny},
		{"all conditions", when(`"StringEquals":{"aws:RequestedRegion":"eu-west-1"},"Bool":{"aws:SecureTransport":"false"}`), get, table, region, ImplicitDeny},
		{"ignoring case", when(`"StringEqualsIgnoreCase":{"aws:RequestedRegion":"EU-WEST-1"}`), get, table, region, Allow},
		{"like", when(`"StringLike":{"aws:RequestedRegion":"eu-*"}`), get, table, region, Allow},
		{"bool", when(`"Bool":{"aws:SecureTransport":true}`), get, table, region, Allow},
		{"ARN", when(`"ArnLike":{"aws:PrincipalArn":"arn:aws:iam::*:role/*"}`), get, table, region, Allow},
		{"ARN, a star spans no colon", when(`"ArnEquals":{"aws:PrincipalArn":"arn:aws:*:role/r"}`), get, table, region, ImplicitDeny},
		{"negated holds", when(`"StringNotEquals":{"aws:RequestedRegion":["us-east-1","us-west-1"]}`), get, table, region, Allow},
		{"negated fails", when(`"StringNotEquals":{"aws:RequestedRegion":["us-east-1","eu-west-1"]}`), get, table, region, ImplicitDeny},
		{"negated like", when(`"StringNotLike":{"aws:RequestedRegion":"eu-*"}`), get, table, region, ImplicitDeny},
		{"absent key", when(`"StringEquals":{"aws:SourceArn":"x"}`), get, table, region, ImplicitDeny},
		{"absent key, if it exists", when(`"StringEqualsIfExists":{"aws:SourceArn":"x"}`), get, table, region, Allow},
		{"present key, if it exists", when(`"StringEqualsIfExists":{"aws:RequestedRegion":"x"}`), get, table, region, ImplicitDeny},
		{"absent key, negated", when(`"StringNotEquals":{"aws:SourceArn":"x"}`), get, table, region, Allow},
		{"for all values", when(`"ForAllValues:StringLike":{"aws:RequestedRegion":["us-*","eu-*"]}`), get, table, region, Allow},
		{"for all values, fails", when(`"ForAllValues:StringLike":{"aws:RequestedRegion":["us-*"]}`), get, table, region, ImplicitDeny},
		{"for all values of none", when(`"ForAllValues:StringLike":{"acm:DomainNames":"x"}`), get, table, region, Allow},
		{"for any value", when(`"ForAnyValue:StringEquals":{"aws:RequestedRegion":"eu-west-1"}`), get, table, region, Allow},
		{"for any value of none", when(`"ForAnyValue:StringNotEquals":{"acm:DomainNames":"x"}`), get, table, region, ImplicitDeny},
		{"for any value of none, if it exists", when(`"ForAnyValue:StringEqualsIfExists":{"acm:DomainNames":"x"}`), get, table, region, Allow},
		{"is absent", when(`"Null":{"acm:DomainNames":"true"}`), get, table, region, Allow},
		{"is absent, and is not", when(`"Null":{"aws:RequestedRegion":true}`), get, table, region, ImplicitDeny},
		{"is there", when(`"Null":{"aws:RequestedRegion":"false"}`), get, table, region, Allow},
		{"is there, and is not", when(`"Null":{"acm:DomainNames":false}`), get, table, region, ImplicitDeny},
		{"all of several", when(`"ForAllValues:StringLike":{"acm:DomainNames":["*.org","a.com"]}`), get, table, names, Allow},
		{"all but one of several", when(`"ForAllValues:StringLike":{"acm:DomainNames":"*.org"}`), get, table, names, ImplicitDeny},
		{"all of several, negated", when(`"ForAllValues:StringNotLike":{"acm:DomainNames":["*.net","b.com"]}`), get, table, names, Allow},
		{"all but one of several, negated", when(`"ForAllValues:StringNotLike":{"acm:DomainNames":["*.net","a.com"]}`), get, table, names, ImplicitDeny},
		{"any of several", when(`"ForAnyValue:StringEquals":{"acm:DomainNames":["b.com","a.com"]}`), get, table, names, Allow},
		{"none of several", when(`"ForAnyValue:StringEquals":{"acm:DomainNames":["b.com","c.com"]}`), get, table, names, ImplicitDeny},
		{"any of several, negated", when(`"ForAnyValue:StringNotEquals":{"acm:DomainNames":["a.com"]}`), get, table, names, Allow},
		{"none of several, negated", when(`"ForAnyValue:StringNotLike":{"acm:DomainNames":["a.com","*.org"]}`), get, table, names, ImplicitDeny},
		{"several are there", when(`"Null":{"acm:DomainNames":"false"}`), get, table, names, Allow},
		{"several without a set operator", when(`"StringLike":{"acm:DomainNames":"*"}`), get, table, names, ImplicitDeny},
		{"several without a set operator, negated", when(`"StringNotEquals":{"acm:DomainNames":"b.com"}`), get, table, names, ImplicitDeny},
		{"an empty list is absent", when(`"Null":{"acm:DomainNames":"true"}`), get, table, map[string][]string{"acm:DomainNames": {}}, Allow},
		{"for all values of an empty string", when(`"ForAllValues:StringLike":{"acm:DomainNames":"x"}`), get, table, map[string][]string{"acm:DomainNames": {""}}, Allow},
		{"for any value of an empty string", when(`"ForAnyValue:StringNotEquals":{"acm:DomainNames":"x"}`), get, table, map[string][]string{"acm:DomainNames": {""}}, ImplicitDeny},
		{"no value at all", when(`"StringEquals":{"aws:RequestedRegion":[]}`), get, table, region, ImplicitDeny},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			d, err := Parse(test.policy, false)
			if err != nil {
				t.Fatal(err)
			}
			if got := Evaluate([]*Document{d}, Request{Action: test.action, Resource: test.resource, Context: test.context}); got != test.want {
				t.Errorf("decided %d, want %d", got, test.want)
			}
		})
	}
	if got := Evaluate(nil, Request{Action: get, Resource: table}); got != ImplicitDeny {
		t.Errorf("without a policy: %d", got)
	}
}
