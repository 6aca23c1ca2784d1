package s3

import (
	"strings"
	"testing"

	"skiff/local/store"
)

// tlsOnly is the policy of bootstrap's state bucket, which is called mine here.
const tlsOnly = `{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Principal":"*","Action":["s3:*"],"Resource":["arn:aws:s3:::mine","arn:aws:s3:::mine/*"],` +
	`"Condition":{"Bool":{"aws:SecureTransport":["false"]}}}]}`

func TestCheckPolicy(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ name, policy, want string }{
		{"unknown in a preview", "", ""},
		{"plain", tlsOnly, ""},
		{"everything", strings.Replace(tlsOnly, `["s3:*"]`, `"*"`, 1), ""},
		{"no policy", `{}`, "there is no Statement"},
		{"no principal", strings.Replace(tlsOnly, `"Principal":"*",`, "", 1), "needs a Principal"},
		{"long", strings.Replace(tlsOnly, "s3:*", "s3:"+strings.Repeat("a", maxPolicy), 1), "at most 20480"},
		{"another service", strings.Replace(tlsOnly, "s3:*", "kms:*", 1), "MalformedPolicy: Policy has invalid action: kms:*"},
		{"another bucket", strings.Replace(tlsOnly, "mine/*", "mine-2/*", 1), "MalformedPolicy: Policy has invalid resource: arn:aws:s3:::mine-2/*"},
		{"every bucket", strings.Replace(tlsOnly, `"arn:aws:s3:::mine"`, `"*"`, 1), "MalformedPolicy: Policy has invalid resource: *"},
	} {
		problems := checkPolicy(Policy{Bucket: "mine", Policy: test.policy})
		if test.want == "" && problems != nil || test.want != "" && (len(problems) != 1 || problems[0].Property != "policy" || !strings.Contains(problems[0].Reason, test.want)) {
			t.Errorf("%s: %v, want %q", test.name, problems, test.want)
		}
	}
	if problems := checkPolicy(Policy{Policy: tlsOnly}); problems != nil {
		t.Errorf("of a bucket whose name is unknown in a preview: %v", problems)
	}
}

func TestPublicPolicy(t *testing.T) {
	t.Parallel()
	const public = `{"Statement":{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::mine/*"}}`
	const blocked = "AccessDenied: the policy of bucket mine is public"
	for _, test := range []struct {
		name, policy, want string
		block              *PublicAccessBlock
	}{
		{"without a public access block", public, blocked, nil},
		{"where public policies are blocked", public, blocked, &PublicAccessBlock{BlockPublicPolicy: true}},
		{"where only public ACLs are blocked", public, "", &PublicAccessBlock{BlockPublicACLs: true}},
		{"of a denial", tlsOnly, "", nil},
	} {
		b := newBuckets(t)
		put(t, b, BucketToken, store.Record[Bucket]{ID: "mine", Account: account})
		if test.block != nil {
			put(t, b, PublicAccessBlockToken, store.Record[PublicAccessBlock]{ID: "mine", Inputs: *test.block})
		}
		wantError(t, test.name, create(t, policies(b), Policy{Bucket: "mine", Policy: test.policy}), test.want)
	}
}
