package sns

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"

	"skiff/local/engine/provider"
	"skiff/local/store"
)

const (
	alarmsARN   = "arn:aws:sns:eu-west-1:222222222222:alarms"
	functionARN = "arn:aws:lambda:eu-west-1:222222222222:function:f"
	queueARN    = "arn:aws:sqs:eu-west-1:222222222222:q"
)

func newTopics(t *testing.T) (*Topics, *store.Store) {
	t.Helper()
	db, err := store.Open(t.TempDir(), 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return New(db), db
}

// wantProblems compares the properties that are refused, in any order.
func wantProblems(t *testing.T, name string, problems []provider.Problem, want string) {
	t.Helper()
	var got []string
	for _, p := range problems {
		got = append(got, p.Property)
	}
	slices.Sort(got)
	if text := strings.Join(got, " "); text != want {
		t.Errorf("%s: problems %v, want %q", name, problems, want)
	}
}

func TestCheckTopic(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		in   Topic
		want string
	}{
		{Topic{}, ""},
		{Topic{Name: strings.Repeat("a", 256), DisplayName: strings.Repeat("é", 100), SignatureVersion: 2, TracingConfig: "Active", Policy: defaultPolicy(alarmsARN, "222222222222"), DeliveryPolicy: `{}`}, ""},
		{Topic{Name: strings.Repeat("a", 257)}, "name"},
		{Topic{Name: "a b"}, "name"},
		{Topic{Name: "a.fifo"}, "name"},
		{Topic{DisplayName: strings.Repeat("é", 101)}, "displayName"},
		{Topic{SignatureVersion: 3}, "signatureVersion"},
		{Topic{TracingConfig: "active"}, "tracingConfig"},
		{Topic{Policy: `[]`, DeliveryPolicy: `null`}, "deliveryPolicy policy"},
	} {
		wantProblems(t, test.in.Name, checkTopic(test.in), test.want)
	}
}

func TestDescribeTopic(t *testing.T) {
	t.Parallel()
	topics, _ := newTopics(t)
	kind, _ := resourceTypes(topics)
	id := kind.ID(provider.Call{Account: "222222222222", Region: "eu-west-1"}, Topic{Name: "alarms"})
	if id != alarmsARN {
		t.Fatalf("the ARN is %s", id)
	}
	out := kind.Describe(store.Record[Topic]{ID: id, Account: "222222222222", Inputs: Topic{Name: "alarms"}})
	var policy struct{ Statement []struct{ Resource string } }
	if err := json.Unmarshal([]byte(out.Policy), &policy); err != nil || len(policy.Statement) != 1 || policy.Statement[0].Resource != alarmsARN {
		t.Errorf("policy %s, %v", out.Policy, err)
	}
	if out.ARN != alarmsARN || out.Owner != "222222222222" || out.SignatureVersion != 1 || out.TracingConfig != "PassThrough" {
		t.Errorf("described as %+v", out)
	}
	out = kind.Describe(store.Record[Topic]{ID: id, Inputs: Topic{Policy: "{}", SignatureVersion: 2, TracingConfig: "Active"}})
	if out.Policy != "{}" || out.SignatureVersion != 2 || out.TracingConfig != "Active" {
		t.Errorf("described as %+v", out)
	}
}

