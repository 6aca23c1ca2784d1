package sns

import (
	"testing"

	"skiff/local/engine/provider"
	"skiff/local/engine/provider/providertest"
)

type inputs = providertest.Inputs

func TestActions(t *testing.T) {
	t.Parallel()
	known, db := newTopics(t)
	r := providertest.New(db)
	topics, subscriptions := resourceTypes(known)
	if topics.Actions == nil || subscriptions.Actions == nil {
		t.Fatal("a type has no actions")
	}
	r.Add(topics, subscriptions)
	const topic = "arn:aws:sns:eu-west-1:111111111111:project-staging-alarms"
	in := func(display string, tags inputs) inputs {
		return inputs{"name": "project-staging-alarms", "displayName": display, "tags": tags}
	}
	r.Run(t, TopicToken,
		providertest.Step{Verb: provider.Create, In: in("", inputs{"Team": "x"}), Want: []string{"sns:CreateTopic " + topic, "sns:TagResource " + topic}},
		providertest.Step{Verb: provider.Read, Want: []string{"sns:GetTopicAttributes " + topic, "sns:ListTagsForResource " + topic}},
		providertest.Step{Verb: provider.Update, In: in("", inputs{"Room": "y"}), Want: []string{"sns:TagResource " + topic, "sns:UntagResource " + topic}},
		providertest.Step{Verb: provider.Update, In: in("b", inputs{"Room": "y"}), Want: []string{"sns:SetTopicAttributes " + topic}},
		providertest.Step{Verb: provider.Delete, Want: []string{"sns:DeleteTopic " + topic}},
	)
	r.Run(t, TopicToken, providertest.Step{Verb: provider.Create, In: in("b", nil), Want: []string{"sns:CreateTopic " + topic, "sns:SetTopicAttributes " + topic}})
	mail := inputs{"topic": topic, "protocol": "email", "endpoint": "a@example.com"}
	filtered := inputs{"topic": topic, "protocol": "email", "endpoint": "a@example.com", "filterPolicy": `{"a":["b"]}`}
	confirms := inputs{"topic": topic, "protocol": "email", "endpoint": "a@example.com", "filterPolicy": `{"a":["b"]}`, "endpointAutoConfirms": true}
	reads := []string{"sns:GetSubscriptionAttributes " + topic}
	r.Run(t, SubscriptionToken,
		providertest.Step{Verb: provider.Create, In: mail, Want: []string{"sns:Subscribe " + topic}},
		providertest.Step{Verb: provider.Read, Want: reads},
		providertest.Step{Verb: provider.Update, In: filtered, Want: []string{"sns:SetSubscriptionAttributes " + topic}},
		providertest.Step{Verb: provider.Update, In: confirms},
		providertest.Step{Verb: provider.Delete, Want: append(reads, "sns:Unsubscribe "+topic)},
	)
}
