package ssm

import "skiff/local/engine/provider"

// parameterActions lists the actions on one parameter. DescribeParameters has
// no resource. It follows internal/service/ssm/parameter.go of
// terraform-provider-aws 5.100.0 and
// https://docs.aws.amazon.com/service-authorization/latest/reference/list_awssystemsmanager.html.
func parameterActions(o provider.Operation[Parameter]) []provider.Action {
	resource := parameterARN(o.Record)
	tags := o.Tags(resource, "ssm:AddTagsToResource", "ssm:RemoveTagsFromResource")
	switch o.Verb {
	case provider.Create:
		return append(provider.On(resource, "ssm:PutParameter"), tags...)
	case provider.Update:
		if o.Changed("value", "type", "dataType", "description", "tier") {
			return append(tags, provider.On(resource, "ssm:PutParameter")...)
		}
		return tags
	case provider.Delete:
		return provider.On(resource, "ssm:DeleteParameter")
	}
	reads := provider.On(resource, "ssm:GetParameter", "ssm:ListTagsForResource")
	return append(reads, provider.On(provider.Anything, "ssm:DescribeParameters")...)
}
