package sns

import (
	"context"
	"crypto/sha256"
	"fmt"
	"net/mail"
	"net/url"

	"github.com/google/uuid"

	"skiff/local/aws/arn"
	"skiff/local/aws/awserr"
	"skiff/local/engine/provider"
	"skiff/local/store"
)

// Subscription holds the inputs of a subscription to a topic.
type Subscription struct {
	Topic                        string `json:"topic" aws:"required,replace"`
	Protocol                     string `json:"protocol" aws:"required,replace"`
	Endpoint                     string `json:"endpoint" aws:"required,replace"`
	ConfirmationTimeoutInMinutes int    `json:"confirmationTimeoutInMinutes,omitempty" aws:"idle"`
	DeliveryPolicy               string `json:"deliveryPolicy,omitempty" aws:"idle"`
	EndpointAutoConfirms         bool   `json:"endpointAutoConfirms,omitempty" aws:"idle"`
	FilterPolicy                 string `json:"filterPolicy,omitempty"`
	FilterPolicyScope            string `json:"filterPolicyScope,omitempty"`
	RawMessageDelivery           bool   `json:"rawMessageDelivery,omitempty"`
	RedrivePolicy                string `json:"redrivePolicy,omitempty"`
}

// SubscriptionOutputs holds the outputs and defaults that AWS adds to a
// subscription.
type SubscriptionOutputs struct {
	ARN                          string `json:"arn"`
	ConfirmationWasAuthenticated bool   `json:"confirmationWasAuthenticated"`
	FilterPolicyScope            string `json:"filterPolicyScope"`
	OwnerID                      string `json:"ownerId"`
	PendingConfirmation          bool   `json:"pendingConfirmation"`
}

func subscriptions(t *Topics) *provider.Resource[Subscription, SubscriptionOutputs] {
	return &provider.Resource[Subscription, SubscriptionOutputs]{
		Token: SubscriptionToken,
		Check: checkSubscription,
		ID:    subscriptionARN,
		Create: func(_ context.Context, _ provider.Call, r *store.Record[Subscription]) error {
			if _, err := t.Find(r.Inputs.Topic); err != nil {
				return awserr.New("NotFoundException", "%w", err)
			}
			return nil
		},
		Actions: subscriptionActions,
		Describe: func(r store.Record[Subscription]) SubscriptionOutputs {
			in := r.Inputs
			out := SubscriptionOutputs{ARN: r.ID, OwnerID: r.Account, FilterPolicyScope: in.FilterPolicyScope}
			if in.FilterPolicy != "" && in.FilterPolicyScope == "" {
				out.FilterPolicyScope = "MessageAttributes"
			}
			// Queues and functions of the same account need no confirmation.
			out.ConfirmationWasAuthenticated = in.Protocol == "sqs" || in.Protocol == "lambda"
			out.PendingConfirmation = !out.ConfirmationWasAuthenticated && !in.EndpointAutoConfirms
			return out
		},
	}
}

// subscriptionARN returns the topic's ARN with a UUID. Here the UUID derives
// from the endpoint, because a topic has each endpoint only once
// (https://docs.aws.amazon.com/sns/latest/api/API_Subscribe.html).
func subscriptionARN(_ provider.Call, in Subscription) string {
	b := sha256.Sum256([]byte(in.Topic + "\n" + in.Protocol + "\n" + in.Endpoint))
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return in.Topic + ":" + uuid.UUID(b[:16]).String()
}

// checkSubscription reports what
// https://docs.aws.amazon.com/sns/latest/api/API_Subscribe.html rejects.
func checkSubscription(in Subscription) []provider.Problem {
	var problems provider.Problems
	if in.Topic != "" && !arn.IsTopic(in.Topic) {
		problems.Add("topic", "%q is not the ARN of a standard topic", in.Topic)
	}
	if reason := endpointProblem(in.Protocol, in.Endpoint); reason != "" {
		problems.Add("endpoint", "%s", reason)
	}
	switch in.Protocol {
	case "", "email", "https", "sqs", "lambda":
	default:
		problems.Add("protocol", "the local cloud supports email, https, sqs and lambda, not %q", in.Protocol)
	}
	if in.RawMessageDelivery && (in.Protocol == "email" || in.Protocol == "lambda") {
		problems.Add("rawMessageDelivery", "needs the protocol https or sqs, not %s", in.Protocol)
	}
	if in.DeliveryPolicy != "" && in.Protocol != "" && in.Protocol != "https" {
		problems.Add("deliveryPolicy", "needs the protocol https, not %s", in.Protocol)
	}
	problems.OneOf("filterPolicyScope", in.FilterPolicyScope, "MessageAttributes", "MessageBody")
	if in.ConfirmationTimeoutInMinutes < 0 {
		problems.Add("confirmationTimeoutInMinutes", "%d is below 0", in.ConfirmationTimeoutInMinutes)
	}
	if !isObject(in.DeliveryPolicy) {
		problems.Add("deliveryPolicy", "is not a JSON object")
	}
	if _, err := parsePolicy(in.FilterPolicy, in.FilterPolicyScope); err != nil {
		problems.Add("filterPolicy", "Invalid parameter: FilterPolicy: %v", err)
	}
	if _, err := deadLetters(in.RedrivePolicy); err != nil {
		problems.Add("redrivePolicy", "Invalid parameter: RedrivePolicy: %v", err)
	}
	return problems
}

// endpointProblem describes why an endpoint does not fit its protocol, or
// returns "".
func endpointProblem(protocol, endpoint string) string {
	if endpoint == "" {
		return ""
	}
	switch protocol {
	case "email":
		if a, err := mail.ParseAddress(endpoint); err != nil || a.Address != endpoint {
			return fmt.Sprintf("%q is not an e-mail address", endpoint)
		}
	case "https":
		if u, err := url.Parse(endpoint); err != nil || u.Scheme != "https" || u.Host == "" {
			return fmt.Sprintf("%q is not a URL that begins with https://", endpoint)
		}
	case "sqs":
		if !arn.IsQueue(endpoint) {
			return fmt.Sprintf("%q is not the ARN of a standard queue", endpoint)
		}
	case "lambda":
		if !arn.IsFunction(endpoint) {
			return fmt.Sprintf("%q is not the ARN of a function", endpoint)
		}
	}
	return ""
}
