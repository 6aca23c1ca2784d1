package main

import (
	"errors"
	"fmt"
	"path"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ssm"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"skiff/lambdas"
)

// hostAPIs are the APIs of the host stack: the stack that this one is attached
// to.
type hostAPIs struct {
	apiInfo
	tables places // of WebSocket connections
}

// fact is one parameter of the host stack that an attached stack reads.
type fact struct {
	name  string // of the parameter, without /PROJECT/STACK/
	value *pulumi.StringInput
}

// facts lists what a stack publishes about its APIs, each in a parameter.
func (k *apiInfo) facts() []fact {
	all := []fact{{"apiId", &k.id}, {"apiExecutionArn", &k.executionARN}, {"apiUrl", &k.url}, {"apiStage", &k.stage},
		{"apiAccessLog", &k.accessLog}, {"apiAutoDeploy", &k.autoDeploy}}
	if k.authorizer != nil {
		all = append(all, fact{"authorizationType", &k.authorizer.kind}, fact{"authorizerId", &k.authorizer.id})
	}
	if k.clients != nil {
		all = append(all, fact{"socketUrl", &k.clients.url}, fact{"socketPostUrl", &k.clients.postURL}, fact{"socketPostArn", &k.clients.postARN})
	}
	return all
}

// readAPIs reads the facts of the host stack. The host's API must deploy every
// route automatically, because the host's own deployments do not include the
// routes of this stack.
func readAPIs(s *stack, service parts) (*hostAPIs, error) {
	a := &hostAPIs{tables: places{}}
	if hasGuarded(service.Functions) {
		a.authorizer = &authorizer{}
	}
	if len(service.hostTables) > 0 || used(service.Functions, lambdas.Resource{Clients: true}) {
		a.clients = &clients{}
	}
	for _, f := range a.facts() {
		value, err := s.readHost(f.name)
		if err != nil {
			return nil, err
		}
		*f.value = pulumi.String(value)
	}
	for _, t := range service.hostTables {
		name, err := s.readHost(tableLabel(t).member("name"))
		if err != nil {
			return nil, err
		}
		arn, err := s.readHost(tableLabel(t).member("arn"))
		if err != nil {
			return nil, err
		}
		a.tables[lambdas.Resource{Table: t.Name}] = place{
			arn: pulumi.String(arn), variables: pulumi.StringMap{tableLabel(t).variable("NAME"): pulumi.String(name)}}
	}
	if a.autoDeploy != pulumi.String("true") {
		return nil, fmt.Errorf("%s: the API of stack %s does not deploy the routes of this stack; "+
			"set %s to true there (pulumi config set autoDeploy true --stack %s), run up there, and try again",
			s.cfg.key("attachTo"), s.cfg.AttachTo, path.Dir(s.cfg.AttachTo)+":autoDeploy", path.Base(s.cfg.AttachTo))
	}
	return a, nil
}

// readHost reads a parameter of the host stack.
func (s *stack) readHost(name string) (string, error) {
	parameter := "/" + s.cfg.AttachTo + "/" + name
	found, err := ssm.LookupParameter(s.ctx, &ssm.LookupParameterArgs{Name: parameter}, s.in)
	if err != nil {
		return "", fmt.Errorf("%s: the stack %s has no readable parameter %s in this account and region; run up there first, "+
			"and let this stack's credentials read the parameter: %w", s.cfg.key("attachTo"), s.cfg.AttachTo, parameter, err)
	}
	return found.Value, nil
}

// places returns the places of the host's WebSocket clients and tables.
func (a *hostAPIs) places() places { return a.clients.places().and(a.tables) }

// addRoutes adds the routes of the functions to the host's HTTP API. An
// attached stack has no WebSocket routes.
func (a *hostAPIs) addRoutes(s *stack, fns []*function) (*apiInfo, *routes, error) {
	http, err := newRoutes(s, &a.apiInfo, fns)
	if err != nil {
		return nil, nil, fmt.Errorf("routes: %w", err)
	}
	for _, f := range fns {
		http.waitFor = append(http.waitFor, f.lambda)
	}
	return &a.apiInfo, &routes{http: http}, nil
}

// publish declares the parameter that names the host stack. The host's API
// deploys the routes automatically. The parameter depends on every other
// resource, as a stage does: if it is protected, a destroy stops before it
// deletes anything.
func (a *hostAPIs) publish(s *stack, r *routes, _ *domains, waitFor []pulumi.Resource) error {
	_, err := ssm.NewParameter(s.ctx, "attachedTo", &ssm.ParameterArgs{
		Name:  pulumi.String(s.path("attachedTo")),
		Type:  pulumi.String("String"),
		Value: pulumi.String(s.cfg.AttachTo),
	}, s.in, pulumi.Protect(s.cfg.Protect), pulumi.DependsOn(append(waitFor, r.http.waitFor...)))
	return err
}

// checkAttached refuses settings that belong to the host stack's API.
func (c config) checkAttached() error {
	if c.AttachTo == "" {
		return nil
	}
	var errs []error
	for _, s := range []struct {
		key string
		set bool
	}{{"domain", c.Domain != ""}, {"issuer", c.Issuer != ""}, {"corsOrigins", len(c.CORSOrigins) > 0}, {"routeThrottles", len(c.RouteThrottles) > 0}} {
		if s.set {
			errs = append(errs, fmt.Errorf("%s has no effect with %s: the API belongs to %s; set it there", c.key(s.key), c.key("attachTo"), c.AttachTo))
		}
	}
	return errors.Join(errs...)
}
