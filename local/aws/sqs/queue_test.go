package sqs

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"skiff/local/engine/provider"
	"skiff/local/store"
)

const everything = `{"Statement":{"Effect":"Allow","Action":"sqs:*","Resource":"*"}}`

func redriveTo(name string, receives int) string {
	return fmt.Sprintf(`{"deadLetterTargetArn":%q,"maxReceiveCount":%d}`, arnOf(name), receives)
}

func TestCheckQueue(t *testing.T) {
	t.Parallel()
	insecure := `{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Principal":"*","Action":"sqs:*","Resource":"` + arnOf("q") + `","Condition":{"Bool":{"aws:SecureTransport":"false"}}}]}`
	for _, test := range []struct {
		in   Queue
		want string
	}{
		{Queue{}, ""}, // nothing known yet
		{Queue{Name: strings.Repeat("a", 80), DelaySeconds: 900, MaxMessageSize: pointer(262144), MessageRetentionSeconds: pointer(1209600),
			ReceiveWaitTimeSeconds: 20, VisibilityTimeoutSeconds: pointer(43200), Policy: insecure, RedrivePolicy: redriveTo("dead", 1000), SQSManagedSSEEnabled: pointer(true)}, ""},
		{Queue{MaxMessageSize: pointer(1024), MessageRetentionSeconds: pointer(60), VisibilityTimeoutSeconds: pointer(0), KMSDataKeyReusePeriodSeconds: pointer(60)}, ""},
		{Queue{RedrivePolicy: strings.Replace(redriveTo("dead", 5), ":5", `:"5"`, 1)}, ""},
		{Queue{RedriveAllowPolicy: `{"redrivePermission":"byQueue","sourceQueueArns":["` + arnOf("q") + `"]}`}, ""},
		{Queue{RedriveAllowPolicy: `{"redrivePermission":"denyAll"}`}, ""},
		{Queue{Name: "a b"}, "name"},
		{Queue{Name: strings.Repeat("a", 81)}, "name"},
		{Queue{Name: "q.fifo"}, "name"},
		{Queue{Name: "q.fifo", FIFOQueue: true}, "fifoQueue"},
		{Queue{DelaySeconds: 901}, "delaySeconds"},
		{Queue{DelaySeconds: -1}, "delaySeconds"},
		{Queue{MaxMessageSize: pointer(1023)}, "maxMessageSize"},
		{Queue{MaxMessageSize: pointer(262145)}, "maxMessageSize"},
		{Queue{MessageRetentionSeconds: pointer(59)}, "messageRetentionSeconds"},
		{Queue{MessageRetentionSeconds: pointer(1209601)}, "messageRetentionSeconds"},
		{Queue{ReceiveWaitTimeSeconds: 21}, "receiveWaitTimeSeconds"},
		{Queue{VisibilityTimeoutSeconds: pointer(43201)}, "visibilityTimeoutSeconds"},
		{Queue{KMSDataKeyReusePeriodSeconds: pointer(59)}, "kmsDataKeyReusePeriodSeconds"},
		{Queue{KMSMasterKeyID: "alias/aws/sqs", SQSManagedSSEEnabled: pointer(true)}, "sqsManagedSseEnabled"},
		{Queue{Policy: "{}"}, "policy"},
		{Queue{Policy: strings.Replace(insecure, `"Principal":"*",`, "", 1)}, "policy"},
		{Queue{Policy: strings.Replace(insecure, "SecureTransport", "VpcSourceIp", 1)}, "policy"},
		{Queue{Policy: insecure + strings.Repeat(" ", 8192)}, "policy"},
		{Queue{RedrivePolicy: redriveTo("dead", 0)}, "redrivePolicy"},
		{Queue{RedrivePolicy: redriveTo("dead", 1001)}, "redrivePolicy"},
		{Queue{RedrivePolicy: redriveTo("dead.fifo", 1)}, "redrivePolicy"},
		{Queue{RedrivePolicy: `{"deadLetterTargetArn":"x"}`}, "redrivePolicy"},
		{Queue{RedrivePolicy: `{"deadLetterTarget":"x"}`}, "redrivePolicy"},
		{Queue{RedrivePolicy: redriveTo("dead", 5) + "x"}, "redrivePolicy"},
		{Queue{RedrivePolicy: strings.Replace(redriveTo("dead", 5), ":5", ":5.5", 1)}, "redrivePolicy"},
		{Queue{RedriveAllowPolicy: `{"redrivePermission":"some"}`}, "redriveAllowPolicy"},
		{Queue{RedriveAllowPolicy: `{"redrivePermission":"byQueue"}`}, "redriveAllowPolicy"},
		{Queue{RedriveAllowPolicy: `{"redrivePermission":"allowAll","sourceQueueArns":["` + arnOf("q") + `"]}`}, "redriveAllowPolicy"},
		{Queue{RedriveAllowPolicy: `{"redrivePermission":"byQueue","sourceQueueArns":["q"]}`}, "redriveAllowPolicy"},
	} {
		var got []string
		for _, p := range checkQueue(test.in) {
			got = append(got, p.Property)
		}
		if slices.Sort(got); strings.Join(got, " ") != test.want {
			t.Errorf("%+v: problems with %q, want %q", test.in, got, test.want)
		}
	}
}

