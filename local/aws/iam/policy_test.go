package iam

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"skiff/local/engine/provider"
	"skiff/local/store"
)

// TestAdministrator checks that the operator is allowed everything, and that
// this leaves no record.
func TestAdministrator(t *testing.T) {
	t.Parallel()
	a := newAuthority(t, func(u Use) { t.Errorf("recorded %v", u) })
	keys := a.IssueAdministrator()
	r := httptest.NewRequest(http.MethodPost, "/", nil)
	if err := v4.NewSigner().SignHTTP(t.Context(), credentials(keys), r, hash(nil), "sqs", "eu-west-1", time.Now()); err != nil {
		t.Fatal(err)
	}
	caller, err := a.Authenticate(r, nil)
	if err != nil || caller.Account() != "" || caller.Region != "eu-west-1" {
		t.Fatalf("caller %+v, %v", caller, err)
	}
	deny, err := ParseResource(`{"Statement":{"Effect":"Deny","Principal":"*","Action":"*","Resource":"*"}}`)
	if err != nil {
		t.Fatal(err)
	}
	if err := a.Authorize(caller, Request{Action: "sqs:SendMessage", Resource: "arn:aws:sqs:r:222222222222:q", Policy: deny}); err != nil {
		t.Error(err)
	}
	if id := a.UserID(caller); len(id) != 21 || !strings.HasPrefix(id, "AIDA") {
		t.Errorf("the administrator's id is %q", id)
	}
	role := Session(putRole(t, a, Role{Name: "r", AssumeRolePolicy: trust}), "f")
	if id := a.UserID(role); len(id) != 23 || !strings.HasPrefix(id, "AROA") || !strings.HasSuffix(id, ":f") {
		t.Errorf("the id of a role's session is %q", id)
	}
	if id := a.UserID(Session("arn:aws:iam::111111111111:role/gone", "f")); id != "" {
		t.Errorf("the id of a role that is gone is %q", id)
	}
	var denied *Denied
	if err := newAuthority(t, nil).Authorize(Caller{ARN: caller.ARN}, Request{Action: "sqs:SendMessage"}); !errors.As(err, &denied) {
		t.Errorf("a caller that has only the administrator's ARN: %v", err)
	}
}

func TestResourcePolicy(t *testing.T) {
	t.Parallel()
	const queue = "arn:aws:sqs:eu-west-1:111111111111:q"
	const foreign = "arn:aws:sqs:eu-west-1:222222222222:q"
	const role = "arn:aws:iam::111111111111:role/r"
	allow := func(principal string) string {
		return `{"Effect":"Allow","Principal":` + principal + `,"Action":"sqs:*","Resource":"*"}`
	}
	insecure := `{"Effect":"Deny","Principal":"*","Action":"sqs:*","Resource":"*","Condition":{"Bool":{"aws:SecureTransport":"%"}}}`
	const service = `{"Service":"sns.amazonaws.com"}`
	tests := []struct {
		name, identity, resource, statement string
		want                                string // "" if the call is allowed, else a part of the refusal
	}{
		{"neither", "", queue, allow(service), "no identity-based policy"},
		{"by identity", "Allow", queue, allow(service), ""},
		{"by the role's ARN", "", queue, allow(`{"AWS":"` + role + `"}`), ""},
		{"by everyone", "", queue, allow(`"*"`), ""},
		{"by every account", "", queue, allow(`{"AWS":["*"]}`), ""},
		{"by another role", "", queue, allow(`{"AWS":"` + role + `x"}`), "no identity-based policy"},
		{"by its account, which delegates", "", queue, allow(`{"AWS":"111111111111"}`), "no identity-based policy"},
		{"denied without TLS", "Allow", queue, strings.Replace(insecure, "%", "false", 1), ""},
		{"denied", "Allow", queue, strings.Replace(insecure, "%", "true", 1), "with an explicit deny in a resource-based policy"},
		{"denied by account", "Allow", queue, strings.Replace(allow(`{"AWS":"arn:aws:iam::111111111111:root"}`), "Allow", "Deny", 1), "with an explicit deny in a resource-based policy"},
		{"denied by identity", "Deny", queue, allow(`"*"`), "with an explicit deny in an identity-based policy"},
		{"across accounts by identity alone", "Allow", foreign, allow(service), "no resource-based policy"},
		{"across accounts by resource alone", "", foreign, allow(`"*"`), "no identity-based policy"},
		{"across accounts by both", "Allow", foreign, allow(`{"AWS":"111111111111"}`), ""},
		{"across accounts for another", "Allow", foreign, allow(`{"AWS":"arn:aws:iam::333333333333:root"}`), "no resource-based policy"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			a := newAuthority(t, nil)
			putRole(t, a, Role{Name: "r", AssumeRolePolicy: trust})
			if test.identity != "" {
				putPolicy(t, a, "r", "p", `{"Statement":{"Effect":"`+test.identity+`","Action":"sqs:SendMessage","Resource":"*"}}`)
			}
			d, err := ParseResource(`{"Version":"2012-10-17","Statement":[` + test.statement + `]}`)
			if err != nil {
				t.Fatal(err)
			}
			err = a.Authorize(Session(role, "f"), Request{Action: "sqs:SendMessage", Resource: test.resource, Policy: d})
			if test.want == "" && err != nil || test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)) {
				t.Errorf("decided %v, want %q", err, test.want)
			}
		})
	}
	for _, text := range []string{readOnly, `{"Statement":{"Effect":"Allow","Principal":"*","Action":"sqs:*"}}`} {
		if _, err := ParseResource(text); err == nil {
			t.Errorf("accepted as a resource policy: %s", text)
		}
	}
}