func TestCheckSubscription(t *testing.T) {
	t.Parallel()
	to := func(protocol, endpoint string) Subscription {
		return Subscription{Topic: alarmsARN, Protocol: protocol, Endpoint: endpoint}
	}
	with := func(in Subscription, change func(*Subscription)) Subscription {
		change(&in)
		return in
	}
	for _, test := range []struct {
		in   Subscription
		want string
	}{
		{Subscription{}, ""}, // nothing is known in a preview
		{to("email", ""), ""},
		{to("", "ops@example.com"), ""},
		{to("email", "ops@example.com"), ""},
		{to("https", "https://example.com/hook"), ""},
		{to("sqs", queueARN), ""},
		{to("lambda", functionARN), ""},
		{to("email", "ops"), "endpoint"},
		{to("email", "Ops <ops@example.com>"), "endpoint"},
		{to("https", "http://example.com"), "endpoint"},
		{to("https", "https://"), "endpoint"},
		{to("sqs", functionARN), "endpoint"},
		{to("lambda", "f"), "endpoint"},
		{to("sms", "+123"), "protocol"},
		{with(to("email", ""), func(in *Subscription) { in.Topic = "alarms" }), "topic"},
		{with(to("email", ""), func(in *Subscription) { in.RawMessageDelivery = true }), "rawMessageDelivery"},
		{with(to("sqs", ""), func(in *Subscription) { in.RawMessageDelivery, in.FilterPolicy = true, `{"a":["b"]}` }), ""},
		{with(to("sqs", ""), func(in *Subscription) { in.DeliveryPolicy = "{}" }), "deliveryPolicy"},
		{with(to("https", ""), func(in *Subscription) { in.DeliveryPolicy = "{" }), "deliveryPolicy"},
		{with(to("sqs", ""), func(in *Subscription) { in.FilterPolicy, in.RedrivePolicy = "x", "1" }), "filterPolicy redrivePolicy"},
		{with(to("sqs", ""), func(in *Subscription) { in.FilterPolicyScope = "Body" }), "filterPolicyScope"},
		{with(to("https", ""), func(in *Subscription) { in.ConfirmationTimeoutInMinutes = -1 }), "confirmationTimeoutInMinutes"},
	} {
		wantProblems(t, test.in.Protocol+" "+test.in.Endpoint, checkSubscription(test.in), test.want)
	}
}

func TestSubscriptions(t *testing.T) {
	t.Parallel()
	topics, db := newTopics(t)
	_, kind := resourceTypes(topics)
	in := Subscription{Topic: alarmsARN, Protocol: "email", Endpoint: "ops@example.com"}
	r := store.Record[Subscription]{ID: kind.ID(provider.Call{}, in), Account: "222222222222", Inputs: in}
	if !strings.HasPrefix(r.ID, alarmsARN+":") || len(r.ID) != len(alarmsARN)+37 {
		t.Errorf("the ARN is %s", r.ID)
	}
	other := in
	other.Endpoint = "dev@example.com"
	if kind.ID(provider.Call{}, other) == r.ID || kind.ID(provider.Call{}, in) != r.ID {
		t.Error("two endpoints have one ARN")
	}
	err := kind.Create(t.Context(), provider.Call{}, &r)
	if !errors.Is(err, store.ErrNotFound) || !strings.Contains(err.Error(), "NotFoundException: topic "+alarmsARN) {
		t.Errorf("subscribed to no topic: %v", err)
	}
	topic := store.Record[Topic]{ID: alarmsARN}
	if err := store.Put(db, TopicToken, topic.ID, topic); err != nil {
		t.Fatal(err)
	}
	if err := kind.Create(t.Context(), provider.Call{}, &r); err != nil {
		t.Error(err)
	}
	for _, s := range []store.Record[Subscription]{r, {ID: "kept", Inputs: Subscription{Topic: alarmsARN + "2"}}} {
		if err := store.Put(db, SubscriptionToken, s.ID, s); err != nil {
			t.Fatal(err)
		}
	}
	if err := topics.deleteTopic(t.Context(), provider.Call{}, topic); err != nil {
		t.Fatal(err)
	}
	if left, err := store.List[Subscription](db, SubscriptionToken); err != nil || len(left) != 1 || left[0].ID != "kept" {
		t.Errorf("after the topic is deleted, the subscriptions are %v, %v", left, err)
	}
}

func TestConfirmation(t *testing.T) {
	t.Parallel()
	topics, _ := newTopics(t)
	_, kind := resourceTypes(topics)
	for _, test := range []struct {
		protocol      string
		autoConfirms  bool
		pending, auth bool
	}{
		{"email", false, true, false},
		{"https", false, true, false},
		{"https", true, false, false},
		{"sqs", false, false, true},
		{"lambda", false, false, true},
	} {
		out := kind.Describe(store.Record[Subscription]{Inputs: Subscription{Protocol: test.protocol, EndpointAutoConfirms: test.autoConfirms, FilterPolicy: "{}"}})
		if out.PendingConfirmation != test.pending || out.ConfirmationWasAuthenticated != test.auth || out.FilterPolicyScope != "MessageAttributes" {
			t.Errorf("%v: described as %+v", test, out)
		}
	}
}
