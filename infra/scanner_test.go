package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"skiff/infra/recording"
)

// scannerRule is a rule of public scanners, under all ids that they have for it.
type scannerRule struct {
	IDs          []string
	ResourceType string // "*": all of AWS
	Property     string
	Check        string // what it asks of the property; predicates has its words
	Adopt        string // production: asked of production alone
	Title        string
}

// key tells a rule from others.
func (s scannerRule) key() string { return s.ResourceType + " " + s.Property + " " + s.Check }

// suppressed are the rules that are not followed, by key, or the key and the
// resource or its type, and why.
func suppressed() map[string]string {
	return map[string]string{
		"aws:lambda/function:Function reservedConcurrentExecutions exists": "what one function reserves the others lack; the stage's throttle bounds them all, and skiff:concurrency reserves",
		"aws:lambda/function:Function deadLetterConfig.targetArn exists":   "it is for asynchronous calls, and API Gateway waits for each",
		"aws:lambda/function:Function vpcConfig.subnetIds exists":          "the functions call nothing but AWS; a VPC adds addresses, cost and a way to fail",
		"aws:lambda/function:Function codeSigningConfigArn exists":         "code comes from this program's build, whose digest and sha256 the stack holds",
		"aws:lambda/function:Function kmsKeyArn ifPresent(environment):exists": "the environment holds a table's name and a log level; " +
			"Lambda encrypts it with a key of AWS",
		"aws:apigatewayv2/stage:Stage clientCertificateId exists":                                                         "an HTTP API has none, and a WebSocket API shows it to HTTP back ends alone",
		"aws:apigatewayv2/stage:Stage clientCertificateId ifProtocol(WEBSOCKET):exists":                                   "it is shown to HTTP back ends, and these are functions",
		"aws:apigatewayv2/stage:Stage accessLogSettings.destinationArn exists " + stageType + " sockets":                  "a WebSocket API logs by a role of the whole account",
		"aws:apigatewayv2/stage:Stage defaultRouteSettings.loggingLevel ifProtocol(WEBSOCKET):in:ERROR,INFO":              "it logs by a role of the whole account",
		"aws:apigatewayv2/route:Route authorizationType in:JWT,CUSTOM,AWS_IAM " + routeType + " GET /health":              "declared public",
		"aws:apigatewayv2/route:Route authorizationType in:JWT,CUSTOM,AWS_IAM " + routeType + " sockets $disconnect":      "only $connect can be guarded, and is",
		"aws:apigatewayv2/route:Route authorizationType in:JWT,CUSTOM,AWS_IAM " + routeType + " sockets $default":         "only $connect can be guarded, and is",
		"aws:apigatewayv2/integration:Integration payloadFormatVersion equals:2.0 " + integrationType + " socket-sockets": "a WebSocket API has 1.0 alone",
		"aws:apigatewayv2/api:Api disableExecuteApiEndpoint equals:true when customDomain " + apiType + " sockets":        "functions post to connections at its own URL, which they know before there is a domain",
		"aws:apigatewayv2/domainName:DomainName domainNameConfiguration.securityPolicy glob:SecurityPolicy_TLS13_*_PQ_*":  "HTTP and WebSocket APIs have TLS_1_2 alone, which takes TLS 1.3 too",
		"aws:route53/zone:Zone - related:aws:route53/hostedZoneDnsSec:HostedZoneDnsSec":                                   "it needs a key in us-east-1 and a record at the parent, and half of it takes the domain away",
		"aws:route53/zone:Zone - related:aws:route53/queryLog:QueryLog":                                                   "the log group must be in us-east-1; what was asked for is public",
		"aws:secretsmanager/secret:Secret kmsKeyId isCMK":                                                                 "a dollar a month; Secrets Manager encrypts with a key of the account, and the policies decide who reads",
		"aws:secretsmanager/secret:Secret - related:aws:secretsmanager/secretRotation:SecretRotation":                     "a new key ends every token and cursor, so an operator chooses when",
		"aws:sqs/queue:Queue kmsMasterKeyId exists":                                                                       "SQS encrypts with a key of its own; events hold an item's id and what was done",
		"aws:dynamodb/table:Table serverSideEncryption.enabled equals:true":                                               "a table without it is encrypted with a key that DynamoDB owns, without calls of KMS",
		"aws:dynamodb/table:Table serverSideEncryption.kmsKeyArn exists":                                                  "a key of one's own costs each request; the items hold nothing that asks for it",
		"aws:dynamodb/table:Table - related:aws:backup/selection:Selection":                                               "point-in-time recovery reaches back 35 days; plans of AWS Backup are the account's",
		"aws:iam/rolePolicy:RolePolicy policy policy:noUnconstrainedWrite":                                                "X-Ray's two actions know no resource; the rules of this program allow no other",
		"aws:iam/role:Role assumeRolePolicy policy:serviceTrustHasSourceAccount":                                          "Lambda sends no source when it tries a role at a function's creation, which fails then",
		"aws:cloudwatch/logGroup:LogGroup kmsKeyId exists":                                                                "CloudWatch Logs encrypts with a key of its own; the lines hold no bodies and no headers",
		"aws:sns/topic:Topic kmsMasterKeyId exists":                                                                       "alarms cannot be published with alias/aws/sns; newAlarms says more",
		"aws:sns/topic:Topic kmsMasterKeyId isCMK":                                                                        "a dollar a month for messages without data; newAlarms says more",
		"* name absent aws:apigatewayv2/stage:Stage api":                                                                  "the name is the path of every URL",
		"* name absent aws:apigatewayv2/stage:Stage sockets":                                                              "the name is the path of every URL",
		"* name absent aws:ssm/parameter:Parameter":                                                                       "others find it by its name; it holds nothing of its own",
		"* name absent aws:route53/zone:Zone":                                                                             "the name is the domain's",
		"* name absent aws:route53/record:Record":                                                                         "the name is the domain's",
		"* name absent aws:cloudwatch/logGroup:LogGroup access":                                                           "API Gateway writes without a resource policy below /aws/vendedlogs/ alone",
	}
}

