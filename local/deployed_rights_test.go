package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"skiff/local/aws/arn"
	"skiff/local/aws/iam"
)

// denial is a right that the deploy role loses, with a change of the stack that
// needs it.
type denial struct {
	action   string
	settings values
	at       string // type of the resource at which the change fails
}

func denialsOf(f *stackFile) []denial {
	return []denial{
		{"lambda:UpdateFunctionConfiguration", values{"memory": 2048}, "aws:lambda/function:Function"},
		{"lambda:UpdateEventSourceMapping", values{"workerConcurrency": 33}, "aws:lambda/eventSourceMapping:EventSourceMapping"},
		{"logs:PutRetentionPolicy", values{"logDays": 90}, "aws:cloudwatch/logGroup:LogGroup"},
		{"sqs:SetQueueAttributes", values{"queueDays": 3}, "aws:sqs/queue:Queue"},
		{"dynamodb:UpdateContinuousBackups", values{"pointInTimeRecovery": f.not("pointInTimeRecovery")}, "aws:dynamodb/table:Table"},
		{"apigateway:PATCH", values{"throttleRate": 77}, "aws:apigatewayv2/stage:Stage"},
		{"cloudwatch:PutMetricAlarm", values{"alarmLatency": 1234}, "aws:cloudwatch/metricAlarm:MetricAlarm"},
		{"cloudwatch:DeleteDashboards", values{"dashboard": false}, "aws:cloudwatch/dashboard:Dashboard"},
		{"sns:Subscribe", values{"alarmEmail": "denied@example.com"}, "aws:sns/topicSubscription:TopicSubscription"},
		{"iam:PutRolePolicy", values{"tracing": f.not("tracing")}, "aws:iam/rolePolicy:RolePolicy"},
		{"acm:RequestCertificate", values{"additionalDomains": []string{"denied." + f.text("zone")}}, "aws:acm/certificate:Certificate"},
		{"ssm:PutParameter", values{"autoDeploy": f.not("autoDeploy")}, "aws:ssm/parameter:Parameter"},
	}
}

// denied removes rights from the deploy role. A change that needs one fails at
// its resource, with the action and the ARN in the error, and the stack stays
// consistent.
func (s *deployedStack) denied(t *testing.T) {
	all := denialsOf(s.file)
	kept := s.editPolicies(t, all)
	for _, d := range all {
		s.file.set(t, d.settings)
		out, err := s.pulumi(t, "up", "--skip-preview")
		said := regexp.MustCompile(regexp.QuoteMeta(d.at) + `: AccessDenied: User: arn:aws:sts::\d{12}:assumed-role/\S+ is not authorized to perform: ` +
			d.action + ` on resource: (arn:aws:\S+|\*) because no identity-based policy allows`)
		if err == nil || !said.MatchString(out) {
			t.Errorf("without %s: %v\n%s", d.action, err, out)
		}
	}
	s.file.set(t, nil)
	for path, text := range kept {
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	s.account.prepare(t)
	s.must(t, "up", "--skip-preview")
	s.must(t, "refresh", "--preview-only", "--expect-no-changes")
	s.must(t, "preview", "--expect-no-changes")
}

// editPolicies replaces actions in bootstrap's program by an unused one, and
// brings that program up. It returns the original files.
func (s *deployedStack) editPolicies(t *testing.T, denials []denial) map[string]string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(s.account.dir, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	kept, taken := map[string]string{}, map[string]bool{}
	for _, path := range files {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		text := string(data)
		for _, d := range denials {
			if action := `"` + d.action + `"`; !strings.HasSuffix(path, "_test.go") && strings.Contains(text, action) {
				text, taken[d.action] = strings.ReplaceAll(text, action, `"sts:GetCallerIdentity"`), true
			}
		}
		if text != string(data) {
			kept[path] = string(data)
			if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	if len(taken) != len(denials) {
		t.Fatalf("the policies have no more than %v", slices.Sorted(maps.Keys(taken)))
	}
	s.account.prepare(t)
	return kept
}

// unused compares the rights of the roles with their uses: each right was used,
// or there is a reason.
func (s *deployedStack) unused(t *testing.T) {
	var held map[string][]iam.Holding
	out := mustLocal(t, "-C", s.dir, "iam", "-json")
	if err := json.Unmarshal([]byte(out), &held); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, role := range []string{"deploy", "preview"} {
		name := s.file.project + "-" + s.stack + "-" + role
		used, never := 0, []string{}
		for _, h := range held[name] {
			if h.Used {
				used++
			} else if reason := reasonFor(h); reason == "" {
				t.Errorf("%s holds %s and never uses it", name, h)
			} else {
				never = append(never, fmt.Sprintf("  %s: %s", h, reason))
			}
		}
		if used == 0 {
			t.Errorf("%s used nothing of %d rights", name, len(held[name]))
		}
		t.Logf("%s used %d rights, and not these:\n%s", name, used, strings.Join(never, "\n"))
	}
}

// reasonFor returns why a role has a right that these changes do not use, or
// "".
func reasonFor(h iam.Holding) string {
	held := h.Action + " " + h.Resource
	for _, r := range []struct{ pattern, reason string }{
		{"s3:* arn:aws:s3:::*", "the state is in a folder here, not in a bucket, and no function of this stack has a separate bucket"},
		{"scheduler:*Schedule *", "no function of this stack has a schedule"},
		{"kms:* *", "the state is not encrypted by KMS here"},
		{"apigateway:* *::/domainnames/*", "one list of ARNs serves domain names and their mappings, of the domain and of names below it"},
		{"apigateway:GET *::/apis", "one list of ARNs serves all paths of APIs"},
		{"apigateway:* *::/tags/*", "AWS's page on tags has these verbs; the provider calls others"},
		{"iam:*tachRolePolicy *", "a team that gives a function a managed policy attaches it"},
		{"iam:*PolicyVersion* *", "a shared policy changes with the resources it is about, which no setting does"},
		{"iam:PutRolePermissionsBoundary *", "roles from before there was a boundary get it"},
		{"iam:Update*Role* *", "the trust and the description of a role are the program's, and change with it"},
		{"logs:DeleteRetentionPolicy *", "no setting keeps logs for ever"},
		{"route53:UpdateHostedZoneComment *", "the comment is the program's"},
		{"secretsmanager:UpdateSecret *", "the description is the program's"},
		{"sns:SetTopicAttributes *", "a topic's attributes are the program's"},
		{"acm:UpdateCertificateOptions *", "a certificate's options are the program's"},
	} {
		if arn.Match(r.pattern, held) {
			return r.reason
		}
	}
	return ""
}
