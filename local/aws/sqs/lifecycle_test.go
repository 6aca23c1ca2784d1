package sqs

import (
	"testing"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/protobuf/types/known/structpb"

	"skiff/local/engine/provider"
)

// TestLifecycle creates, updates and deletes a queue as the engine does. The
// endpoint's URL changes in between.
func TestLifecycle(t *testing.T) {
	t.Parallel()
	f := newFixture(t, everything)
	aws := provider.New(provider.Options{Name: "aws", Store: f.db, Account: account, Region: region})
	queues, policies, redrives, allows := resourceTypes(f.Queues)
	aws.Add(queues, policies, redrives, allows)
	const urn = "urn:pulumi:local::project::" + Token + "::events"
	properties := func(m map[string]any) *structpb.Struct {
		s, err := structpb.NewStruct(m)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	check := func(token string, inputs map[string]any) *pulumirpc.CheckResponse {
		t.Helper()
		checked, err := aws.Check(t.Context(), &pulumirpc.CheckRequest{Type: token, Urn: urn, Name: "events", News: properties(inputs)})
		if err != nil {
			t.Fatal(err)
		}
		return checked
	}
	if c := check(Token, map[string]any{"namePrefix": "x"}); len(c.Failures) != 1 || c.Failures[0].Property != "namePrefix" {
		t.Errorf("a property that is not held: %v", c.Failures)
	}
	inputs := map[string]any{"name": "events", "visibilityTimeoutSeconds": 180.0, "tags": map[string]any{"a": "b"}}
	checked := check(Token, inputs)
	if len(checked.Failures) > 0 {
		t.Fatal(checked.Failures)
	}
	created, err := aws.Create(t.Context(), &pulumirpc.CreateRequest{Type: Token, Urn: urn, Properties: checked.Inputs})
	if err != nil {
		t.Fatal(err)
	}
	if out := created.Properties.AsMap(); created.Id != base+"/"+account+"/events" || out["url"] != created.Id || out["arn"] != arnOf("events") || out["visibilityTimeoutSeconds"] != 180.0 || out["maxMessageSize"] != 262144.0 {
		t.Errorf("created %s with %v", created.Id, out)
	}
	f.Queues.url = func() string { return "http://127.0.0.1:2" }
	policy := check(PolicyToken, map[string]any{"queueUrl": created.Id, "policy": `{"Statement":{"Effect":"Allow","Principal":"*","Action":"sqs:SendMessage","Resource":"*"}}`})
	made, err := aws.Create(t.Context(), &pulumirpc.CreateRequest{Type: PolicyToken, Urn: urn + "-policy", Properties: policy.Inputs})
	if err != nil || made.Id != created.Id {
		t.Errorf("its policy: %v, %v", made, err)
	}
	updated, err := aws.Update(t.Context(), &pulumirpc.UpdateRequest{Type: Token, Urn: urn, Id: created.Id, Olds: created.Properties, News: properties(map[string]any{"name": "events"})})
	if err != nil || updated.Properties.AsMap()["visibilityTimeoutSeconds"] != 30.0 || updated.Properties.AsMap()["url"] != created.Id {
		t.Errorf("updated %v, %v", updated, err)
	}
	read, err := aws.Read(t.Context(), &pulumirpc.ReadRequest{Type: Token, Urn: urn, Id: created.Id, Properties: updated.Properties})
	if err != nil || read.Id != created.Id || read.Properties.AsMap()["url"] != created.Id {
		t.Errorf("read %v, %v", read, err)
	}
	for token, r := range map[string]*structpb.Struct{PolicyToken: made.Properties, Token: updated.Properties} {
		if _, err := aws.Delete(t.Context(), &pulumirpc.DeleteRequest{Type: token, Urn: urn, Id: created.Id, Properties: r}); err != nil {
			t.Error(err)
		}
	}
	if held, err := f.db.Count(); err != nil || held[Token]+held[PolicyToken] > 0 {
		t.Errorf("left %v, %v", held, err)
	}
}
