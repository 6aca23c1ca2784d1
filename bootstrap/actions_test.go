package main

import (
	"encoding/json"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"skiff/infra/recording"
)

// need is the actions that Pulumi uses for a resource type: to read it, which a
// preview with a refresh does, and to create, update and delete it.
type need struct{ reads, writes []string }

func words(service, names string) []string {
	var actions []string
	for _, name := range strings.Fields(names) {
		actions = append(actions, service+":"+name)
	}
	return actions
}

// needs is what every resource type of infra asks for, and of what it is to
// have: the calls that the provider makes, as terraform-provider-aws has them
// in internal/service. sts:GetCallerIdentity is not among them, for it needs no
// permission.
func needs() map[string]need {
	all := map[string]need{}
	for _, some := range []map[string]need{computeNeeds(), dataNeeds(), operationsNeeds(), domainNeeds()} {
		maps.Copy(all, some)
	}
	gateway := need{words("apigateway", "GET"), words("apigateway", "POST PATCH DELETE")}
	tagged := need{gateway.reads, append(words("apigateway", "PUT"), gateway.writes...)}
	for _, name := range []string{"authorizer:Authorizer", "deployment:Deployment", "integration:Integration", "route:Route"} {
		all["aws:apigatewayv2/"+name] = gateway
	}
	all["aws:apigatewayv2/api:Api"] = tagged
	all["aws:apigatewayv2/stage:Stage"] = need{tagged.reads, append(words("logs", // its access log
		"CreateLogDelivery GetLogDelivery UpdateLogDelivery DeleteLogDelivery ListLogDeliveries PutResourcePolicy DescribeResourcePolicies"),
		tagged.writes...)}
	// What Pulumi itself asks for, of its backend and its secrets.
	all["pulumi"] = need{
		append(words("s3", "GetObject ListBucket"), words("kms", "Decrypt")...),
		append(words("s3", "PutObject DeleteObject"), words("kms", "Encrypt GenerateDataKey")...),
	}
	return all
}

func computeNeeds() map[string]need {
	return map[string]need{
		"aws:lambda/function:Function": {
			words("lambda", "GetFunction GetFunctionCodeSigningConfig ListVersionsByFunction"),
			append(words("lambda", "CreateFunction UpdateFunctionCode UpdateFunctionConfiguration DeleteFunction "+
				"PutFunctionConcurrency DeleteFunctionConcurrency TagResource UntagResource"), "iam:PassRole"),
		},
		"aws:lambda/permission:Permission": {words("lambda", "GetPolicy"), words("lambda", "AddPermission RemovePermission")},
		"aws:lambda/eventSourceMapping:EventSourceMapping": {
			words("lambda", "GetEventSourceMapping ListTags"),
			words("lambda", "CreateEventSourceMapping UpdateEventSourceMapping DeleteEventSourceMapping TagResource UntagResource"),
		},
		"aws:iam/role:Role": {
			words("iam", "GetRole ListRolePolicies GetRolePolicy ListAttachedRolePolicies"),
			words("iam", "CreateRole UpdateRole UpdateRoleDescription UpdateAssumeRolePolicy PutRolePermissionsBoundary TagRole UntagRole "+
				"ListInstanceProfilesForRole DeleteRole"),
		},
		"aws:iam/rolePolicy:RolePolicy":                     {words("iam", "GetRolePolicy"), words("iam", "PutRolePolicy DeleteRolePolicy")},
		"aws:iam/rolePolicyAttachment:RolePolicyAttachment": {words("iam", "ListAttachedRolePolicies"), words("iam", "AttachRolePolicy DetachRolePolicy")},
		"aws:iam/policy:Policy": {
			words("iam", "GetPolicy GetPolicyVersion ListPolicyVersions"),
			words("iam", "CreatePolicy CreatePolicyVersion DeletePolicyVersion DeletePolicy TagPolicy UntagPolicy"),
		},
		"aws:sqs/queue:Queue":                           {words("sqs", "GetQueueAttributes ListQueueTags"), words("sqs", "CreateQueue SetQueueAttributes DeleteQueue TagQueue UntagQueue")},
		"aws:sqs/redriveAllowPolicy:RedriveAllowPolicy": {words("sqs", "GetQueueAttributes"), words("sqs", "SetQueueAttributes")},
		// It runs where Pulumi runs.
		"command:local:Command": {},
		// A component is in Pulumi alone.
		"skiff:lambda:Function": {},
	}
}

