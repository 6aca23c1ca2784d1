package apigateway

import (
	"net/url"
	"reflect"
	"slices"

	"skiff/local/aws/arn"
	"skiff/local/engine/provider"
)

// The actions of API Gateway are HTTP verbs, on the path of the call
// (https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonapigatewaymanagementv2.html).
// The function of an integration or an authorizer needs no right of the caller:
// there is no role to pass, because the function's own permissions admit API
// Gateway.
const (
	get    = "apigateway:GET"
	post   = "apigateway:POST"
	patch  = "apigateway:PATCH"
	remove = "apigateway:DELETE"
)

// pathARN returns the ARN of a path of the API Gateway API. It has no account
// (https://docs.aws.amazon.com/apigateway/latest/developerguide/arn-format-reference.html).
func pathARN(region, path string) string { return arn.New("apigateway", region, "", path) }

// tagsARN returns the ARN of the tags of the resource at a path. Tags have
// their own path.
func tagsARN(region, path string) string {
	return pathARN(region, "/tags/"+url.QueryEscape(pathARN(region, path)))
}

// itemActions lists the actions on one item of a collection. Each verb is one
// call.
func itemActions(verb provider.Verb, region, collection, id string) []provider.Action {
	item := pathARN(region, collection+"/"+id)
	switch verb {
	case provider.Create:
		return provider.On(pathARN(region, collection), post)
	case provider.Update:
		return provider.On(item, patch)
	case provider.Delete:
		return provider.On(item, remove)
	}
	return provider.On(item, get)
}

// apiActions follows internal/service/apigatewayv2/api.go of
// terraform-provider-aws 5.100.0. A read of the API includes its tags. A create
// with tags also needs a right to the path of the tags
// (https://github.com/aws-cloudformation/cloudformation-coverage-roadmap/issues/997).
func apiActions(o provider.Operation[APIInputs]) []provider.Action {
	r := o.Record
	actions := o.Tags(tagsARN(r.Region, "/apis/"+r.ID), post, remove)
	if o.Verb != provider.Update {
		return append(itemActions(o.Verb, r.Region, "/apis", r.ID), actions...)
	}
	noCORS := o.Changed("corsConfiguration") && r.Inputs.CORSConfiguration == nil
	if noCORS {
		actions = append(actions, provider.On(pathARN(r.Region, "/apis/"+r.ID+"/cors"), remove)...)
	}
	if o.Changed("description", "disableExecuteApiEndpoint", "ipAddressType", "name", "routeSelectionExpression", "version") ||
		o.Changed("corsConfiguration") && !noCORS {
		actions = append(actions, itemActions(o.Verb, r.Region, "/apis", r.ID)...)
	}
	return actions
}

// integrationActions follows internal/service/apigatewayv2/integration.go of
// terraform-provider-aws 5.100.0.
func integrationActions(o provider.Operation[IntegrationInputs]) []provider.Action {
	return itemActions(o.Verb, o.Record.Region, "/apis/"+o.Record.Inputs.APIID+"/integrations", o.Record.ID)
}

// authorizerActions follows internal/service/apigatewayv2/authorizer.go of
// terraform-provider-aws 5.100.0. A create reads the API's protocol first.
func authorizerActions(o provider.Operation[AuthorizerInputs]) []provider.Action {
	r := o.Record
	actions := itemActions(o.Verb, r.Region, "/apis/"+r.Inputs.APIID+"/authorizers", r.ID)
	if o.Verb == provider.Create {
		actions = append(provider.On(pathARN(r.Region, "/apis/"+r.Inputs.APIID), get), actions...)
	}
	return actions
}

// routeActions follows internal/service/apigatewayv2/route.go of
// terraform-provider-aws 5.100.0.
func routeActions(o provider.Operation[RouteInputs]) []provider.Action {
	return itemActions(o.Verb, o.Record.Region, "/apis/"+o.Record.Inputs.APIID+"/routes", o.Record.ID)
}

// deploymentActions follows internal/service/apigatewayv2/deployment.go of
// terraform-provider-aws 5.100.0.
func deploymentActions(o provider.Operation[DeploymentInputs]) []provider.Action {
	return itemActions(o.Verb, o.Record.Region, "/apis/"+o.Record.Inputs.APIID+"/deployments", o.Record.ID)
}

