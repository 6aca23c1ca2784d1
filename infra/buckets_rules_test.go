package main

import (
	"fmt"
	"strings"

	"skiff/infra/recording"
)

// bucketRules returns the rules of buckets: only roles with rights have access,
// objects are encrypted, and deleted objects stay for some days.
func bucketRules() []rule {
	return []rule{
		{"a bucket blocks public access", checkBuckets, recording.Set("aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock", "uploads", "blockPublicPolicy", false)},
		{"a bucket has no access lists", checkBuckets, recording.Set("aws:s3/bucketOwnershipControls:BucketOwnershipControls", "uploads", "rule", nil)},
		{"a bucket is encrypted", checkBuckets, recording.Set("aws:s3/bucketServerSideEncryptionConfigurationV2:BucketServerSideEncryptionConfigurationV2", "uploads", "rules", nil)},
		{"a bucket keeps versions", checkBuckets, recording.Set("aws:s3/bucketVersioningV2:BucketVersioningV2", "uploads", "versioningConfiguration", nil)},
		{"objects expire as declared", checkBuckets, recording.Set("aws:s3/bucketLifecycleConfigurationV2:BucketLifecycleConfigurationV2", "uploads", "rules", nil)},
		{"a bucket requires TLS", checkBuckets, recording.Set("aws:s3/bucketPolicy:BucketPolicy", "uploads", "policy", `{"Statement":[]}`)},
		{"a bucket allows the stack's origins", checkBuckets, func(r *recording.Stack) {
			key := "aws:s3/bucketCorsConfigurationV2:BucketCorsConfigurationV2 uploads"
			if _, there := r.Resources[key]; there {
				delete(r.Resources, key)
			} else {
				r.Resources[key] = recording.Resource{Type: strings.Fields(key)[0], Name: "uploads"}
			}
		}},
	}
}

func checkBuckets(h held) (offences []string) {
	for _, d := range h.Buckets {
		of := func(kind string) recording.Resource {
			return h.Of("aws:s3/" + strings.ToLower(kind[:1]) + kind[1:] + ":" + kind)[d.Name]
		}
		want := func(what string, res recording.Resource, texts ...string) {
			for _, text := range append(texts, "bucket:bucketV2-id of "+d.Name) {
				if got := fmt.Sprint(res.Inputs); !strings.Contains(got, text) {
					offences = append(offences, fmt.Sprintf("%s of the bucket %s: %s, want %s", what, d.Name, got, text))
				}
			}
		}
		want("public access", of("BucketPublicAccessBlock"), "blockPublicAcls:true", "blockPublicPolicy:true", "ignorePublicAcls:true", "restrictPublicBuckets:true")
		want("access lists", of("BucketOwnershipControls"), "objectOwnership:BucketOwnerEnforced")
		want("encryption", of("BucketServerSideEncryptionConfigurationV2"), "sseAlgorithm:AES256")
		want("versions", of("BucketVersioningV2"), "status:Enabled")
		lifecycle := []string{"noncurrentDays:30", "daysAfterInitiation:7"}
		if d.ExpireDays > 0 {
			lifecycle = append(lifecycle, fmt.Sprintf("expiration:map[days:%d]", d.ExpireDays))
		}
		want("lifecycle", of("BucketLifecycleConfigurationV2"), lifecycle...)
		arn := h.Of(bucketType)[d.Name].Outputs["arn"]
		want("policy", of("BucketPolicy"), `"Effect":"Deny","Principal":"*","Action":["s3:*"]`, fmt.Sprintf(`"Resource":["%v","%[1]v/*"]`, arn), `{"Bool":{"aws:SecureTransport":"false"}}`)
		if origins := array(h.set("corsOrigins")); len(origins) > 0 {
			want("origins", of("BucketCorsConfigurationV2"), fmt.Sprint("allowedOrigins:", origins))
		} else if of("BucketCorsConfigurationV2").Type != "" {
			offences = append(offences, d.Name+" allows origins")
		}
	}
	return offences
}
