package apigateway

import (
	"testing"

	"skiff/local/aws/logs"
	"skiff/local/engine/provider"
	"skiff/local/engine/provider/providertest"
	"skiff/local/store"
)

type inputs = providertest.Inputs

// newRole returns a program that runs with a role and declares this package's
// types.
func newRole(t *testing.T) (*plane, *providertest.Role) {
	t.Helper()
	p := newPlane(t)
	r := providertest.New(p.db)
	apis, integrations, authorizers, routes, deployments, stages, domains, mappings := resourceTypes(p.APIs)
	for token, known := range map[string]bool{
		apis.Token: apis.Actions != nil, integrations.Token: integrations.Actions != nil, authorizers.Token: authorizers.Actions != nil,
		routes.Token: routes.Actions != nil, deployments.Token: deployments.Actions != nil, stages.Token: stages.Actions != nil,
		domains.Token: domains.Actions != nil, mappings.Token: mappings.Actions != nil,
	} {
		if !known {
			t.Errorf("%s has no actions", token)
		}
	}
	r.Add(apis, integrations, authorizers, routes, deployments, stages, domains, mappings)
	return p, r
}

const (
	gatewayARN = "arn:aws:apigateway:eu-west-1::"
	tagsOf     = gatewayARN + "/tags/arn%3Aaws%3Aapigateway%3Aeu-west-1%3A%3A%2F"
)

func TestAPIActions(t *testing.T) {
	t.Parallel()
	_, r := newRole(t)
	cors := inputs{"allowOrigins": []any{"https://example.com"}}
	team, room := inputs{"Team": "x"}, inputs{"Room": "y"}
	r.Run(t, APIToken,
		providertest.Step{Verb: provider.Create, In: inputs{"name": "a", "protocolType": "HTTP", "tags": team},
			Want: []string{"apigateway:POST " + gatewayARN + "/apis", "apigateway:POST " + tagsOf + "apis%2F{id}"}},
		providertest.Step{Verb: provider.Read, Want: []string{"apigateway:GET " + gatewayARN + "/apis/{id}"}},
		providertest.Step{Verb: provider.Update, In: inputs{"name": "a", "protocolType": "HTTP", "tags": room},
			Want: []string{"apigateway:POST " + tagsOf + "apis%2F{id}", "apigateway:DELETE " + tagsOf + "apis%2F{id}"}},
		providertest.Step{Verb: provider.Update, In: inputs{"name": "b", "protocolType": "HTTP", "tags": room, "corsConfiguration": cors},
			Want: []string{"apigateway:PATCH " + gatewayARN + "/apis/{id}"}},
		providertest.Step{Verb: provider.Update, In: inputs{"name": "b", "protocolType": "HTTP", "tags": room},
			Want: []string{"apigateway:DELETE " + gatewayARN + "/apis/{id}/cors"}},
		providertest.Step{Verb: provider.Delete, Want: []string{"apigateway:DELETE " + gatewayARN + "/apis/{id}"}},
	)
	r.Run(t, APIToken, providertest.Step{Verb: provider.Create, In: inputs{"name": "a", "protocolType": "HTTP"}, Want: []string{"apigateway:POST " + gatewayARN + "/apis"}})
}