func TestCheckPolicy(t *testing.T) {
	t.Parallel()
	long := strings.Replace(readOnly, "Get*", strings.Repeat("A", maxManagedPolicy), 1)
	spaced := strings.Replace(readOnly, ",", ","+strings.Repeat("\n", maxManagedPolicy), 1)
	for _, test := range []struct {
		name string
		in   Policy
		want string
	}{
		{"not known yet", Policy{}, ""},
		{"plain", Policy{Name: strings.Repeat("a", 128), Path: "/project/", Policy: spaced, Description: strings.Repeat("é", 1000)}, ""},
		{"name", Policy{Name: "a b"}, "name"},
		{"long name", Policy{Name: strings.Repeat("a", 129)}, "name"},
		{"path", Policy{Path: "project/"}, "path"},
		{"description", Policy{Description: strings.Repeat("é", 1001)}, "description"},
		{"long", Policy{Policy: long}, "policy"},
		{"character", Policy{Policy: strings.Replace(readOnly, "Get*", "Get–*", 1)}, "policy"},
		{"trust", Policy{Policy: trust}, "policy"},
	} {
		wantProblem(t, test.name, checkPolicy(test.in), test.want)
	}
	wantProblem(t, "attachment", checkAttachment(Attachment{Role: "r", PolicyARN: "arn:aws:iam::aws:policy/service-role/X"}), "")
	wantProblem(t, "attachment of a role", checkAttachment(Attachment{Role: "r", PolicyARN: "arn:aws:iam::111111111111:role/r"}), "policyArn")
}

// managed declares a managed policy of an account.
func managed(t *testing.T, a *Authority, account, name string) string {
	t.Helper()
	in := Policy{Name: name, Policy: readOnly}
	r := store.Record[Policy]{ID: policyARN(account, in), Account: account, Inputs: in}
	if err := store.Put(a.db, PolicyToken, r.ID, r); err != nil {
		t.Fatal(err)
	}
	return r.ID
}

// TestAWSPolicies attaches AWS managed policies, and names them in a role's
// inputs. They allow what AWS documents.
func TestAWSPolicies(t *testing.T) {
	t.Parallel()
	a := newAuthority(t, nil)
	_, attachments := managedPolicies(a)
	roles, _ := resourceTypes(a)
	asked := func(c Caller, action, resource string) bool {
		return a.Authorize(c, Request{Action: action, Resource: resource}) == nil
	}
	const group = "arn:aws:logs:eu-west-1:111111111111:log-group:/aws/"
	for name, allows := range map[string][]string{
		"service-role/AWSLambdaBasicExecutionRole":     {"logs:CreateLogGroup", "logs:PutLogEvents"},
		"service-role/AWSLambdaSQSQueueExecutionRole":  {"logs:CreateLogGroup", "sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"},
		"service-role/AWSLambdaDynamoDBExecutionRole":  {"logs:CreateLogStream", "dynamodb:GetRecords", "dynamodb:ListStreams"},
		"service-role/AWSLambdaKinesisExecutionRole":   {"logs:PutLogEvents", "kinesis:SubscribeToShard"},
		"service-role/AWSLambdaVPCAccessExecutionRole": {"logs:PutLogEvents", "ec2:DescribeSubnets"},
		"service-role/AWSLambdaRole":                   {"lambda:InvokeFunction"},
		"AWSXRayDaemonWriteAccess":                     {"xray:PutTraceSegments"},
		"CloudWatchLambdaInsightsExecutionRolePolicy":  {"logs:CreateLogGroup"},
	} {
		attached := name[strings.LastIndexByte(name, '/')+1:]
		caller := Session(putRole(t, a, Role{Name: attached, AssumeRolePolicy: trust}), "f")
		own := Session(putRole(t, a, Role{Name: "own-" + attached, AssumeRolePolicy: trust, ManagedPolicyARNs: []string{awsPrefix + name}}), "f")
		if asked(caller, allows[0], group+"x") {
			t.Fatalf("%s: allowed before", name)
		}
		r := store.Record[Attachment]{ID: attached, Inputs: Attachment{Role: attached, PolicyARN: awsPrefix + name}}
		if err := errors.Join(attachments.Create(t.Context(), provider.Call{}, &r), store.Put(a.db, AttachmentToken, r.ID, r)); err != nil {
			t.Fatal(err)
		}
		for _, action := range allows {
			if !asked(caller, action, group+"x") || !asked(own, action, group+"x") {
				t.Errorf("%s does not allow %s", name, action)
			}
		}
		if asked(caller, "sqs:SendMessage", "*") || asked(own, "dynamodb:PutItem", "*") {
			t.Errorf("%s allows more", name)
		}
		if write := "logs:PutLogEvents"; strings.HasPrefix(attached, "CloudWatch") && (asked(caller, write, group+"lambda/f:log-stream:s") || !asked(caller, write, group+"lambda-insights:log-stream:s")) {
			t.Error("the policy for Insights must allow writes to the groups of functions and of Insights")
		}
	}
	bad := store.Record[Role]{ID: "bad", Account: account, Inputs: Role{Name: "bad", ManagedPolicyARNs: []string{awsPrefix + "ReadOnlyAccess"}}}
	if err := roles.Create(t.Context(), provider.Call{}, &bad); err == nil || !strings.Contains(err.Error(), "policy arn:aws:iam::aws:policy/ReadOnlyAccess does not exist") || !strings.Contains(err.Error(), "AWSLambdaBasicExecutionRole") {
		t.Errorf("an unsupported policy: %v", err)
	}
}

