package main

import (
	"errors"
	"fmt"
	"path"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ssm"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"skiff/lambdas"
)

// theirAPIs are the APIs of the stack that this one is attached to.
type theirAPIs struct {
	known
	tables places // with the WebSocket clients
}

// fact is one parameter that an attached stack reads.
type fact struct {
	name  string // of the parameter, below /PROJECT/STACK/
	value *pulumi.StringInput
}

// facts lists what a stack publishes of its APIs, each fact in a parameter.
func (k *known) facts() []fact {
	all := []fact{{"apiId", &k.id}, {"apiExecutionArn", &k.executionARN}, {"apiUrl", &k.url}, {"apiStage", &k.stage},
		{"apiAccessLog", &k.accessLog}, {"apiAutoDeploy", &k.autoDeploy}}
	if k.guard != nil {
		all = append(all, fact{"authorizationType", &k.guard.kind}, fact{"authorizerId", &k.guard.id})
	}
	if k.clients != nil {
		all = append(all, fact{"socketUrl", &k.clients.url}, fact{"socketPostUrl", &k.clients.postURL}, fact{"socketPostArn", &k.clients.postARN})
	}
	return all
}

// readAPIs reads the facts of the other stack. Its API must deploy every route
// automatically: its own deployments do not include the routes of this stack.
func readAPIs(s *stack, service parts) (*theirAPIs, error) {
	a := &theirAPIs{tables: places{}}
	if hasGuarded(service.Functions) {
		a.guard = &authorizer{}
	}
	if len(service.theirs) > 0 || used(service.Functions, lambdas.Resource{Clients: true}) {
		a.clients = &clients{}
	}
	for _, f := range a.facts() {
		value, err := s.readTheirs(f.name)
		if err != nil {
			return nil, err
		}
		*f.value = pulumi.String(value)
	}
	for _, t := range service.theirs {
		name, err := s.readTheirs(tableLabel(t).member("name"))
		if err != nil {
			return nil, err
		}
		arn, err := s.readTheirs(tableLabel(t).member("arn"))
		if err != nil {
			return nil, err
		}
		a.tables[lambdas.Resource{Table: t.Name}] = place{
			arn: pulumi.String(arn), variables: pulumi.StringMap{tableLabel(t).variable("NAME"): pulumi.String(name)}}
	}
	if a.autoDeploy != pulumi.String("true") {
		return nil, fmt.Errorf("%s: the stack %s publishes its routes itself and would not publish those of this one; "+
			"set %s to true there (pulumi config set autoDeploy true --stack %s), bring it up, and try again",
			s.cfg.key("attachTo"), s.cfg.AttachTo, path.Dir(s.cfg.AttachTo)+":autoDeploy", path.Base(s.cfg.AttachTo))
	}
	return a, nil
}

// readTheirs reads a parameter of the other stack.
func (s *stack) readTheirs(name string) (string, error) {
	parameter := "/" + s.cfg.AttachTo + "/" + name
	found, err := ssm.LookupParameter(s.ctx, &ssm.LookupParameterArgs{Name: parameter}, s.in)
	if err != nil {
		return "", fmt.Errorf("%s: the stack %s has no parameter %s in this account and region; bring it up first, "+
			"and let this stack's credentials read the parameter: %w", s.cfg.key("attachTo"), s.cfg.AttachTo, parameter, err)
	}
	return found.Value, nil
}

// places are where the other stack's WebSocket clients are.
func (a *theirAPIs) places() places { return a.clients.places().and(a.tables) }

// connect adds the routes of the HTTP API, which is all that a stack adds.
func (a *theirAPIs) connect(s *stack, fns []*function) (*known, *routes, error) {
	http, err := newRoutes(s, &a.known, fns)
	if err != nil {
		return nil, nil, fmt.Errorf("routes: %w", err)
	}
	for _, f := range fns {
		http.waitFor = append(http.waitFor, f.lambda)
	}
	return &a.known, &routes{http: http}, nil
}

// publish declares the parameter that says what the stack is attached to. The
// other API publishes by itself what is added to it. The parameter comes after
// all else, as the stage of an API does: where it is protected, a destroy ends
// before it has deleted anything.
func (a *theirAPIs) publish(s *stack, r *routes, _ *domains, before []pulumi.Resource) error {
	_, err := ssm.NewParameter(s.ctx, "attachedTo", &ssm.ParameterArgs{
		Name:  pulumi.String(s.path("attachedTo")),
		Type:  pulumi.String("String"),
		Value: pulumi.String(s.cfg.AttachTo),
	}, s.in, pulumi.Protect(s.cfg.Protect), pulumi.DependsOn(append(before, r.http.waitFor...)))
	return err
}

// checkAttached refuses settings of an API that is another stack's.
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
			errs = append(errs, fmt.Errorf("%s has no effect with %s: the API is that of %s; set it there", c.key(s.key), c.key("attachTo"), c.AttachTo))
		}
	}
	return errors.Join(errs...)
}