func TestDescribeQueue(t *testing.T) {
	t.Parallel()
	f := newFixture(t, everything)
	url := f.declare(t, Queue{Name: "q"})
	if *url != base+"/111111111111/q" {
		t.Errorf("the URL is %s", *url)
	}
	r, err := f.find(arnOf("q"))
	if err != nil {
		t.Fatal(err)
	}
	want := QueueOutputs{ARN: arnOf("q"), URL: *url, KMSDataKeyReusePeriodSeconds: 300, MaxMessageSize: 262144, MessageRetentionSeconds: 345600, SQSManagedSSEEnabled: true, VisibilityTimeoutSeconds: 30}
	if diff := cmp.Diff(want, describe(r)); diff != "" {
		t.Errorf("description (-want +got):\n%s", diff)
	}
	r.Inputs = Queue{DelaySeconds: 1, KMSMasterKeyID: "k", VisibilityTimeoutSeconds: pointer(0), RedrivePolicy: redriveTo("dead", 1)}
	if out := describe(r); out.DelaySeconds != 1 || out.SQSManagedSSEEnabled || out.VisibilityTimeoutSeconds != 0 || out.RedrivePolicy == "" {
		t.Errorf("described as %+v", out)
	}
	// The endpoint's address has changed; the queue keeps the URL that
	// functions already have.
	f.Queues.url = func() string { return "http://127.0.0.1:2" }
	if again := f.declare(t, Queue{Name: "q"}); *again != *url {
		t.Errorf("created again, the URL is %s", *again)
	}
	for text, want := range map[string]string{*url: "111111111111/q", "q": "", "": "", "http://elsewhere/111111111111/q": "111111111111/q"} {
		if got := keyOf(text); got != want {
			t.Errorf("the key of %q is %q, want %q", text, got, want)
		}
	}
	for _, other := range []string{"", "q", arnOf("none"), strings.Replace(arnOf("q"), "eu-west-1", "us-east-1", 1), strings.Replace(arnOf("q"), ":sqs:", ":sns:", 1)} {
		if _, err := f.find(other); !isMissing(err) {
			t.Errorf("found %q: %v", other, err)
		}
	}
}

func TestRedriveReferences(t *testing.T) {
	t.Parallel()
	f := newFixture(t, everything)
	f.declare(t, Queue{Name: "dead"})
	f.declare(t, Queue{Name: "closed", RedriveAllowPolicy: `{"redrivePermission":"denyAll"}`})
	f.declare(t, Queue{Name: "choosy", RedriveAllowPolicy: `{"redrivePermission":"byQueue","sourceQueueArns":["` + arnOf("friend") + `"]}`})
	if _, err := f.create(t, "222222222222", Queue{Name: "dead"}); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct{ name, queue, redrive, want string }{
		{"plain", "q", redriveTo("dead", 3), ""},
		{"allowed", "friend", redriveTo("choosy", 3), ""},
		{"missing", "q", redriveTo("none", 3), "Dead letter target does not exist."},
		{"itself", "q", redriveTo("q", 3), "a queue cannot be its own dead-letter queue."},
		{"another account's", "q", strings.Replace(redriveTo("dead", 3), account, "222222222222", 1), "must be in the account and the region of the source."},
		{"another region's", "q", strings.Replace(redriveTo("dead", 3), region, "us-east-1", 1), "must be in the account and the region of the source."},
		{"closed", "q", redriveTo("closed", 3), "does not allow this queue."},
		{"not allowed", "q", redriveTo("choosy", 3), "does not allow this queue."},
	} {
		_, err := f.create(t, account, Queue{Name: test.queue, RedrivePolicy: test.redrive})
		if test.want == "" && err != nil || test.want != "" && (err == nil || !strings.Contains(err.Error(), "InvalidParameterValue: Value {") || !strings.HasSuffix(err.Error(), test.want)) {
			t.Errorf("%s: %v, want %q", test.name, err, test.want)
		}
	}
	kind, _, _, _ := resourceTypes(f.Queues)
	r := store.Record[Queue]{Account: account, Region: region, Inputs: Queue{Name: "q", RedrivePolicy: redriveTo("none", 3)}, State: map[string]string{}}
	if err := kind.Update(t.Context(), provider.Call{}, r, &r); err == nil || !strings.Contains(err.Error(), "does not exist") {
		t.Errorf("updated to a missing one: %v", err)
	}
}