func TestManagedPolicies(t *testing.T) {
	t.Parallel()
	a := newAuthority(t, nil)
	policies, attachments := managedPolicies(a)
	caller := Session(putRole(t, a, Role{Name: "r", AssumeRolePolicy: trust}), "f")
	read := managed(t, a, account, "read")
	attach := func(role, policy string) error {
		in := Attachment{Role: role, PolicyARN: policy}
		r := store.Record[Attachment]{ID: attachments.ID(provider.Call{}, in), Inputs: in}
		if err := attachments.Create(t.Context(), provider.Call{}, &r); err != nil {
			return err
		}
		return store.Put(a.db, AttachmentToken, r.ID, r)
	}
	wantError := func(name string, err error, want string) {
		t.Helper()
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", name, err, want)
		}
	}
	wantError("no role", attach("none", read), "NoSuchEntity: the role with name none")
	wantError("AWS's own", attach("r", "arn:aws:iam::aws:policy/ReadOnlyAccess"), "NoSuchEntity: policy arn:aws:iam::aws:policy/ReadOnlyAccess")
	wantError("another account's", attach("r", managed(t, a, "222222222222", "read")), "NoSuchEntity: policy")

	get := Request{Action: "dynamodb:GetItem", Resource: table}
	wantError("before", a.Authorize(caller, get), "not authorized")
	if err := attach("r", read); err != nil {
		t.Fatal(err)
	}
	if err := a.Authorize(caller, get); err != nil {
		t.Error(err)
	}
	held, err := store.Get[Policy](a.db, PolicyToken, read)
	if err != nil {
		t.Fatal(err)
	}
	if out := policies.Describe(held); out.ARN != read || out.AttachmentCount != 1 || out.Path != "/" || len(out.PolicyID) != 21 {
		t.Errorf("described as %+v", out)
	}
	wantError("attached policy", policies.Delete(t.Context(), provider.Call{}, held), "DeleteConflict: cannot delete policy "+read+": it is attached to role r")
	again := store.Record[Policy]{ID: "x", Inputs: Policy{Name: "READ"}}
	wantError("same name", policies.Create(t.Context(), provider.Call{Account: account}, &again), "EntityAlreadyExists: a policy called READ")

	for i := range 9 {
		if err := attach("r", managed(t, a, account, fmt.Sprint("more", i))); err != nil {
			t.Fatal(err)
		}
	}
	wantError("eleventh", attach("r", managed(t, a, account, "eleventh")), "LimitExceeded: cannot exceed the quota of 10")
	if err := attach("r", read); err != nil {
		t.Errorf("an attachment in place of itself: %v", err)
	}

	role := store.Record[Role]{ID: "r", Inputs: Role{Name: "r"}}
	wantError("role with policies", a.deleteRole(t.Context(), provider.Call{}, role), "DeleteConflict: cannot delete role r: the policy arn:aws:iam::111111111111:policy/")
	role.Inputs.ForceDetachPolicies = true
	if err := a.deleteRole(t.Context(), provider.Call{}, role); err != nil {
		t.Error(err)
	}
	if err := policies.Delete(t.Context(), provider.Call{}, held); err != nil {
		t.Errorf("a policy that nothing has: %v", err)
	}
}
