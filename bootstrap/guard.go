package main

// guards denies both roles what they must never do. This holds even if another
// policy allows it: a policy that someone attaches, or one that the deployment
// writes, such as a role's trust policy.
func (s scope) guards() []statement {
	return []statement{
		// Only bootstrap changes who may assume a role and what limits it.
		deny([]string{
			s.iam("role" + bootstrapPath + "*"), s.iam("policy" + bootstrapPath + "*"),
			s.iam("oidc-provider/*"), s.iam("saml-provider/*"), s.iam("user/*"), s.iam("group/*"),
		}, "iam:*"),
		deny([]string{s.iam("role/*")}, "iam:DeleteRolePermissionsBoundary"),
		// A role cannot assume another role.
		deny(anything(), "sts:AssumeRole"),
		denyOthers([]string{s.bucket, s.bucket + "/*"}, "s3:DeleteObject", "s3:GetObject", "s3:ListBucket", "s3:PutObject"),
		denyOthers([]string{s.key}, "kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey"),
		// Operators set the values of secrets, and functions read them. With a
		// secret's resource policy the deployment could give itself access.
		deny(anything(), "secretsmanager:BatchGetSecretValue", "secretsmanager:DeleteResourcePolicy", "secretsmanager:GetSecretValue",
			"secretsmanager:PutResourcePolicy", "secretsmanager:PutSecretValue"),
	}
}