// TestItemActions creates, updates and deletes each part of an API.
func TestItemActions(t *testing.T) {
	t.Parallel()
	_, r := newRole(t)
	api := r.Create(t, APIToken, inputs{"name": "a", "protocolType": "HTTP"})
	integration := r.Create(t, IntegrationToken, integrationIn(api))
	r.Create(t, RouteToken, inputs{"apiId": api, "routeKey": "GET /", "target": "integrations/" + integration})
	at := gatewayARN + "/apis/" + api
	for _, test := range []struct {
		token, collection string
		in                inputs
		property, value   string // that an update changes
		more              []string
	}{
		{IntegrationToken, "integrations", integrationIn(api), "description", "b", nil},
		{RouteToken, "routes", inputs{"apiId": api, "routeKey": "GET /a", "target": "integrations/" + integration}, "operationName", "b", nil},
		{AuthorizerToken, "authorizers", inputs{"apiId": api, "name": "a", "authorizerType": "REQUEST", "authorizerUri": invokeARN,
			"authorizerPayloadFormatVersion": "2.0", "enableSimpleResponses": true, "identitySources": []any{"$request.header.Authorization"}},
			"name", "b", []string{"apigateway:GET " + at}},
		{DeploymentToken, "deployments", inputs{"apiId": api}, "description", "b", nil},
	} {
		changed := inputs{}
		for name, value := range test.in {
			changed[name] = value
		}
		changed[test.property] = test.value
		all := at + "/" + test.collection
		r.Run(t, test.token,
			providertest.Step{Verb: provider.Create, In: test.in, Want: append(test.more, "apigateway:POST "+all)},
			providertest.Step{Verb: provider.Read, Want: []string{"apigateway:GET " + all + "/{id}"}},
			providertest.Step{Verb: provider.Update, In: changed, Want: []string{"apigateway:PATCH " + all + "/{id}"}},
			providertest.Step{Verb: provider.Delete, Want: []string{"apigateway:DELETE " + all + "/{id}"}},
		)
	}
}

func integrationIn(api string) inputs {
	return inputs{"apiId": api, "integrationType": "AWS_PROXY", "integrationUri": invokeARN, "payloadFormatVersion": "2.0"}
}

func TestStageActions(t *testing.T) {
	t.Parallel()
	p, r := newRole(t)
	const group = "/aws/vendedlogs/project-staging/access"
	must(t, store.Put(p.db, logs.Token, group, store.Record[logs.Group]{ID: group, Account: providertest.Account, Region: providertest.Region}))
	api := r.Create(t, APIToken, inputs{"name": "a", "protocolType": "HTTP"})
	integration := r.Create(t, IntegrationToken, integrationIn(api))
	for _, key := range []string{"GET /items", "GET /other"} {
		r.Create(t, RouteToken, inputs{"apiId": api, "routeKey": key, "target": "integrations/" + integration})
	}
	at := gatewayARN + "/apis/" + api
	stage := at + "/stages/$default"
	setting := func(key string, rate float64) inputs {
		return inputs{"routeKey": key, "throttlingRateLimit": rate, "throttlingBurstLimit": 1}
	}
	in := func(settings ...any) inputs {
		return inputs{"apiId": api, "name": "$default", "autoDeploy": true, "tags": inputs{"Team": "x"}, "routeSettings": settings}
	}
	logged := in(setting("GET /items", 2))
	logged["accessLogSettings"] = inputs{"destinationArn": "arn:aws:logs:eu-west-1:111111111111:log-group:" + group, "format": "$context.requestId"}
	delivery := []string{
		"logs:CreateLogDelivery *", "logs:DeleteLogDelivery *", "logs:DescribeLogGroups *", "logs:DescribeResourcePolicies *",
		"logs:GetLogDelivery *", "logs:ListLogDeliveries *", "logs:PutResourcePolicy *", "logs:UpdateLogDelivery *",
	}
	retagged := inputs{"apiId": api, "name": "$default", "autoDeploy": true, "tags": inputs{"Room": "y"}}
	untagged := inputs{"apiId": api, "name": "$default", "autoDeploy": true}
	patched := []string{"apigateway:PATCH " + stage}
	r.Run(t, StageToken,
		providertest.Step{Verb: provider.Create, In: in(setting("GET /items", 1), setting("GET /other", 1)), Want: []string{
			"apigateway:GET " + at, "apigateway:POST " + at + "/stages", "apigateway:TagResource " + at + "/stages"}},
		providertest.Step{Verb: provider.Read, Want: []string{"apigateway:GET " + at, "apigateway:GET " + stage}},
		providertest.Step{Verb: provider.Update, In: in(setting("GET /items", 2)), Want: append(patched,
			"apigateway:DELETE "+stage+"/routesettings/GET%20%2Fitems", "apigateway:DELETE "+stage+"/routesettings/GET%20%2Fother")},
		providertest.Step{Verb: provider.Update, In: logged, Want: append(patched, delivery...)},
		providertest.Step{Verb: provider.Update, In: in(), Want: append(append(patched, delivery...),
			"apigateway:DELETE "+stage+"/routesettings/GET%20%2Fitems")},
		providertest.Step{Verb: provider.Update, In: retagged, Want: []string{
			"apigateway:POST " + tagsOf + "apis%2F" + api + "%2Fstages%2F%24default", "apigateway:DELETE " + tagsOf + "apis%2F" + api + "%2Fstages%2F%24default"}},
		providertest.Step{Verb: provider.Update, In: untagged, Want: []string{"apigateway:DELETE " + tagsOf + "apis%2F" + api + "%2Fstages%2F%24default"}},
		providertest.Step{Verb: provider.Delete, Want: []string{"apigateway:DELETE " + stage}},
	)
	delete(logged, "tags")
	r.Run(t, StageToken, providertest.Step{Verb: provider.Create, In: logged,
		Want: append(delivery, "apigateway:GET "+at, "apigateway:POST "+at+"/stages")})
}

