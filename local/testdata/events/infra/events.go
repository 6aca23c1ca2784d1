package main

import (
	"slices"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cloudwatch"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/iam"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/lambda"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/sns"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/sqs"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// newEvents declares a bus whose rule calls relay and fills the queue, and a topic
// that calls receive and fills the queue.
func newEvents(s *stack, data *stores, fns []*function) error {
	named := func(name string) *function {
		return fns[slices.IndexFunc(fns, func(f *function) bool { return f.Name == name })]
	}
	queue := data.queues[slices.IndexFunc(data.queues, func(q queue) bool { return q.Name == "orders" })]
	topic, err := sns.NewTopic(s.ctx, "orders", nil, s.in)
	if err != nil {
		return err
	}
	bus, err := cloudwatch.NewEventBus(s.ctx, "shop", &cloudwatch.EventBusArgs{Name: pulumi.String("shop")}, s.in)
	if err != nil {
		return err
	}
	for name, g := range map[string]grant{"publish": {[]string{"events:PutEvents"}, bus.Arn}, "relay": {[]string{"sns:Publish"}, topic.Arn}} {
		_, err := iam.NewRolePolicy(s.ctx, name+"-events", &iam.RolePolicyArgs{Role: named(name).rights.Role, Policy: allow(g)}, s.in)
		if err != nil {
			return err
		}
	}
	rule, err := newRule(s, bus, topic, named("relay"), queue.made)
	if err != nil {
		return err
	}
	if err := newSubscriptions(s, topic, named("receive"), queue.made); err != nil {
		return err
	}
	_, err = sqs.NewQueuePolicy(s.ctx, "orders", &sqs.QueuePolicyArgs{
		QueueUrl: queue.made.Url,
		Policy: pulumi.All(queue.made.Arn, topic.Arn, rule.Arn).ApplyT(func(arns []any) (string, error) {
			var statements []statement
			for i, name := range []string{"sns.amazonaws.com", "events.amazonaws.com"} {
				statements = append(statements, statement{
					Effect: "Allow", Principal: service{name}, Action: []string{"sqs:SendMessage"}, Resource: arns[0],
					Condition: map[string]map[string]string{"ArnEquals": {"aws:SourceArn": arns[i+1].(string)}},
				})
			}
			return document(statements...)
		}).(pulumi.StringOutput),
	}, s.in)
	return err
}

// newRule declares what happens to an order of more than 10.
func newRule(s *stack, bus *cloudwatch.EventBus, topic *sns.Topic, relay *function, queue *sqs.Queue) (*cloudwatch.EventRule, error) {
	rule, err := cloudwatch.NewEventRule(s.ctx, "orders", &cloudwatch.EventRuleArgs{
		EventBusName: bus.Name,
		EventPattern: pulumi.String(`{"source":["shop"],"detail":{"total":[{"numeric":[">",10]}]}}`),
	}, s.in)
	if err != nil {
		return nil, err
	}
	_, err = cloudwatch.NewEventTarget(s.ctx, "relay", &cloudwatch.EventTargetArgs{
		Rule: rule.Name, EventBusName: bus.Name, Arn: relay.lambda.Arn,
		InputTransformer: cloudwatch.EventTargetInputTransformerArgs{
			InputPaths:    pulumi.StringMap{"id": pulumi.String("$.detail.id")},
			InputTemplate: pulumi.Sprintf(`{"topic":"%s","id":<id>}`, topic.Arn),
		},
	}, s.in)
	if err != nil {
		return nil, err
	}
	_, err = cloudwatch.NewEventTarget(s.ctx, "queue", &cloudwatch.EventTargetArgs{
		Rule: rule.Name, EventBusName: bus.Name, Arn: queue.Arn, InputPath: pulumi.String("$.detail"),
	}, s.in)
	if err != nil {
		return nil, err
	}
	return rule, called(s, relay, "events.amazonaws.com", rule.Arn)
}

// newSubscriptions declares who gets what is published.
func newSubscriptions(s *stack, topic *sns.Topic, receive *function, queue *sqs.Queue) error {
	_, err := sns.NewTopicSubscription(s.ctx, "receive", &sns.TopicSubscriptionArgs{
		Topic: topic.Arn, Protocol: pulumi.String("lambda"), Endpoint: receive.lambda.Arn,
	}, s.in)
	if err != nil {
		return err
	}
	_, err = sns.NewTopicSubscription(s.ctx, "queue", &sns.TopicSubscriptionArgs{
		Topic: topic.Arn, Protocol: pulumi.String("sqs"), Endpoint: queue.Arn, RawMessageDelivery: pulumi.Bool(true),
	}, s.in)
	if err != nil {
		return err
	}
	return called(s, receive, "sns.amazonaws.com", topic.Arn)
}

// called lets a service call a function for a resource.
func called(s *stack, f *function, service string, source pulumi.StringInput) error {
	_, err := lambda.NewPermission(s.ctx, f.Name+"-events", &lambda.PermissionArgs{
		Action: pulumi.String("lambda:InvokeFunction"), Function: f.lambda.Name, Principal: pulumi.String(service), SourceArn: source,
	}, s.in)
	return err
}
