package s3

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"skiff/local/aws/iam"
	"skiff/local/engine/provider"
	"skiff/local/store"
)

const (
	account = "111111111111"
	region  = "eu-central-1"
)

func newBuckets(t *testing.T) *Buckets {
	t.Helper()
	db, err := store.Open(t.TempDir(), 0)
	if err != nil {
		t.Fatal(err)
	}
	b, err := Open(Options{Store: db, Authority: iam.NewAuthority(db, nil), Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := errors.Join(b.Close(), db.Close()); err != nil {
			t.Error(err)
		}
	})
	return b
}

func put[In any](t *testing.T, b *Buckets, token string, r store.Record[In]) {
	t.Helper()
	if err := store.Put(b.db, token, r.ID, r); err != nil {
		t.Fatal(err)
	}
}

func wantProblems(t *testing.T, name string, problems []provider.Problem, want string) {
	t.Helper()
	var got []string
	for _, p := range problems {
		got = append(got, p.Property)
	}
	slices.Sort(got)
	if text := strings.Join(got, " "); text != want {
		t.Errorf("%s: problems %v, want %q", name, problems, want)
	}
}

func wantError(t *testing.T, name string, err error, want string) {
	t.Helper()
	if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
		t.Errorf("%s: error %v, want %q", name, err, want)
	}
}

func TestBucketNames(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"": "", "abc": "", "a.b-1": "", strings.Repeat("a", 63): "", "1.2.3": "", "xn-a": "",
		"ab": "3 to 63", strings.Repeat("a", 64): "3 to 63", "Abc": "3 to 63", "a_b": "3 to 63", "-ab": "3 to 63", "ab.": "3 to 63",
		"a..b": "two dots", "192.168.0.1": "IP address", "xn--ab": "begins with xn--", "sthree-a": "begins with", "amzn-s3-demo-a": "begins with",
		"a-s3alias": "ends with -s3alias", "a--ol-s3": "ends with", "a.mrap": "ends with", "a--x-s3": "ends with", "a--table-s3": "ends with",
	} {
		problems := checkBucket(Bucket{Bucket: name})
		if want == "" && problems != nil || want != "" && (len(problems) != 1 || problems[0].Property != "bucket" || !strings.Contains(problems[0].Reason, want)) {
			t.Errorf("%q: %v, want %q", name, problems, want)
		}
	}
}

func TestBucket(t *testing.T) {
	t.Parallel()
	b := newBuckets(t)
	kind := buckets(b)
	r := store.Record[Bucket]{ID: kind.ID(provider.Call{Account: account}, Bucket{Bucket: "state"}), Account: account, Region: region}
	want := BucketOutputs{ARN: "arn:aws:s3:::state", BucketDomainName: "state.s3.amazonaws.com", BucketRegionalDomainName: "state.s3.eu-central-1.amazonaws.com", Region: region}
	if out := kind.Describe(r); out != want {
		t.Errorf("described as %+v", out)
	}
	for _, bucket := range []string{"state", "other"} {
		for _, token := range settingTokens() {
			put(t, b, token, store.Record[Policy]{ID: bucket})
		}
	}
	if err := kind.Delete(t.Context(), provider.Call{}, r); err != nil {
		t.Fatal(err)
	}
	for _, token := range settingTokens() {
		if left, err := store.List[Policy](b.db, token); err != nil || len(left) != 1 || left[0].ID != "other" {
			t.Errorf("%s: after the bucket is deleted, the records are %v, %v", token, left, err)
		}
	}
}

// create declares a setting of an existing bucket.
func create[In any](t *testing.T, kind *provider.Resource[In, struct{}], in In) error {
	t.Helper()
	r := store.Record[In]{ID: kind.ID(provider.Call{}, in), Account: account, Inputs: in}
	return kind.Create(t.Context(), provider.Call{}, &r)
}

