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

// held is what a stack recorded, with the declaration that it recorded it of.
type held struct {
	*recording.Stack
	lambdas.Service
}

// hold is what a stack recorded. Without a socket route its domain leads nowhere.
func hold(r *recording.Stack, declared lambdas.Service) held {
	h := held{r, declared}
	if !h.sockets() && h.set("socketDomain") != "" {
		without := *r
		without.Settings = with(maps.Clone(r.Settings), "socketDomain=")
		h.Stack = &without
	}
	return h
}

// set is a setting of the stack.
func (h held) set(name string) string { return settingOf(h.Stack, name) }

// rule is what must hold of every stack, and a recording that breaks it: the
// test sees each rule hold, and sees it fail.
type rule struct {
	name  string
	check func(held) (offences []string)
	spoil func(*recording.Stack) // of everything()
}

// TestRules holds the team's own stacks to the rules.
func TestRules(t *testing.T) {
	t.Parallel()
	for stack, rec := range ownStacks(t, issuerInSettings) {
		t.Run(stack, func(t *testing.T) {
			t.Parallel()
			obey(t, lambdas.Declared(), rec)
		})
	}
}

// TestRulesFail sees each rule hold, and fail, of a declaration that has an entry
// of each kind.
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

// obey reports what breaks a rule.
func obey(t *testing.T, declared lambdas.Service, r *recording.Stack) {
	t.Helper()
	for _, rule := range rules() {
		for _, offence := range rule.check(hold(r, declared)) {
			t.Errorf("%s: %s", rule.name, offence)
		}
	}
}

// change returns the spoiling of a resource otherwise than in one input.
func change(key string, spoil func(*recording.Resource)) func(*recording.Stack) {
	return func(r *recording.Stack) {
		res := r.Resources[key]
		spoil(&res)
		r.Resources[key] = res
	}
}

// add returns the spoiling by one more resource.
func add(typ string, inputs map[string]any) func(*recording.Stack) {
	return func(r *recording.Stack) {
		r.Resources[typ+" more"] = recording.Resource{Type: typ, Name: "more", Inputs: inputs, Outputs: inputs}
	}
}

// within returns the spoiling of an input in an object.
func within(typ, name, object, property string, value any) func(*recording.Stack) {
	return func(r *recording.Stack) { nested(r.Of(typ)[name], object)[property] = value }
}

// nested walks down the inputs; a map that is missing is empty.
func nested(r recording.Resource, path ...string) map[string]any {
	m := r.Inputs
	for _, name := range path {
		m, _ = m[name].(map[string]any)
	}
	return m
}

// differ is an offence if the two do not read the same; of maps, one for each
// entry.
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

// words are the entries of a map, in words; of anything else, it is the only one.
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

// object is the one that a text holds as JSON; of a text that is none, nothing.
func object(text any) map[string]any {
	var all map[string]any
	if json.Unmarshal([]byte(fmt.Sprint(text)), &all) != nil {
		return nil
	}
	return all
}

// statements are those of a policy; of a text that is none, nothing.
func statements(text any) []map[string]any {
	var p struct{ Statement []map[string]any }
	if json.Unmarshal([]byte(fmt.Sprint(text)), &p) != nil {
		return nil
	}
	return p.Statement
}

// pairs are what a policy allows, as "action on resource", sorted.
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

// array is the one that a text holds as JSON; of a text that is none, nothing.
func array(text any) []any {
	var all []any
	if json.Unmarshal([]byte(fmt.Sprint(text)), &all) != nil {
		return nil
	}
	return all
}
