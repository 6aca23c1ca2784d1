package main

// guards is what neither role does, whatever else comes to allow it: a policy
// that someone attaches, or one that the deployment writes itself, such as the
// trust of a role or the policy of a secret.
func (s scope) guards() []statement {
	return []statement{
		// Who may take a role, and what bounds it, is decided here.
		deny([]string{
			s.iam("role" + bootstrapPath + "*"), s.iam("policy" + bootstrapPath + "*"),
			s.iam("oidc-provider/*"), s.iam("saml-provider/*"), s.iam("user/*"), s.iam("group/*"),
		}, "iam:*"),
		deny([]string{s.iam("role/*")}, "iam:DeleteRolePermissionsBoundary"),
		// One role leads to no other.
		deny(anything(), "sts:AssumeRole"),
		denyOthers([]string{s.bucket, s.bucket + "/*"}, "s3:DeleteObject", "s3:GetObject", "s3:ListBucket", "s3:PutObject"),
		denyOthers([]string{s.key}, "kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey"),
		// An operator sets the value of a secret and functions read it. With
		// its policy the deployment could let itself.
		deny(anything(), "secretsmanager:BatchGetSecretValue", "secretsmanager:DeleteResourcePolicy", "secretsmanager:GetSecretValue",
			"secretsmanager:PutResourcePolicy", "secretsmanager:PutSecretValue"),
	}
}
