package sns

import (
	"context"
	"encoding/json"
	"fmt"
	"regexp"

	"skiff/local/aws/arn"
	"skiff/local/aws/iam"
	"skiff/local/engine/provider"
	"skiff/local/store"
)

// Tokens of the resource types of this package.
const (
	TopicToken        = "aws:sns/topic:Topic"
	SubscriptionToken = "aws:sns/topicSubscription:TopicSubscription"
)

// Topic holds the inputs of a standard topic. FIFO topics, archives and
// delivery status logging are not supported.
type Topic struct {
	Name             string            `json:"name" aws:"replace"`
	DisplayName      string            `json:"displayName,omitempty" aws:"idle"`
	DeliveryPolicy   string            `json:"deliveryPolicy,omitempty" aws:"idle"`
	KMSMasterKeyID   string            `json:"kmsMasterKeyId,omitempty" aws:"idle"`
	Policy           string            `json:"policy,omitempty"`
	SignatureVersion int               `json:"signatureVersion,omitempty"`
	TracingConfig    string            `json:"tracingConfig,omitempty" aws:"idle"`
	Tags             map[string]string `json:"tags,omitempty"`
}

// TopicOutputs holds the outputs and defaults that AWS adds to a topic.
type TopicOutputs struct {
	ARN              string `json:"arn"`
	Owner            string `json:"owner"`
	Policy           string `json:"policy"`
	SignatureVersion int    `json:"signatureVersion"`
	TracingConfig    string `json:"tracingConfig"`
}

// Topics holds the declared topics and subscriptions.
type Topics struct{ db *store.Store }

// New returns the topics in db.
func New(db *store.Store) *Topics { return &Topics{db} }

// Types returns the resource types of SNS.
func (t *Topics) Types() []provider.Kind {
	topics, subscriptions := resourceTypes(t)
	return []provider.Kind{topics, subscriptions}
}

// resourceTypes returns the resource types of topics and subscriptions.
func resourceTypes(t *Topics) (*provider.Resource[Topic, TopicOutputs], *provider.Resource[Subscription, SubscriptionOutputs]) {
	topics := &provider.Resource[Topic, TopicOutputs]{
		Token: TopicToken, Named: "name", MaxName: 256,
		Check:    checkTopic,
		ID:       func(c provider.Call, in Topic) string { return arn.New("sns", c.Region, c.Account, in.Name) },
		Delete:   t.deleteTopic,
		Actions:  topicActions,
		Describe: describeTopic,
	}
	return topics, subscriptions(t)
}

// Find returns the topic with an ARN. The error wraps store.ErrNotFound if
// there is none.
func (t *Topics) Find(topicARN string) (store.Record[Topic], error) {
	r, err := store.Get[Topic](t.db, TopicToken, topicARN)
	if err != nil {
		return r, fmt.Errorf("topic %s: %w", topicARN, err)
	}
	return r, nil
}

var nameForm = regexp.MustCompile(`^[A-Za-z0-9_-]{1,256}$`)

// checkTopic reports what
// https://docs.aws.amazon.com/sns/latest/api/API_CreateTopic.html rejects. The
// limit of the display name is at
// https://docs.aws.amazon.com/sns/latest/api/API_SetTopicAttributes.html.
func checkTopic(in Topic) []provider.Problem {
	var problems provider.Problems
	if in.Name != "" && !nameForm.MatchString(in.Name) {
		problems.Add("name", "%q must be 1 to 256 letters, digits, - and _; the local cloud has no FIFO topics", in.Name)
	}
	problems.MaxCharacters("displayName", in.DisplayName, 100)
	if v := in.SignatureVersion; v != 0 && v != 1 && v != 2 {
		problems.Add("signatureVersion", "%d is neither 1 nor 2", v)
	}
	problems.OneOf("tracingConfig", in.TracingConfig, "PassThrough", "Active")
	if !isObject(in.DeliveryPolicy) {
		problems.Add("deliveryPolicy", "is not a JSON object")
	}
	if in.Policy != "" {
		if _, err := iam.ParseResource(in.Policy); err != nil {
			problems.Add("policy", "Invalid parameter: Policy: %v", err)
		}
	}
	return problems
}

// isObject reports whether a text is a JSON object or empty.
func isObject(text string) bool {
	var object map[string]any
	return text == "" || json.Unmarshal([]byte(text), &object) == nil && object != nil
}

func describeTopic(r store.Record[Topic]) TopicOutputs {
	out := TopicOutputs{ARN: r.ID, Owner: r.Account, Policy: r.Inputs.Policy, SignatureVersion: 1, TracingConfig: "PassThrough"}
	if out.Policy == "" {
		out.Policy = defaultPolicy(r.ID, r.Account)
	}
	if v := r.Inputs.SignatureVersion; v != 0 {
		out.SignatureVersion = v
	}
	if c := r.Inputs.TracingConfig; c != "" {
		out.TracingConfig = c
	}
	return out
}

// defaultPolicy lets the topic's own account use it, including its alarms
// (https://docs.aws.amazon.com/sns/latest/dg/sns-access-policy-language-key-concepts.html).
func defaultPolicy(topicARN, account string) string {
	const form = `{"Version":"2008-10-17","Id":"__default_policy_ID","Statement":[{"Sid":"__default_statement_ID","Effect":"Allow",` +
		`"Principal":{"AWS":"*"},"Action":["SNS:GetTopicAttributes","SNS:SetTopicAttributes","SNS:AddPermission","SNS:RemovePermission",` +
		`"SNS:DeleteTopic","SNS:Subscribe","SNS:ListSubscriptionsByTopic","SNS:Publish"],"Resource":"%s",` +
		`"Condition":{"StringEquals":{"AWS:SourceOwner":"%s"}}}]}`
	return fmt.Sprintf(form, topicARN, account)
}

// deleteTopic also deletes the subscriptions, as
// https://docs.aws.amazon.com/sns/latest/api/API_DeleteTopic.html does.
func (t *Topics) deleteTopic(_ context.Context, _ provider.Call, r store.Record[Topic]) error {
	all, err := store.List[Subscription](t.db, SubscriptionToken)
	if err != nil {
		return err
	}
	for _, s := range all {
		if s.Inputs.Topic != r.ID {
			continue
		}
		if err := store.Delete(t.db, SubscriptionToken, s.ID); err != nil {
			return err
		}
	}
	return nil
}