// TestAttributeResources checks that an attribute declared as a separate
// resource applies to the queue.
func TestAttributeResources(t *testing.T) {
	t.Parallel()
	f := newFixture(t, everything)
	f.declare(t, Queue{Name: "dead"})
	url := f.declare(t, Queue{Name: "q"})
	_, policies, redrives, allows := resourceTypes(f.Queues)
	deny := `{"Statement":{"Effect":"Deny","Principal":"*","Action":"sqs:PurgeQueue","Resource":"*"}}`

	policy := store.Record[QueuePolicy]{ID: *url, Inputs: QueuePolicy{QueueURL: *url, Policy: deny}}
	if err := policies.Create(t.Context(), provider.Call{}, &policy); err != nil {
		t.Fatal(err)
	}
	keep(t, f.db, PolicyToken, policies.Key(policy.ID, policy.Inputs), policy)
	redrive := store.Record[RedrivePolicy]{ID: *url, Inputs: RedrivePolicy{QueueURL: *url, RedrivePolicy: redriveTo("dead", 2)}}
	if err := redrives.Create(t.Context(), provider.Call{}, &redrive); err != nil {
		t.Fatal(err)
	}
	keep(t, f.db, RedriveToken, redrives.Key(redrive.ID, redrive.Inputs), redrive)
	allow := store.Record[RedriveAllowPolicy]{ID: *url, Inputs: RedriveAllowPolicy{QueueURL: *url, RedriveAllowPolicy: `{"redrivePermission":"denyAll"}`}}
	if err := allows.Update(t.Context(), provider.Call{}, allow, &allow); err != nil {
		t.Fatal(err)
	}
	keep(t, f.db, RedriveAllowToken, allows.Key(allow.ID, allow.Inputs), allow)

	r, err := f.find(arnOf("q"))
	if err != nil {
		t.Fatal(err)
	}
	s, err := f.settings(r)
	if err != nil || s.policyText != deny || s.redrive.MaxReceiveCount != 2 || s.redriveAllow != allow.Inputs.RedriveAllowPolicy {
		t.Errorf("settings %+v, %v", s, err)
	}
	if _, err := f.create(t, account, Queue{Name: "other", RedrivePolicy: redriveTo("q", 1)}); err == nil {
		t.Error("its redriveAllowPolicy has no effect")
	}

	wantProblem := func(name string, problems []provider.Problem, property string) {
		t.Helper()
		if len(problems) != 1 || problems[0].Property != property {
			t.Errorf("%s: problems %v", name, problems)
		}
	}
	wantProblem("policy", policies.Check(QueuePolicy{Policy: "x"}), "policy")
	wantProblem("redrive", redrives.Check(RedrivePolicy{RedrivePolicy: "x"}), "redrivePolicy")
	wantProblem("redrive allow", allows.Check(RedriveAllowPolicy{RedriveAllowPolicy: "x"}), "redriveAllowPolicy")
	policy.Inputs.QueueURL += "x"
	if err := policies.Create(t.Context(), provider.Call{}, &policy); err == nil || !strings.Contains(err.Error(), "NonExistentQueue: queue "+*url+"x") {
		t.Errorf("the policy of a missing queue: %v", err)
	}
	redrive.Inputs.RedrivePolicy = redriveTo("none", 2)
	if err := redrives.Update(t.Context(), provider.Call{}, redrive, &redrive); err == nil || !strings.Contains(err.Error(), "does not exist") {
		t.Errorf("redriven to no queue: %v", err)
	}
}