func dataNeeds() map[string]need {
	return map[string]need{
		"aws:dynamodb/table:Table": {
			words("dynamodb", "DescribeTable DescribeTimeToLive DescribeContinuousBackups ListTagsOfResource"),
			words("dynamodb", "CreateTable UpdateTable DeleteTable UpdateTimeToLive UpdateContinuousBackups TagResource UntagResource"),
		},
		"aws:secretsmanager/secret:Secret": {
			words("secretsmanager", "DescribeSecret GetResourcePolicy"),
			words("secretsmanager", "CreateSecret UpdateSecret DeleteSecret TagResource UntagResource"),
		},
		"aws:ssm/parameter:Parameter": {
			words("ssm", "GetParameter DescribeParameters ListTagsForResource"),
			words("ssm", "PutParameter DeleteParameter AddTagsToResource RemoveTagsFromResource"),
		},
	}
}

func operationsNeeds() map[string]need {
	return map[string]need{
		"aws:cloudwatch/logGroup:LogGroup": {
			words("logs", "DescribeLogGroups ListTagsForResource"),
			words("logs", "CreateLogGroup PutRetentionPolicy DeleteRetentionPolicy DeleteLogGroup TagResource UntagResource"),
		},
		"aws:cloudwatch/metricAlarm:MetricAlarm": {
			words("cloudwatch", "DescribeAlarms ListTagsForResource"),
			words("cloudwatch", "PutMetricAlarm DeleteAlarms TagResource UntagResource"),
		},
		"aws:cloudwatch/dashboard:Dashboard": {words("cloudwatch", "GetDashboard"), words("cloudwatch", "PutDashboard DeleteDashboards")},
		"aws:sns/topic:Topic": {
			words("sns", "GetTopicAttributes ListTagsForResource"),
			words("sns", "CreateTopic SetTopicAttributes DeleteTopic TagResource UntagResource"),
		},
		"aws:sns/topicSubscription:TopicSubscription": {words("sns", "GetSubscriptionAttributes"), words("sns", "Subscribe Unsubscribe")},
	}
}

// domainNeeds is what only a stack with a domain has.
func domainNeeds() map[string]need {
	return map[string]need{
		"aws:route53/zone:Zone": {
			words("route53", "GetHostedZone ListResourceRecordSets ListTagsForResource ListHostedZones ListHostedZonesByName"),
			words("route53", "CreateHostedZone GetChange UpdateHostedZoneComment GetDNSSEC DeleteHostedZone ChangeTagsForResource"),
		},
		"aws:route53/record:Record": {words("route53", "GetHostedZone ListResourceRecordSets"), words("route53", "ChangeResourceRecordSets GetChange")},
		"aws:acm/certificate:Certificate": {
			words("acm", "DescribeCertificate ListTagsForCertificate"),
			words("acm", "RequestCertificate UpdateCertificateOptions DeleteCertificate AddTagsToCertificate RemoveTagsFromCertificate"),
		},
		"aws:acm/certificateValidation:CertificateValidation": {words("acm", "DescribeCertificate"), nil},
		"aws:apigatewayv2/domainName:DomainName": {
			append(words("apigateway", "GET"), words("acm", "DescribeCertificate")...),
			append(words("apigateway", "POST PATCH PUT DELETE"), words("iam", "CreateServiceLinkedRole")...),
		},
		"aws:apigatewayv2/apiMapping:ApiMapping": {words("apigateway", "GET"), words("apigateway", "POST PATCH DELETE")},
	}
}

// actionsOf is the actions that a role is allowed, sorted.
func actionsOf(t *testing.T, rec *recording.Stack, role string) []string {
	t.Helper()
	set := map[string]bool{}
	for _, p := range policiesOf(t, rec, role) {
		for _, s := range p.Statement {
			if s.Effect == "Allow" {
				for _, action := range s.Action {
					set[action] = true
				}
			}
		}
	}
	return slices.Sorted(maps.Keys(set))
}

// The roles hold exactly the actions that the resource types need: none is
// missing, and none is more.
func TestActionsAreThoseOfTheTypes(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ name, domains string }{
		{"with a domain", `["staging.example.com"]`}, {"without", `[]`},
	} {
		reads, writes := map[string]bool{}, map[string]bool{}
		for typ, n := range needs() {
			if _, domain := domainNeeds()[typ]; domain && test.domains == "[]" {
				continue
			}
			for _, action := range n.reads {
				reads[action], writes[action] = true, true
			}
			for _, action := range n.writes {
				writes[action] = true
			}
		}
		rec := record(t, "staging", "domains", test.domains)
		for role, want := range map[string]map[string]bool{"preview": reads, "deploy": writes} {
			got := actionsOf(t, rec, role)
			for _, action := range got {
				if !want[action] {
					t.Errorf("%s: %s may %s, which no resource type needs", test.name, role, action)
				}
			}
			for action := range want {
				if !slices.Contains(got, action) {
					t.Errorf("%s: %s may not %s", test.name, role, action)
				}
			}
		}
	}
}

