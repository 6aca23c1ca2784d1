package sqs

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"skiff/local/engine/provider"
	"skiff/local/engine/provider/providertest"
)

func TestActions(t *testing.T) {
	t.Parallel()
	f := newFixture(t, `{"Statement":{"Effect":"Deny","Action":"*","Resource":"*"}}`)
	queues, policies, redrives, allows := resourceTypes(f.Queues)
	const on = " arn:aws:sqs:eu-west-1:111111111111:events"
	queue := func(delay float64, tags map[string]any) map[string]any {
		return map[string]any{"name": "events", "delaySeconds": delay, "tags": tags}
	}
	reads := []string{"sqs:GetQueueAttributes" + on, "sqs:ListQueueTags" + on}
	want := map[provider.Verb][]string{
		provider.Create: append([]string{"sqs:CreateQueue" + on, "sqs:TagQueue" + on}, reads...),
		provider.Read:   reads,
		provider.Update: append([]string{"sqs:UntagQueue" + on, "sqs:TagQueue" + on, "sqs:SetQueueAttributes" + on}, reads...),
		provider.Delete: {"sqs:DeleteQueue" + on, "sqs:GetQueueAttributes" + on},
	}
	got := providertest.Asked(t, f.db, queues, queue(0, map[string]any{"Team": "x"}), queue(5, map[string]any{"Room": "y"}))
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("queue (-want +got)\n%s", diff)
	}

	url := base + "/111111111111/events"
	set, get := "sqs:SetQueueAttributes"+on, "sqs:GetQueueAttributes"+on
	want = map[provider.Verb][]string{provider.Create: {set, get}, provider.Read: {get}, provider.Update: {set, get}, provider.Delete: {set, get}}
	for name, got := range map[string]map[provider.Verb][]string{
		"policy":               providertest.Asked(t, f.db, policies, map[string]any{"queueUrl": url, "policy": "a"}, map[string]any{"queueUrl": url, "policy": "b"}),
		"redrive policy":       providertest.Asked(t, f.db, redrives, map[string]any{"queueUrl": url, "redrivePolicy": "a"}, map[string]any{"queueUrl": url, "redrivePolicy": "b"}),
		"redrive allow policy": providertest.Asked(t, f.db, allows, map[string]any{"queueUrl": url, "redriveAllowPolicy": "a"}, map[string]any{"queueUrl": url, "redriveAllowPolicy": "b"}),
	} {
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got)\n%s", name, diff)
		}
	}
}
