package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"testing"

	"skiff/infra/recording"
	"skiff/lambdas"
)

const (
	roleType          = "aws:iam/role:Role"
	policyType        = "aws:iam/rolePolicy:RolePolicy"
	sharedType        = "aws:iam/policy:Policy"
	logGroupType      = "aws:cloudwatch/logGroup:LogGroup"
	functionType      = "aws:lambda/function:Function"
	permissionType    = "aws:lambda/permission:Permission"
	workerType        = "aws:lambda/eventSourceMapping:EventSourceMapping"
	commandType       = "command:local:Command"
	integrationType   = "aws:apigatewayv2/integration:Integration"
	routeType         = "aws:apigatewayv2/route:Route"
	authorizerType    = "aws:apigatewayv2/authorizer:Authorizer"
	stageType         = "aws:apigatewayv2/stage:Stage"
	apiType           = "aws:apigatewayv2/api:Api"
	deploymentType    = "aws:apigatewayv2/deployment:Deployment"
	domainType        = "aws:apigatewayv2/domainName:DomainName"
	mappingType       = "aws:apigatewayv2/apiMapping:ApiMapping"
	tableType         = "aws:dynamodb/table:Table"
	queueType         = "aws:sqs/queue:Queue"
	redriveType       = "aws:sqs/redriveAllowPolicy:RedriveAllowPolicy"
	secretType        = "aws:secretsmanager/secret:Secret"
	parameterType     = "aws:ssm/parameter:Parameter"
	zoneType          = "aws:route53/zone:Zone"
	recordType        = "aws:route53/record:Record"
	certificateType   = "aws:acm/certificate:Certificate"
	validationType    = "aws:acm/certificateValidation:CertificateValidation"
	accountType       = "pulumi:providers:aws"
	alarmType         = "aws:cloudwatch/metricAlarm:MetricAlarm"
	dashboardType     = "aws:cloudwatch/dashboard:Dashboard"
	topicType         = "aws:sns/topic:Topic"
	subscriptionType  = "aws:sns/topicSubscription:TopicSubscription"
	scheduleType      = "aws:scheduler/schedule:Schedule"
	bucketType        = "aws:s3/bucketV2:BucketV2"
	secretVersionType = "aws:secretsmanager/secretVersion:SecretVersion"
)

// held is a recorded stack with the declaration that it deployed.
type held struct {
	*recording.Stack
	lambdas.Service
}

// hold returns the recorded stack with its declaration. Without a socket route
// the program ignores socketDomain.
func hold(r *recording.Stack, declared lambdas.Service) held {
	h := held{r, declared}
	if !h.sockets() && h.set("socketDomain") != "" {
		without := *r
		without.Settings = with(maps.Clone(r.Settings), "socketDomain=")
		h.Stack = &without
	}
	return h
}

// set returns a setting of the stack.
func (h held) set(name string) string { return settingOf(h.Stack, name) }

// rule is a rule for every stack. A test checks that a recording follows it,
// and that the check fails for a spoilt recording.
type rule struct {
	name  string
	check func(held) (offences []string)
	spoil func(*recording.Stack) // breaks the rule in a recording of everything()
}

// TestRules checks the team's own stacks against the rules.
func TestRules(t *testing.T) {
	t.Parallel()
	for stack, rec := range ownStacks(t) {
		t.Run(stack, func(t *testing.T) {
			t.Parallel()
			checkRules(t, lambdas.Declared(), rec)
		})
	}
}

// TestRulesFail checks that each rule holds for a declaration with an entry of
// each kind, and fails for a spoilt recording of it.
func TestRulesFail(t *testing.T) {
	t.Parallel()
	for _, stack := range []string{"local", "production"} {
		whole, err := deployWith(t, everything(), settingsOf(t, stack))
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range rules() {
			t.Run(stack+"/"+r.name, func(t *testing.T) {
				t.Parallel()
				whole.Prove(t, func(s *recording.Stack) []string { return r.check(hold(s, everything())) }, r.spoil)
			})
		}
	}
}

func rules() []rule {
	return slices.Concat(functionRules(), sourceRules(), routeRules(), storeRules(), bucketRules(), stageRules(), domainRules(), sharingRules(), operationRules())
}

// checkRules reports every offence against a rule.
func checkRules(t *testing.T, declared lambdas.Service, r *recording.Stack) {
	t.Helper()
	for _, rule := range rules() {
		for _, offence := range rule.check(hold(r, declared)) {
			t.Errorf("%s: %s", rule.name, offence)
		}
	}
}

// change returns a spoil function that changes a resource.
func change(key string, spoil func(*recording.Resource)) func(*recording.Stack) {
	return func(r *recording.Stack) {
		res := r.Resources[key]
		spoil(&res)
		r.Resources[key] = res
	}
}

// add returns a spoil function that adds a resource.
func add(typ string, inputs map[string]any) func(*recording.Stack) {
	return func(r *recording.Stack) {
		r.Resources[typ+" more"] = recording.Resource{Type: typ, Name: "more", Inputs: inputs, Outputs: inputs}
	}
}

// within returns a spoil function that changes an input within an object.
func within(typ, name, object, property string, value any) func(*recording.Stack) {
	return func(r *recording.Stack) { nested(r.Of(typ)[name], object)[property] = value }
}

// nested returns the object at the path in the inputs, or nil.
func nested(r recording.Resource, path ...string) map[string]any {
	m := r.Inputs
	for _, name := range path {
		m, _ = m[name].(map[string]any)
	}
	return m
}

// differ returns an offence if the two have different texts. For maps it
// returns an offence for each different entry.
func differ(what string, got, want any) (offences []string) {
	g, w := words(got), words(want)
	for _, key := range slices.Sorted(maps.Keys(g)) {
		if g[key] != w[key] {
			offences = append(offences, fmt.Sprintf("%s%s: %s, want %s", what, key, g[key], cmp.Or(w[key], "none")))
		}
	}
	for _, key := range slices.Sorted(maps.Keys(w)) {
		if _, ok := g[key]; !ok {
			offences = append(offences, fmt.Sprintf("%s%s: none, want %s", what, key, w[key]))
		}
	}
	return offences
}

// words returns the text of each entry of a map, or of a single value.
func words(value any) map[string]string {
	v := reflect.ValueOf(value)
	if v.Kind() != reflect.Map {
		return map[string]string{"": fmt.Sprint(value)}
	}
	all := map[string]string{}
	for _, key := range v.MapKeys() {
		all[" "+key.String()] = fmt.Sprint(v.MapIndex(key))
	}
	return all
}

// object decodes a JSON object. It returns nil for any other text.
func object(text any) map[string]any {
	var all map[string]any
	if json.Unmarshal([]byte(fmt.Sprint(text)), &all) != nil {
		return nil
	}
	return all
}

// statements returns the statements of a policy. It returns nil for any other
// text.
func statements(text any) []map[string]any {
	var p struct{ Statement []map[string]any }
	if json.Unmarshal([]byte(fmt.Sprint(text)), &p) != nil {
		return nil
	}
	return p.Statement
}

// pairs returns what a policy allows, as "action on resource", sorted.
func pairs(text any) (all []string) {
	for _, s := range statements(text) {
		actions, _ := s["Action"].([]any)
		for _, action := range actions {
			all = append(all, fmt.Sprintf("%v on %v", action, s["Resource"]))
		}
	}
	slices.Sort(all)
	return all
}

// array decodes a JSON array. It returns nil for any other text.
func array(text any) []any {
	var all []any
	if json.Unmarshal([]byte(fmt.Sprint(text)), &all) != nil {
		return nil
	}
	return all
}
