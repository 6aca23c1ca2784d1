package apigateway

import (
	"net/url"
	"reflect"
	"slices"

	"skiff/local/aws/arn"
	"skiff/local/engine/provider"
)

// API Gateway asks for the HTTP verb of a call, on the path that it is made on
// (https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonapigatewaymanagementv2.html).
// A function behind an integration or an authorizer takes no right of the
// caller: there is no role to pass, the function's own permissions let API
// Gateway in.
const (
	get    = "apigateway:GET"
	post   = "apigateway:POST"
	patch  = "apigateway:PATCH"
	remove = "apigateway:DELETE"
)

// pathARN is the ARN of a path of API Gateway's own API, which has no accounts
// (https://docs.aws.amazon.com/apigateway/latest/developerguide/arn-format-reference.html).
func pathARN(region, path string) string { return arn.New("apigateway", region, "", path) }

// tagsARN is the ARN of the tags of what is at a path: a path of their own.
func tagsARN(region, path string) string {
	return pathARN(region, "/tags/"+url.QueryEscape(pathARN(region, path)))
}

// itemActions lists the actions on one item of a collection, of which each verb
// is one call.
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

// See internal/service/apigatewayv2/api.go of terraform-provider-aws 5.100.0.
// The tags come with the API itself. A create with tags takes a right to their
// path, too (https://github.com/aws-cloudformation/cloudformation-coverage-roadmap/issues/997).
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

// See internal/service/apigatewayv2/integration.go of terraform-provider-aws 5.100.0.
func integrationActions(o provider.Operation[IntegrationInputs]) []provider.Action {
	return itemActions(o.Verb, o.Record.Region, "/apis/"+o.Record.Inputs.APIID+"/integrations", o.Record.ID)
}

// See internal/service/apigatewayv2/authorizer.go of terraform-provider-aws 5.100.0.
// A create looks at the API's protocol first.
func authorizerActions(o provider.Operation[AuthorizerInputs]) []provider.Action {
	r := o.Record
	actions := itemActions(o.Verb, r.Region, "/apis/"+r.Inputs.APIID+"/authorizers", r.ID)
	if o.Verb == provider.Create {
		actions = append(provider.On(pathARN(r.Region, "/apis/"+r.Inputs.APIID), get), actions...)
	}
	return actions
}

// See internal/service/apigatewayv2/route.go of terraform-provider-aws 5.100.0.
func routeActions(o provider.Operation[RouteInputs]) []provider.Action {
	return itemActions(o.Verb, o.Record.Region, "/apis/"+o.Record.Inputs.APIID+"/routes", o.Record.ID)
}

// See internal/service/apigatewayv2/deployment.go of terraform-provider-aws 5.100.0.
func deploymentActions(o provider.Operation[DeploymentInputs]) []provider.Action {
	return itemActions(o.Verb, o.Record.Region, "/apis/"+o.Record.Inputs.APIID+"/deployments", o.Record.ID)
}

// See internal/service/apigatewayv2/stage.go of terraform-provider-aws 5.100.0.
// The tags come with the stage, and each verb but a delete looks at the API.
//
// API Gateway asks who creates a stage with tags for apigateway:TagResource,
// which the Service Authorization Reference does not list
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

// replacedSettings lists the keys of the route settings that an update does not
// leave as they are: the provider deletes each of them first.
func replacedSettings(old, settings []RouteSetting) []string {
	var keys []string
	for _, o := range old {
		if !slices.ContainsFunc(settings, func(s RouteSetting) bool { return reflect.DeepEqual(s, o) }) {
			keys = append(keys, o.RouteKey)
		}
	}
	return keys
}

// deliveryActions lists what API Gateway asks who sets a stage's access log for.
// The page has them as one set, and does not say which call takes which. What it
// lists besides is for the console: to read the log, and to create its group
// (https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-logging.html).
func deliveryActions() []provider.Action {
	return provider.On(provider.Anything,
		"logs:CreateLogDelivery", "logs:DeleteLogDelivery", "logs:DescribeLogGroups", "logs:DescribeResourcePolicies",
		"logs:GetLogDelivery", "logs:ListLogDeliveries", "logs:PutResourcePolicy", "logs:UpdateLogDelivery")
}

// gatewayService is who takes the role that API Gateway makes for itself, by
// which it reads certificates: the caller needs no right to these
// (https://docs.aws.amazon.com/apigateway/latest/developerguide/using-service-linked-roles.html).
const gatewayService = "ops.apigateway.amazonaws.com"

// See internal/service/apigatewayv2/domain_name.go of terraform-provider-aws 5.100.0.
// The tags come with the domain name. The service's role is made for the first
// domain name of an account. Each create asks for the right to, for which one is
// the first depends on the account.
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

// See internal/service/apigatewayv2/api_mapping.go of terraform-provider-aws 5.100.0.
func mappingActions(o provider.Operation[MappingInputs]) []provider.Action {
	return itemActions(o.Verb, o.Record.Region, "/domainnames/"+o.Record.Inputs.DomainName+"/apimappings", o.Record.ID)
}
