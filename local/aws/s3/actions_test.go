package s3

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"

	"skiff/local/engine/provider"
	"skiff/local/engine/provider/providertest"
)

type inputs = providertest.Inputs

const mine = " arn:aws:s3:::mine"

func newRole(t *testing.T) *providertest.Role {
	t.Helper()
	b := newBuckets(t)
	r := providertest.New(b.db)
	buckets, cors, encryption, lifecycles, owners, policies, blocks, versioning :=
		buckets(b), corsRules(b), encryption(b), lifecycles(b), ownershipControls(b), policies(b), publicAccessBlocks(b), versioning(b)
	for token, known := range map[string]bool{
		BucketToken: buckets.Actions != nil, CORSToken: cors.Actions != nil, EncryptionToken: encryption.Actions != nil, LifecycleToken: lifecycles.Actions != nil,
		OwnershipControlsToken: owners.Actions != nil, PolicyToken: policies.Actions != nil, PublicAccessBlockToken: blocks.Actions != nil,
		VersioningToken: versioning.Actions != nil,
	} {
		if !known {
			t.Errorf("%s has no actions", token)
		}
	}
	r.Add(buckets, cors, encryption, lifecycles, owners, policies, blocks, versioning)
	return r
}

func TestBucketActions(t *testing.T) {
	t.Parallel()
	r := newRole(t)
	tags := []string{"s3:GetBucketTagging" + mine, "s3:PutBucketTagging" + mine}
	var reads []string
	for _, name := range []string{
		"GetAccelerateConfiguration", "GetBucketAcl", "GetBucketCORS", "GetBucketLogging", "GetBucketObjectLockConfiguration", "GetBucketPolicy",
		"GetBucketRequestPayment", "GetBucketTagging", "GetBucketVersioning", "GetBucketWebsite", "GetEncryptionConfiguration",
		"GetLifecycleConfiguration", "GetReplicationConfiguration", "ListBucket",
	} {
		reads = append(reads, "s3:"+name+mine)
	}
	r.Run(t, BucketToken,
		providertest.Step{Verb: provider.Create, In: inputs{"bucket": "mine", "tags": inputs{"Team": "x"}}, Want: append(tags, "s3:CreateBucket"+mine)},
		providertest.Step{Verb: provider.Read, Want: reads},
		providertest.Step{Verb: provider.Update, In: inputs{"bucket": "mine", "tags": inputs{"Room": "y"}}, Want: tags},
		providertest.Step{Verb: provider.Update, In: inputs{"bucket": "mine", "forceDestroy": true, "tags": inputs{"Room": "y"}}},
		providertest.Step{Verb: provider.Delete, Want: []string{"s3:DeleteBucket" + mine, "s3:ListBucket" + mine}},
	)
}

// TestEmptyingActions deletes a bucket with forceDestroy.
func TestEmptyingActions(t *testing.T) {
	t.Parallel()
	b := newBuckets(t)
	r := providertest.New(b.db)
	r.Add(buckets(b))
	r.Create(t, BucketToken, inputs{"bucket": "mine", "forceDestroy": true})
	if _, err := b.objects.put("mine", "k", nil, strings.NewReader("x"), func(*object) error { return nil }); err != nil {
		t.Fatal(err)
	}
	r.Asked()
	if _, err := r.Delete(t.Context(), &pulumirpc.DeleteRequest{Id: "mine", Type: BucketToken}); err != nil {
		t.Fatal(err)
	}
	want := []string{"s3:DeleteBucket" + mine, "s3:DeleteObject" + mine + "/*", "s3:DeleteObjectVersion" + mine + "/*",
		"s3:GetBucketObjectLockConfiguration" + mine, "s3:ListBucket" + mine, "s3:ListBucketVersions" + mine}
	if diff := cmp.Diff(want, r.Asked()); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// TestSettingActions creates, updates and deletes each setting of a bucket.
func TestSettingActions(t *testing.T) {
	t.Parallel()
	r := newRole(t)
	r.Create(t, BucketToken, inputs{"bucket": "mine"})
	rule := func(days int) inputs {
		return inputs{"rules": []any{inputs{"id": "old", "status": "Enabled", "noncurrentVersionExpiration": inputs{"noncurrentDays": days}}}}
	}
	encrypted := func(with string) inputs {
		return inputs{"rules": []any{inputs{"applyServerSideEncryptionByDefault": inputs{"sseAlgorithm": with}}}}
	}
	cross := func(method string) inputs {
		return inputs{"corsRules": []any{inputs{"allowedMethods": []any{method}, "allowedOrigins": []any{"*"}}}}
	}
	other := `{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Principal":"*","Action":"s3:PutObject","Resource":"arn:aws:s3:::mine/*"}]}`
	for _, test := range []struct {
		token             string
		in, changed       inputs
		read, put, remove string
		waits             bool
	}{
		{CORSToken, cross("GET"), cross("PUT"), "GetBucketCORS", "PutBucketCORS", "PutBucketCORS", true},
		{EncryptionToken, encrypted("AES256"), encrypted("aws:kms"), "GetEncryptionConfiguration", "PutEncryptionConfiguration", "PutEncryptionConfiguration", false},
		{LifecycleToken, rule(1), rule(2), "GetLifecycleConfiguration", "PutLifecycleConfiguration", "PutLifecycleConfiguration", true},
		{OwnershipControlsToken, inputs{"rule": inputs{"objectOwnership": "BucketOwnerEnforced"}}, inputs{"rule": inputs{"objectOwnership": "ObjectWriter"}},
			"GetBucketOwnershipControls", "PutBucketOwnershipControls", "PutBucketOwnershipControls", false},
		{PolicyToken, inputs{"policy": tlsOnly}, inputs{"policy": other}, "GetBucketPolicy", "PutBucketPolicy", "DeleteBucketPolicy", true},
		{PublicAccessBlockToken, inputs{"blockPublicAcls": true}, inputs{"blockPublicPolicy": true},
			"GetBucketPublicAccessBlock", "PutBucketPublicAccessBlock", "PutBucketPublicAccessBlock", true},
		{VersioningToken, inputs{"versioningConfiguration": inputs{"status": "Enabled"}}, inputs{"versioningConfiguration": inputs{"status": "Suspended"}},
			"GetBucketVersioning", "PutBucketVersioning", "PutBucketVersioning", false},
	} {
		test.in["bucket"], test.changed["bucket"] = "mine", "mine"
		removed := []string{"s3:" + test.remove + mine}
		if test.waits {
			removed = append(removed, "s3:"+test.read+mine)
		}
		r.Run(t, test.token,
			providertest.Step{Verb: provider.Create, In: test.in, Want: []string{"s3:" + test.put + mine}},
			providertest.Step{Verb: provider.Read, Want: []string{"s3:" + test.read + mine}},
			providertest.Step{Verb: provider.Update, In: test.changed, Want: []string{"s3:" + test.put + mine}},
			providertest.Step{Verb: provider.Delete, Want: removed},
		)
	}
	r.Run(t, VersioningToken,
		providertest.Step{Verb: provider.Create, In: inputs{"bucket": "mine", "versioningConfiguration": inputs{"status": "Disabled"}}},
		providertest.Step{Verb: provider.Delete},
	)
}