// stageActions follows internal/service/apigatewayv2/stage.go of
// terraform-provider-aws 5.100.0. A read of the stage includes its tags. Each
// verb except delete also reads the API.
//
// Creating a stage with tags needs apigateway:TagResource, which the Service
// Authorization Reference does not list
// (https://github.com/aws-amplify/amplify-cli/issues/12316).
func stageActions(o provider.Operation[StageInputs]) []provider.Action {
	r := o.Record
	api := "/apis/" + r.Inputs.APIID
	stages := api + "/stages"
	var actions []provider.Action
	switch o.Verb {
	case provider.Create:
		actions = append(provider.On(pathARN(r.Region, api), get), o.Tags(pathARN(r.Region, stages), "apigateway:TagResource", "")...)
		if r.Inputs.AccessLogSettings != nil {
			actions = append(actions, deliveryActions()...)
		}
	case provider.Update:
		actions = o.Tags(tagsARN(r.Region, stages+"/"+r.ID), post, remove)
		if !o.Changed("accessLogSettings", "autoDeploy", "defaultRouteSettings", "deploymentId", "description", "routeSettings", "stageVariables") {
			return actions
		}
		for _, key := range replacedSettings(o.Old.Inputs.RouteSettings, r.Inputs.RouteSettings) {
			actions = append(actions, provider.On(pathARN(r.Region, stages+"/"+r.ID+"/routesettings/"+url.PathEscape(key)), remove)...)
		}
		if o.Changed("accessLogSettings") {
			actions = append(actions, deliveryActions()...)
		}
	case provider.Read:
		actions = provider.On(pathARN(r.Region, api), get)
	}
	return append(actions, itemActions(o.Verb, r.Region, stages, r.ID)...)
}

// replacedSettings returns the route keys whose settings an update changes or
// removes. The provider deletes these settings first.
func replacedSettings(old, settings []RouteSetting) []string {
	var keys []string
	for _, o := range old {
		if !slices.ContainsFunc(settings, func(s RouteSetting) bool { return reflect.DeepEqual(s, o) }) {
			keys = append(keys, o.RouteKey)
		}
	}
	return keys
}

// deliveryActions lists the actions that API Gateway requires to set a stage's
// access log. AWS documents them as one set, without the call that needs each.
// Its further actions are for the console, which reads the log and creates its
// group
// (https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-logging.html).
func deliveryActions() []provider.Action {
	return provider.On(provider.Anything,
		"logs:CreateLogDelivery", "logs:DeleteLogDelivery", "logs:DescribeLogGroups", "logs:DescribeResourcePolicies",
		"logs:GetLogDelivery", "logs:ListLogDeliveries", "logs:PutResourcePolicy", "logs:UpdateLogDelivery")
}

// gatewayService assumes API Gateway's service-linked role, with which it reads
// certificates. The caller needs no right to the certificates
// (https://docs.aws.amazon.com/apigateway/latest/developerguide/using-service-linked-roles.html).
const gatewayService = "ops.apigateway.amazonaws.com"

// domainActions follows internal/service/apigatewayv2/domain_name.go of
// terraform-provider-aws 5.100.0. A read of the domain name includes its tags.
// The first domain name of an account creates the service-linked role. Each
// create needs the right to do that here, because which one is first depends on
// the account.
func domainActions(o provider.Operation[DomainInputs]) []provider.Action {
	r := o.Record
	actions := o.Tags(tagsARN(r.Region, "/domainnames/"+r.ID), post, remove)
	if o.Verb == provider.Create {
		role := arn.New("iam", "", r.Account, "role/aws-service-role/"+gatewayService+"/AWSServiceRoleForAPIGateway")
		actions = append(actions, provider.When(provider.On(role, "iam:CreateServiceLinkedRole"), "iam:AWSServiceName", gatewayService)...)
	}
	if o.Verb == provider.Update && !o.Changed("domainNameConfiguration") {
		return actions
	}
	return append(actions, itemActions(o.Verb, r.Region, "/domainnames", r.ID)...)
}

// mappingActions follows internal/service/apigatewayv2/api_mapping.go of
// terraform-provider-aws 5.100.0.
func mappingActions(o provider.Operation[MappingInputs]) []provider.Action {
	return itemActions(o.Verb, o.Record.Region, "/domainnames/"+o.Record.Inputs.DomainName+"/apimappings", o.Record.ID)
}