func TestDomainActions(t *testing.T) {
	t.Parallel()
	_, r := newRole(t)
	const name = "api.example.com"
	at := gatewayARN + "/domainnames/" + name
	in := func(address string, tags inputs) inputs {
		return inputs{"domainName": name, "tags": tags, "domainNameConfiguration": inputs{
			"certificateArn": certificateARN(name), "endpointType": "REGIONAL", "securityPolicy": "TLS_1_2", "ipAddressType": address}}
	}
	r.Run(t, DomainToken,
		providertest.Step{Verb: provider.Create, In: in("ipv4", inputs{"Team": "x"}), Want: []string{
			"apigateway:POST " + gatewayARN + "/domainnames", "apigateway:POST " + tagsOf + "domainnames%2F" + name,
			"iam:CreateServiceLinkedRole arn:aws:iam::111111111111:role/aws-service-role/ops.apigateway.amazonaws.com/AWSServiceRoleForAPIGateway" +
				" iam:AWSServiceName=ops.apigateway.amazonaws.com"}},
		providertest.Step{Verb: provider.Read, Want: []string{"apigateway:GET " + at}},
		providertest.Step{Verb: provider.Update, In: in("dualstack", inputs{"Team": "x"}), Want: []string{"apigateway:PATCH " + at}},
		providertest.Step{Verb: provider.Update, In: in("dualstack", inputs{"Team": "z"}), Want: []string{"apigateway:POST " + tagsOf + "domainnames%2F" + name}},
		providertest.Step{Verb: provider.Delete, Want: []string{"apigateway:DELETE " + at}},
	)
	r.Create(t, DomainToken, in("ipv4", nil))
	api := r.Create(t, APIToken, inputs{"name": "a", "protocolType": "HTTP"})
	r.Create(t, StageToken, inputs{"apiId": api, "name": "$default", "autoDeploy": true})
	mapping := inputs{"apiId": api, "domainName": name, "stage": "$default"}
	below := inputs{"apiId": api, "domainName": name, "stage": "$default", "apiMappingKey": "v1"}
	r.Run(t, MappingToken,
		providertest.Step{Verb: provider.Create, In: mapping, Want: []string{"apigateway:POST " + at + "/apimappings"}},
		providertest.Step{Verb: provider.Read, Want: []string{"apigateway:GET " + at + "/apimappings/{id}"}},
		providertest.Step{Verb: provider.Update, In: below, Want: []string{"apigateway:PATCH " + at + "/apimappings/{id}"}},
		providertest.Step{Verb: provider.Delete, Want: []string{"apigateway:DELETE " + at + "/apimappings/{id}"}},
	)
}
