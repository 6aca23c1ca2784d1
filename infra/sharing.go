package main

import (
	"errors"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/iam"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ssm"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"skiff/lambdas"
	"skiff/lambdas/names"
)

// sharing is what a stack tells of its APIs to those that are attached to it.
type sharing struct {
	APIID, ExecutionARN, URL, Stage, AutoDeploy, AccessLog string

	AuthorizationType, AuthorizerID string

	SocketURL, SocketPostURL, SocketPostARN string
	ConnectionsTable, ConnectionsTableARN   string
}

// fields are the parameters that it is told by, by name.
func (s *sharing) fields() map[string]*string {
	return map[string]*string{
		"apiId": &s.APIID, "apiExecutionArn": &s.ExecutionARN, "apiUrl": &s.URL, "apiStage": &s.Stage, "apiAutoDeploy": &s.AutoDeploy,
		"apiAccessLog": &s.AccessLog, "authorizationType": &s.AuthorizationType, "authorizerId": &s.AuthorizerID,
		"socketUrl": &s.SocketURL, "socketPostUrl": &s.SocketPostURL, "socketPostArn": &s.SocketPostARN,
		"connectionsTableName": &s.ConnectionsTable, "connectionsTableArn": &s.ConnectionsTableARN,
	}
}

// readSharing reads what the stack that this one is attached to tells; nil for a
// stack of its own. The other one must publish routes as they come: its
// deployments would not know of these.
func readSharing(ctx *pulumi.Context, cfg config, through pulumi.InvokeOption) (*sharing, error) {
	if cfg.AttachTo == "" {
		return nil, nil
	}
	s := &sharing{}
	fields := s.fields()
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		parameter := "/" + cfg.AttachTo + "/" + name
		found, err := ssm.LookupParameter(ctx, &ssm.LookupParameterArgs{Name: parameter}, through)
		if err != nil {
			return nil, fmt.Errorf("skiff:attachTo: the stack %s tells no %s in this account and region; bring it up first, "+
				"and let this stack's credentials read the parameter: %w", cfg.AttachTo, parameter, err)
		}
		*fields[name] = found.Value
	}
	if s.AutoDeploy != "true" {
		return nil, fmt.Errorf("skiff:attachTo: the stack %s publishes its routes itself and would not publish those of this one; "+
			"set skiff:autoDeploy to true there (pulumi config set autoDeploy true --stack %s), bring it up, and try again", cfg.AttachTo, path.Base(cfg.AttachTo))
	}
	return s, nil
}

// share declares a parameter for each thing that other services may need of
// this one, below /PROJECT/STACK/. They are read when a stack is brought up,
// never by a function: Parameter Store has 40 reads a second.
// https://docs.aws.amazon.com/general/latest/gr/ssm.html
func share(ctx *pulumi.Context, cfg config, in pulumi.ResourceOption, a *apis, guard *authorizer, data *stores) ([]pulumi.Resource, error) {
	values := pulumi.StringMap{
		"tableName": data.items.Name,
		"tableArn":  data.items.Arn,
		"queueUrl":  data.queues.events.Url,
		"queueArn":  data.queues.events.Arn,
	}
	if a.owner == nil {
		maps.Copy(values, shareAPIs(cfg, a, guard, data))
	}
	policies, err := newSharedPolicies(ctx, in, data)
	if err != nil {
		return nil, err
	}
	maps.Copy(values, policies)
	var declared []pulumi.Resource
	for _, name := range slices.Sorted(maps.Keys(values)) {
		parameter, err := ssm.NewParameter(ctx, name, &ssm.ParameterArgs{
			Name:  pulumi.String(fmt.Sprintf("/%s/%s/%s", ctx.Project(), ctx.Stack(), name)),
			Type:  pulumi.String("String"),
			Value: values[name],
		}, in)
		if err != nil {
			return nil, err
		}
		declared = append(declared, parameter)
	}
	return declared, nil
}

// shareAPIs is what readSharing reads in a stack that is attached to this one.
func shareAPIs(cfg config, a *apis, guard *authorizer, data *stores) pulumi.StringMap {
	return pulumi.StringMap{
		"apiId":                a.http.id,
		"apiExecutionArn":      a.http.executionARN,
		"apiUrl":               a.http.url(),
		"apiStage":             pulumi.String(a.http.stage),
		"apiAutoDeploy":        pulumi.String(fmt.Sprint(cfg.AutoDeploy)),
		"apiAccessLog":         pulumi.String(a.http.accessLog),
		"authorizationType":    pulumi.String(guard.kind),
		"authorizerId":         guard.id,
		"socketUrl":            a.sockets.url,
		"socketPostUrl":        a.sockets.postURL,
		"socketPostArn":        a.sockets.postARN,
		"connectionsTableName": data.connections.name,
		"connectionsTableArn":  data.connections.arn,
	}
}

// newSharedPolicies declares what another service's role may be given: rights on
// what is this stack's, spelt out once, by its owner.
func newSharedPolicies(ctx *pulumi.Context, in pulumi.ResourceOption, data *stores) (pulumi.StringMap, error) {
	index := pulumi.Sprintf("%s/index/%s", data.items.Arn, names.StatusIndex)
	arns := pulumi.StringMap{}
	for _, p := range []struct {
		name, description string
		grants            []grant
	}{
		{"items-read", "Read items, and list them by status", []grant{
			{[]string{"dynamodb:GetItem", "dynamodb:BatchGetItem"}, data.items.Arn}, {[]string{"dynamodb:Query"}, index}}},
		{"items-write", "Write items", []grant{
			{[]string{"dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem"}, data.items.Arn}}},
		{"events-send", "Send events of items", []grant{{[]string{"sqs:SendMessage"}, data.queues.events.Arn}}},
	} {
		policy, err := iam.NewPolicy(ctx, p.name, &iam.PolicyArgs{
			Description: pulumi.String(p.description),
			Policy:      allow(p.grants...),
		}, in)
		if err != nil {
			return nil, err
		}
		arns[camel(p.name)+"PolicyArn"] = policy.Arn
	}
	return arns, nil
}

// camel is a name as parameters are spelt.
func camel(name string) string {
	first, second, _ := strings.Cut(name, "-")
	return first + strings.ToUpper(second[:1]) + second[1:]
}

// newAttachment declares the parameter that tells what the stack is attached to.
// It comes after all else, as the stage of an API does: where it is protected, a
// destroy ends before it has deleted anything.
func newAttachment(ctx *pulumi.Context, cfg config, in pulumi.ResourceOption, fns []*function, before []pulumi.Resource) error {
	for _, f := range fns {
		before = append(before, f.lambda)
		before = append(before, f.parts...)
	}
	_, err := ssm.NewParameter(ctx, "attachedTo", &ssm.ParameterArgs{
		Name:  pulumi.String(fmt.Sprintf("/%s/%s/attachedTo", ctx.Project(), ctx.Stack())),
		Type:  pulumi.String("String"),
		Value: pulumi.String(cfg.AttachTo),
	}, in, pulumi.Protect(cfg.Protect), pulumi.DependsOn(before))
	return err
}

// attached are the functions of a stack that is attached to another one: those
// that authorize, or serve WebSocket clients, are there.
func attached(functions []lambdas.Function) []lambdas.Function {
	var own []lambdas.Function
	for _, f := range functions {
		if !f.Authorizes && len(f.SocketRoutes) == 0 {
			own = append(own, f)
		}
	}
	return own
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
			errs = append(errs, fmt.Errorf("skiff:%s has no effect with skiff:attachTo: the API is that of %s; set it there", s.key, c.AttachTo))
		}
	}
	return errors.Join(errs...)
}