// TestScannerRules holds staging and production to the rules, or to a reason
// why not, and sees each rule that holds fail of a recording that breaks it. A
// reason for what is followed anyway is one too many.
func TestScannerRules(t *testing.T) {
	t.Parallel()
	all := scannerRules(t)
	for _, stack := range []string{"staging", "production"} {
		t.Run(stack, func(t *testing.T) {
			t.Parallel()
			rec, unused := record(t, stack), suppressed()
			for _, rule := range all {
				if rule.Adopt == "production" && stack != "production" {
					maps.DeleteFunc(unused, func(reason, _ string) bool { return strings.HasPrefix(reason, rule.key()) })
					continue
				}
				offences := rule.offences(t, rec)
				for _, key := range offences {
					typ, _, _ := strings.Cut(key, " ")
					for _, reason := range []string{rule.key(), rule.key() + " " + key, rule.key() + " " + typ} {
						if _, ok := suppressed()[reason]; ok {
							delete(unused, reason)
							key = ""
						}
					}
					if key != "" {
						t.Errorf("%s: %s: %s (%s)", key, rule.Title, rule.key(), strings.Join(rule.IDs, ", "))
					}
				}
				if len(offences) < len(rule.subjects(rec)) {
					rule.fails(t, rec.Clone(t), len(offences))
				}
			}
			for key := range unused {
				t.Errorf("%q has a reason and is followed, or is no rule", key)
			}
		})
	}
}

func scannerRules(t *testing.T) []scannerRule {
	t.Helper()
	data, err := os.ReadFile("testdata/scanner-rules.json")
	if err != nil {
		t.Fatal(err)
	}
	var file struct{ Rules []scannerRule }
	if err := json.Unmarshal(data, &file); err != nil || len(file.Rules) == 0 {
		t.Fatal(len(file.Rules), "rules:", err)
	}
	return file.Rules
}

// subjects are the keys of the resources that the rule is asked of.
func (s scannerRule) subjects(r *recording.Stack) (keys []string) {
	for _, key := range slices.Sorted(maps.Keys(r.Resources)) {
		if typ := r.Resources[key].Type; typ == s.ResourceType || s.ResourceType == "*" && strings.HasPrefix(typ, "aws:") {
			keys = append(keys, key)
		}
	}
	return keys
}

// offences are the keys of the resources that break the rule.
func (s scannerRule) offences(t *testing.T, r *recording.Stack) (keys []string) {
	t.Helper()
	p := s.predicate(t)
	for _, key := range s.subjects(r) {
		if !p.holds(subject{r, r.Resources[key], s.Property, s.argument(p)}) {
			keys = append(keys, key)
		}
	}
	return keys
}

// fails breaks the rule in the recording, which already breaks it so often, and
// reports if that goes unseen.
func (s scannerRule) fails(t *testing.T, r *recording.Stack, before int) {
	t.Helper()
	p := s.predicate(t)
	for _, key := range s.subjects(r) {
		p.spoil(subject{r, r.Resources[key], s.Property, s.argument(p)})
	}
	if len(s.offences(t, r)) <= before {
		t.Errorf("%s holds of a recording that breaks it", s.key())
	}
}

// predicate is the one of the check's first words.
func (s scannerRule) predicate(t *testing.T) predicate {
	t.Helper()
	for _, p := range predicates() {
		if strings.HasPrefix(s.Check, p.words) {
			return p
		}
	}
	t.Fatalf("nothing tells whether %s", s.key())
	return predicate{}
}

func (s scannerRule) argument(p predicate) string { return strings.TrimPrefix(s.Check, p.words) }

// subject is a resource that a rule is asked of.
type subject struct {
	rec      *recording.Stack
	res      recording.Resource
	property string
	argument string // of the check
}

// value is that of the property, whose path has dots; nil if there is none.
func (s subject) value() any {
	holder, last := s.holder()
	return holder[last]
}

func (s subject) holder() (map[string]any, string) {
	path := strings.Split(s.property, ".")
	return nested(s.res, path[:len(path)-1]...), path[len(path)-1]
}

// put sets the property, or takes it away with nil, with what leads to it.
func (s subject) put(value any) {
	path := strings.Split(s.property, ".")
	holder := s.res.Inputs
	for _, name := range path[:len(path)-1] {
		next, ok := holder[name].(map[string]any)
		if !ok {
			next = map[string]any{}
			holder[name] = next
		}
		holder = next
	}
	if holder[path[len(path)-1]] = value; value == nil {
		delete(holder, path[len(path)-1])
	}
}

func (s subject) text() string { return fmt.Sprint(s.value()) }