// TestSettings checks that a setting needs an existing bucket of the same
// account.
func TestSettings(t *testing.T) {
	t.Parallel()
	b := newBuckets(t)
	put(t, b, BucketToken, store.Record[Bucket]{ID: "mine", Account: account})
	put(t, b, BucketToken, store.Record[Bucket]{ID: "theirs", Account: "222222222222"})
	for bucket, want := range map[string]string{
		"mine": "", "none": "NoSuchBucket: The specified bucket does not exist: none",
		"theirs": "AccessDenied: bucket theirs does not belong to account " + account,
	} {
		wantError(t, "CORS of "+bucket, create(t, corsRules(b), CORS{Bucket: bucket}), want)
		wantError(t, "encryption of "+bucket, create(t, encryption(b), Encryption{Bucket: bucket}), want)
		wantError(t, "lifecycle of "+bucket, create(t, lifecycles(b), Lifecycle{Bucket: bucket}), want)
		wantError(t, "ownership of "+bucket, create(t, ownershipControls(b), OwnershipControls{Bucket: bucket}), want)
		wantError(t, "policy of "+bucket, create(t, policies(b), Policy{Bucket: bucket, Policy: tlsOnly}), want)
		wantError(t, "block of "+bucket, create(t, publicAccessBlocks(b), PublicAccessBlock{Bucket: bucket}), want)
		wantError(t, "versioning of "+bucket, create(t, versioning(b), Versioning{Bucket: bucket}), want)
	}
}

func TestVersioning(t *testing.T) {
	t.Parallel()
	b := newBuckets(t)
	put(t, b, BucketToken, store.Record[Bucket]{ID: "mine", Account: account})
	kind := versioning(b)
	of := func(status string) Versioning {
		return Versioning{Bucket: "mine", Configuration: VersioningConfiguration{status}}
	}
	for status, want := range map[string]string{"": "", "Enabled": "", "Suspended": "", "Disabled": "", "enabled": "versioningConfiguration.status"} {
		wantProblems(t, status, kind.Check(of(status)), want)
	}
	for _, test := range []struct{ from, to, want string }{
		{"Disabled", "Enabled", ""}, {"Disabled", "Disabled", ""}, {"Enabled", "Suspended", ""},
		{"Enabled", "Disabled", "cannot be updated from Enabled to Disabled"}, {"Suspended", "Disabled", "cannot be updated from Suspended to Disabled"},
	} {
		r := store.Record[Versioning]{ID: "mine", Account: account, Inputs: of(test.to)}
		wantError(t, test.from+" to "+test.to, kind.Update(t.Context(), provider.Call{}, store.Record[Versioning]{Inputs: of(test.from)}, &r), test.want)
	}
}

func TestOwnership(t *testing.T) {
	t.Parallel()
	kind := ownershipControls(newBuckets(t))
	for value, want := range map[string]string{"": "", "BucketOwnerEnforced": "", "BucketOwnerPreferred": "", "ObjectWriter": "", "Me": "rule.objectOwnership"} {
		wantProblems(t, value, kind.Check(OwnershipControls{Rule: OwnershipRule{value}}), want)
	}
}

func TestEncryption(t *testing.T) {
	t.Parallel()
	const at = "rules[0].applyServerSideEncryptionByDefault."
	of := func(algorithm, key string) Encryption {
		return Encryption{Rules: []EncryptionRule{{Default: &DefaultEncryption{key, algorithm}, BucketKeyEnabled: true}}}
	}
	for _, test := range []struct {
		name, want string
		in         Encryption
	}{
		{"key", "", of("aws:kms", "k")},
		{"the AWS managed key", "", of("aws:kms:dsse", "")},
		{"S3's key", "", of("AES256", "")},
		{"unknown in a preview", "", of("", "k")},
		{"bucket key alone", "", Encryption{Rules: []EncryptionRule{{BucketKeyEnabled: true}}}},
		{"algorithm", at + "sseAlgorithm", of("aes", "")},
		{"S3's key with one of KMS", at + "kmsMasterKeyId", of("AES256", "k")},
		{"two rules", "rules", Encryption{Rules: []EncryptionRule{{}, {}}}},
	} {
		wantProblems(t, test.name, checkEncryption(test.in), test.want)
	}
}
