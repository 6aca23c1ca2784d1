package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// scannerStores returns the rules on tables, secrets and parameters.
func scannerStores() []scannerRule {
	tables, secrets, parameters := []string{tableType}, []string{secretType}, []string{parameterType}
	return []scannerRule{
		{title: "a table can be restored to any second",
			ids: "CKV_AWS_28 AWS-0024 aws-dynamodb-enable-recovery FSBP:DynamoDB.2 cfn-nag:W78 KICS:741f1291-47ac-4a85-a07b-3d32a9d6bd3e " +
				"KICS:327b0729-4c5c-4c44-8b5c-e476cd9c7290 prowler:dynamodb_tables_pitr_enabled",
			types: tables, adopt: operated, asks: is("pointInTimeRecovery.enabled", true)},
		{title: "a table is encrypted by KMS",
			ids: "KICS:ce089fd4-1406-47bd-8aad-c259772bb294 KICS:b6a7e0ae-aed8-4a19-a993-a95760bf8836 " +
				"prowler:dynamodb_tables_kms_cmk_encryption_enabled",
			types: tables, asks: is("serverSideEncryption.enabled", true),
			except: unfollowed("without this property DynamoDB encrypts with its own key and without calls of KMS")},
		{title: "a table is encrypted with a key of the account",
			ids:   "CKV_AWS_119 AWS-0025 aws-dynamodb-table-customer-key cfn-nag:W74",
			types: tables, asks: customerKey("serverSideEncryption.kmsKeyArn"),
			except: unfollowed("such a key costs money for each request, and the items contain nothing that needs it")},
		{title: "a table has deletion protection",
			ids:   "FSBP:DynamoDB.6 prowler:dynamodb_table_deletion_protection_enabled",
			types: tables, adopt: guarded, asks: is("deletionProtectionEnabled", true)},
		{title: "a table scales on demand",
			ids:   "FSBP:DynamoDB.1 CKV2_AWS_16 cfn-nag:W73 prowler:dynamodb_table_autoscaling_enabled",
			types: tables, asks: is("billingMode", "PAY_PER_REQUEST")},
		{title: "a table is in a plan of AWS Backup",
			ids:   "FSBP:DynamoDB.4 prowler:dynamodb_table_protected_by_backup_plan",
			types: tables, asks: accompanied("aws:backup/selection:Selection"),
			except: unfollowed("point-in-time recovery covers 35 days; plans of AWS Backup belong to the account")},
		{title: "tables are tagged", ids: "FSBP:DynamoDB.5", types: tables, asks: tagged()},
		{title: "no other account has access to a table", ids: "prowler:dynamodb_table_cross_account_access", types: tables, asks: lacks("resourcePolicy")},
		{title: "a table's attributes are its keys", ids: "own:DDB_KEYS_DECLARED", types: tables, asks: keysDeclared()},
		{title: "a secret is encrypted with a key of the account",
			ids: "CKV_AWS_149 AWS-0098 aws-ssm-secret-use-customer-key cfn-nag:W77 KICS:a2f548f2-188c-4fff-b172-e9a6acb216bd " +
				"KICS:b0d3ef3f-845d-4b1b-83d6-63a5a380375f",
			types: secrets, asks: customerKey("kmsKeyId"),
			except: unfollowed("a key costs a dollar a month; Secrets Manager encrypts with the account's AWS managed key, and policies decide who reads")},
		{title: "a secret is rotated",
			ids: "CKV2_AWS_57 CKV_AWS_304 FSBP:SecretsManager.1 FSBP:SecretsManager.2 FSBP:SecretsManager.4 " +
				"prowler:secretsmanager_automatic_rotation_enabled prowler:secretsmanager_secret_rotated_periodically",
			types: secrets, asks: accompanied("aws:secretsmanager/secretRotation:SecretRotation"),
			except: unfollowed("a new key invalidates every token and cursor, so an operator chooses the time")},
		{title: "a secret is used", ids: "FSBP:SecretsManager.3 prowler:secretsmanager_secret_unused", types: secrets, asks: secretRead()},
		{title: "secrets are tagged", ids: "FSBP:SecretsManager.5", types: secrets, asks: tagged()},
		{title: "a secret has a valid recovery window",
			ids:   "own:SECRET_RECOVERY_WINDOW",
			types: secrets, asks: between("recoveryWindowInDays", 7, 30, 0)},
		{title: "a parameter that is secret is encrypted", ids: "CKV2_AWS_34", types: parameters, asks: demand{
			func(s subject) bool {
				return s.input("type") == "SecureString" || !secretive(s.res.Name, s.text("value"))
			},
			func(s subject) { s.put("value", "-----BEGIN PRIVATE KEY-----") }}},
		{title: "an encrypted parameter has a key of the account", ids: "CKV_AWS_337", types: parameters, asks: demand{
			func(s subject) bool { return s.input("type") != "SecureString" || s.input("keyId") != nil },
			func(s subject) { s.put("type", "SecureString") }}},
	}
}

// keysDeclared wants the attributes of a table to be exactly the keys of the
// table and its indexes. DynamoDB refuses others.
func keysDeclared() demand {
	return demand{func(s subject) bool {
		declared, keys := map[any]bool{}, map[any]bool{s.input("hashKey"): true, s.input("rangeKey"): true}
		attributes, _ := s.input("attributes").([]any)
		for _, a := range attributes {
			attribute, _ := a.(map[string]any)
			declared[attribute["name"]] = true
		}
		for _, kind := range []string{"globalSecondaryIndexes", "localSecondaryIndexes"} {
			indexes, _ := s.input(kind).([]any)
			for _, i := range indexes {
				index, _ := i.(map[string]any)
				keys[index["hashKey"]], keys[index["rangeKey"]] = true, true
			}
		}
		delete(keys, nil) // a missing range key
		return maps.Equal(declared, keys)
	}, func(s subject) {
		s.put("attributes", append(s.input("attributes").([]any), map[string]any{"name": "ttl", "type": "N"}))
	}}
}

// secretRead wants at least one role with the right to read the secret.
func secretRead() demand {
	return demand{func(s subject) bool {
		for _, p := range s.others(policyType) {
			if slices.Contains(pairs(p.Inputs["policy"]), fmt.Sprint("secretsmanager:GetSecretValue on ", s.res.Outputs["arn"])) {
				return true
			}
		}
		return false
	}, func(s subject) {
		for _, p := range s.others(policyType) {
			p.Inputs["policy"] = strings.ReplaceAll(fmt.Sprint(p.Inputs["policy"]), fmt.Sprint(s.res.Outputs["arn"]), "x")
		}
	}}
}
