package main

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"skiff/infra/recording"
)

const (
	bucketType     = "aws:s3/bucketV2:BucketV2"
	blockType      = "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock"
	ownerType      = "aws:s3/bucketOwnershipControls:BucketOwnershipControls"
	encryptionType = "aws:s3/bucketServerSideEncryptionConfigurationV2:BucketServerSideEncryptionConfigurationV2"
	versioningType = "aws:s3/bucketVersioningV2:BucketVersioningV2"
	lifecycleType  = "aws:s3/bucketLifecycleConfigurationV2:BucketLifecycleConfigurationV2"
	corsType       = "aws:s3/bucketCorsConfigurationV2:BucketCorsConfigurationV2"
	bucketRuleType = "aws:s3/bucketPolicy:BucketPolicy"
	keyType        = "aws:kms/key:Key"
	aliasType      = "aws:kms/alias:Alias"
	providerType   = "aws:iam/openIdConnectProvider:OpenIdConnectProvider"
	roleType       = "aws:iam/role:Role"
	policyType     = "aws:iam/policy:Policy"
	attachmentType = "aws:iam/rolePolicyAttachment:RolePolicyAttachment"
	accountType    = "pulumi:providers:aws"

	stateBucket = "arn:aws:s3:::bootstrap-mock-state-0000000"
	stateKey    = "arn:aws:kms:eu-central-1:111111111111:key/mock" // staging's
)

// rule is a rule for every account. A test checks that a recording follows it,
// and that the check fails for a spoilt recording.
type rule struct {
	name  string
	check func(*recording.Stack) (offences []string)
	spoil func(*recording.Stack)
}

func TestRules(t *testing.T) {
	t.Parallel()
	for _, stack := range fixtures() {
		whole := record(t, stack)
		for _, r := range rules() {
			t.Run(stack+"/"+r.name, func(t *testing.T) {
				t.Parallel()
				whole.Prove(t, r.check, r.spoil)
			})
		}
	}
	for _, stack := range ownStacks(t) {
		whole := recordOwn(t, stack)
		for _, r := range rules() {
			for _, offence := range r.check(whole) {
				t.Errorf("Pulumi.%s.yaml: %s: %s", stack, r.name, offence)
			}
		}
	}
}

func rules() []rule {
	add := func(typ string) func(*recording.Stack) {
		return func(r *recording.Stack) { r.Resources[typ+" more"] = recording.Resource{Type: typ, Name: "more"} }
	}
	return []rule{
		{"there is no user, no access key and no other type", checkTypes, add("aws:iam/accessKey:AccessKey")},
		{"every resource is in the account", checkAccount, func(r *recording.Stack) {
			change(r, bucketType, "state", func(res *recording.Resource) { res.Provider = "" })
		}},
		{"the provider is for one account", checkProvider, recording.Set(accountType, "account", "allowedAccountIds", "")},
		{"a destroy keeps the state", checkKept, func(r *recording.Stack) {
			change(r, keyType, "pulumi", func(res *recording.Resource) { res.Retained = false })
		}},
		{"the OIDC provider is protected", checkKept, func(r *recording.Stack) {
			change(r, providerType, "gitlab", func(res *recording.Resource) { res.Protected = false })
		}},
		{"the bucket blocks public access", checkClosed, recording.Set(blockType, "state", "restrictPublicBuckets", false)},
		{"the bucket has no other owners", checkClosed, recording.Set(ownerType, "state", "rule", map[string]any{"objectOwnership": "ObjectWriter"})},
		{"the bucket is encrypted with the key", checkEncrypted, func(r *recording.Stack) {
			r.Of(keyType)["pulumi"].Outputs["arn"] = "another"
		}},
		{"the key rotates and has a long deletion window", checkEncrypted, recording.Set(keyType, "pulumi", "enableKeyRotation", false)},
		{"the alias belongs to the key", checkEncrypted, recording.Set(aliasType, "pulumi", "targetKeyId", "another")},
		{"the bucket keeps versions for some time", checkVersions, recording.Set(versioningType, "state", "versioningConfiguration",
			map[string]any{"status": "Suspended"})},
		{"the settings belong to the bucket", checkBucket, recording.Set(lifecycleType, "state", "bucket", "another")},
		{"S3 gets one change at a time", checkOrder, func(r *recording.Stack) {
			change(r, bucketRuleType, "state", func(res *recording.Resource) { res.After = nil })
		}},
		{"roles and policies have the path that the guard protects", checkPaths, recording.Set(roleType, "preview", "path", "/")},
		{"a role has its policies", checkAttachments, func(r *recording.Stack) { delete(r.Resources, attachmentType+" preview guard") }},
		{"no role has policies of the other role", checkAttachments, func(r *recording.Stack) {
			r.Of(attachmentType)["preview read"].Inputs["policyArn"] = r.Of(policyType)["deploy-state"].Outputs["arn"]
		}},
	}
}

func change(r *recording.Stack, typ, name string, f func(*recording.Resource)) {
	res := r.Of(typ)[name]
	f(&res)
	r.Resources[res.Key()] = res
}

// input returns the text of the input at a path of names and indexes.
func input(res recording.Resource, path ...any) string {
	var value any = res.Inputs
	for _, step := range path {
		switch s := step.(type) {
		case string:
			m, _ := value.(map[string]any)
			value = m[s]
		case int:
			items, _ := value.([]any)
			if s >= len(items) {
				return ""
			}
			value = items[s]
		}
	}
	return fmt.Sprint(value)
}

