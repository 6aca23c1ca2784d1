package secretsmanager

import "skiff/local/engine/provider"

// secretActions lists the actions on one secret; the resource has no value.
// After a delete the provider reads until the secret is gone. It follows
// internal/service/secretsmanager/secret.go of terraform-provider-aws 5.100.0
// and
// https://docs.aws.amazon.com/service-authorization/latest/reference/list_awssecretsmanager.html.
func secretActions(o provider.Operation[Secret]) []provider.Action {
	resource := o.Record.ID
	tags := o.Tags(resource, "secretsmanager:TagResource", "secretsmanager:UntagResource")
	switch o.Verb {
	case provider.Create:
		return append(provider.On(resource, "secretsmanager:CreateSecret"), tags...)
	case provider.Update:
		if o.Changed("description", "kmsKeyId") {
			return append(tags, provider.On(resource, "secretsmanager:UpdateSecret")...)
		}
		return tags
	case provider.Delete:
		return provider.On(resource, "secretsmanager:DeleteSecret", "secretsmanager:DescribeSecret")
	}
	return provider.On(resource, "secretsmanager:DescribeSecret", "secretsmanager:GetResourcePolicy")
}