// Every resource type that infra declares is one whose needs are known.
func TestTypesOfInfraAreKnown(t *testing.T) {
	t.Parallel()
	known := needs()
	typ := regexp.MustCompile(`^[a-z0-9-]+:[A-Za-z0-9/]+:[A-Za-z0-9]+$`)
	found := 0
	for _, block := range infraGoldens(t) {
		name, _, _ := strings.Cut(block, " ")
		if !typ.MatchString(name) {
			continue
		}
		if found++; !strings.HasPrefix(name, "pulumi:providers:") {
			if _, ok := known[name]; !ok {
				t.Errorf("infra declares a %s, for which the roles have no rights: add it to needs and to a policy", name)
			}
		}
	}
	if found == 0 {
		t.Error("no resource is found in infra's goldens")
	}
}

// knownAction is what AWS documents of an action: the ARNs it can be limited
// to, with ${names} for what varies, and the condition keys it has besides
// those that every action has.
type knownAction struct{ Resources, Conditions []string }

func knownActions(t *testing.T) map[string]knownAction {
	t.Helper()
	text, err := os.ReadFile("testdata/iam-actions.json")
	if err != nil {
		t.Fatal(err)
	}
	var known map[string]knownAction
	if err := json.Unmarshal(text, &known); err != nil {
		t.Fatal(err)
	}
	return known
}

// Every action exists in IAM, can be limited to the resource it is limited to,
// and knows the condition it has; only what has no resources is for "*".
func TestActionsAreKnownToIAM(t *testing.T) {
	t.Parallel()
	known := knownActions(t)
	variable := regexp.MustCompile(`\\\$\\\{[^}]*\}`)
	global := []string{"aws:RequestedRegion", "aws:SecureTransport"}
	for name, p := range record(t, "staging").Of(policyType) {
		for _, s := range parse(t, p.Inputs["policy"]).Statement {
			for _, action := range slices.Concat(s.Action, s.NotAction) {
				about, ok := known[action]
				if strings.HasSuffix(action, ":*") && s.Effect == "Deny" {
					continue
				}
				if !ok {
					t.Errorf("%s: IAM knows no %s", name, action)
				}
				if s.Effect == "Deny" {
					continue
				}
				for operator, keys := range s.Condition {
					for key := range keys {
						if !slices.Contains(about.Conditions, key) && !slices.Contains(global, key) {
							t.Errorf("%s: %s has no %s to be %s", name, action, key, operator)
						}
					}
				}
				for _, resource := range s.Resource {
					fits := resource == "*" && len(about.Resources) == 0
					for _, arn := range about.Resources {
						pattern := variable.ReplaceAllString(regexp.QuoteMeta(arn), ".+")
						fits = fits || regexp.MustCompile("^"+pattern+"$").MatchString(resource)
					}
					if !fits {
						t.Errorf("%s: %s cannot be limited to %s", name, action, resource)
					}
				}
			}
		}
	}
}

// The longest names and eight domains, each with all names below it, still fit.
func TestSizes(t *testing.T) {
	t.Parallel()
	long := "a" + strings.Repeat("b", maxPrefix-len("a-production"))
	rec := record(t, "production", "project", long, "region", "ap-northeast-1", "gitlabProject", strings.Repeat("g", 100)+"/"+strings.Repeat("p", 100),
		"domains", `[`+strings.Repeat(`"one-of-many.example.com",`, 7)+`"the-last.example.com"]`)
	for name, p := range rec.Of(policyType) {
		text := p.Inputs["policy"].(string)
		t.Logf("%s has %d characters of %d", name, len(text), maxPolicy)
		if len(text) > maxPolicy {
			t.Errorf("%s has %d characters, IAM takes %d", name, len(text), maxPolicy)
		}
		if strings.ContainsFunc(text, func(r rune) bool { return r > 0xff }) {
			t.Errorf("%s has characters that IAM does not take", name)
		}
		if n := len(input(p, "name")); n > 128 {
			t.Errorf("%s: the name has %d characters", name, n)
		}
	}
	for name, r := range rec.Of(roleType) {
		if n := len(input(r, "name")); n > 64 {
			t.Errorf("%s: the name has %d characters", name, n)
		}
	}
	if len(rec.Of(policyType)) != 9 {
		t.Errorf("%d policies", len(rec.Of(policyType)))
	}
}