func checkTypes(r *recording.Stack) (offences []string) {
	known := []string{bucketType, blockType, ownerType, encryptionType, versioningType, lifecycleType, bucketRuleType, keyType, aliasType,
		providerType, roleType, policyType, attachmentType, accountType}
	for key, res := range r.Resources {
		if !slices.Contains(known, res.Type) {
			offences = append(offences, key+" is declared")
		}
	}
	return offences
}

func checkAccount(r *recording.Stack) (offences []string) {
	for key, res := range r.Resources {
		if res.Type != accountType && !strings.Contains(res.Provider, "::"+accountType+"::account::") {
			offences = append(offences, key+" has the default provider")
		}
	}
	return offences
}

func checkProvider(r *recording.Stack) (offences []string) {
	p := r.Of(accountType)["account"]
	if got := input(p, "allowedAccountIds"); got != "["+setting(r, "account")+"]" {
		offences = append(offences, "allowed accounts "+got)
	}
	return offences
}

func checkKept(r *recording.Stack) (offences []string) {
	for key, res := range r.Resources {
		switch {
		case strings.HasPrefix(res.Type, "aws:s3/") || strings.HasPrefix(res.Type, "aws:kms/"):
			if !res.Protected || !res.Retained {
				offences = append(offences, key+" is not protected and retained")
			}
		case res.Type == providerType && !res.Protected:
			offences = append(offences, key+" is not protected")
		}
	}
	return offences
}

func checkClosed(r *recording.Stack) (offences []string) {
	for _, property := range []string{"blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets"} {
		if got := input(r.Of(blockType)["state"], property); got != "true" {
			offences = append(offences, property+" is "+got)
		}
	}
	if got := input(r.Of(ownerType)["state"], "rule", "objectOwnership"); got != "BucketOwnerEnforced" {
		offences = append(offences, "ownership is "+got)
	}
	return offences
}

func checkEncrypted(r *recording.Stack) (offences []string) {
	key := r.Of(keyType)["pulumi"]
	rule := r.Of(encryptionType)["state"]
	if got := input(rule, "rules", 0, "applyServerSideEncryptionByDefault", "kmsMasterKeyId"); got != key.Outputs["arn"] {
		offences = append(offences, "the bucket's key is "+got)
	}
	if got := input(rule, "rules", 0, "applyServerSideEncryptionByDefault", "sseAlgorithm"); got != "aws:kms" {
		offences = append(offences, "the bucket's encryption is "+got)
	}
	if rotates, days := input(key, "enableKeyRotation"), input(key, "deletionWindowInDays"); rotates != "true" || days != "30" {
		offences = append(offences, "the key rotates: "+rotates+", its deletion window is "+days+" days")
	}
	if got := input(r.Of(aliasType)["pulumi"], "targetKeyId"); got != key.Outputs["keyId"] {
		offences = append(offences, "the alias belongs to "+got)
	}
	return offences
}

func checkVersions(r *recording.Stack) (offences []string) {
	if got := input(r.Of(versioningType)["state"], "versioningConfiguration", "status"); got != "Enabled" {
		offences = append(offences, "versioning is "+got)
	}
	rule := r.Of(lifecycleType)["state"]
	days := input(rule, "rules", 0, "noncurrentVersionExpiration", "noncurrentDays")
	if status := input(rule, "rules", 0, "status"); status != "Enabled" || days == "<nil>" || days == "0" {
		offences = append(offences, "old versions expire after "+days+" days: "+status)
	}
	return offences
}

func checkBucket(r *recording.Stack) (offences []string) {
	for _, typ := range []string{blockType, ownerType, encryptionType, versioningType, lifecycleType, bucketRuleType} {
		if got := input(r.Of(typ)["state"], "bucket"); got != "bootstrap-mock-state-0000000" {
			offences = append(offences, typ+" belongs to the bucket "+got)
		}
	}
	return offences
}

func checkOrder(r *recording.Stack) (offences []string) {
	for typ, first := range map[string][]string{bucketRuleType: {blockType, ownerType}, lifecycleType: {versioningType}} {
		for _, other := range first {
			if !slices.Contains(r.Of(typ)["state"].After, other+" state") {
				offences = append(offences, typ+" does not depend on "+other)
			}
		}
	}
	return offences
}

func checkPaths(r *recording.Stack) (offences []string) {
	for _, typ := range []string{roleType, policyType} {
		for name, res := range r.Of(typ) {
			if got := input(res, "path") + input(res, "name"); !strings.HasPrefix(got, "/bootstrap/"+setting(r, "project")+"-") {
				offences = append(offences, name+" is "+got)
			}
		}
	}
	return offences
}

// checkAttachments wants exactly the policies of each role, at most ten.
func checkAttachments(r *recording.Stack) (offences []string) {
	got := map[string][]string{}
	for _, a := range r.Of(attachmentType) {
		for role, res := range r.Of(roleType) {
			for policy, p := range r.Of(policyType) {
				if res.Inputs["name"] == a.Inputs["role"] && p.Outputs["arn"] == a.Inputs["policyArn"] {
					got[role] = append(got[role], policy)
				}
			}
		}
	}
	for role, want := range map[string]string{
		"preview": "[guard read read-gateway]",
		"deploy":  "[deploy-compute deploy-data deploy-gateway deploy-objects deploy-operations deploy-state guard read read-gateway]",
	} {
		if slices.Sort(got[role]); fmt.Sprint(got[role]) != want || len(got[role]) > 10 {
			offences = append(offences, fmt.Sprintf("%s has %v, want %s", role, got[role], want))
		}
	}
	return offences
}
