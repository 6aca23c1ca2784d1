package main

import (
	"fmt"
	"slices"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cloudwatch"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/sns"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// newOperations declares the alarms and the dashboard.
func newOperations(s *stack, k *apiInfo, data *stores, fns []*function) ([]pulumi.Resource, error) {
	alarms, err := newAlarms(s, k, data, fns)
	if err != nil {
		return nil, fmt.Errorf("alarms: %w", err)
	}
	page, err := newDashboard(s, k, data, fns)
	if err != nil {
		return nil, fmt.Errorf("dashboard: %w", err)
	}
	return append(alarms, page...), nil
}

// alarm is a CloudWatch alarm. Each watches the whole API or account, a store,
// or a function that no request waits for. So their number and their cost do
// not grow with the number of routes.
type alarm struct {
	name string // the logical name, which is permanent
	args *cloudwatch.MetricAlarmArgs
}

// newAlarms declares the alarms and the topic that they publish to.
//
// The topic has no KMS key. The policy of alias/aws/sns does not let CloudWatch
// publish, and AWS does not allow changing it, so every alarm would be lost
// silently. A key that the stack owns costs a dollar a month, and the messages
// contain no data, only names and numbers of metrics. A team that needs a key
// creates one with cloudwatch.amazonaws.com in its policy and sets
// KmsMasterKeyId here.
// https://repost.aws/knowledge-center/cloudwatch-configure-alarm-sns
func newAlarms(s *stack, k *apiInfo, data *stores, fns []*function) (resources []pulumi.Resource, err error) {
	if !s.cfg.Alarms {
		return nil, nil
	}
	topic, err := sns.NewTopic(s.ctx, "alarms", &sns.TopicArgs{}, s.in)
	if err != nil {
		return nil, err
	}
	if s.cfg.AlarmEmail != "" {
		mail, err := sns.NewTopicSubscription(s.ctx, "alarms", &sns.TopicSubscriptionArgs{
			Topic:    topic.Arn,
			Protocol: pulumi.String("email"),
			Endpoint: pulumi.String(s.cfg.AlarmEmail),
		}, s.in)
		if err != nil {
			return nil, err
		}
		resources = append(resources, mail)
	}
	for _, a := range slices.Concat(apiAlarms(s.cfg, k), functionAlarms(s.cfg, fns), data.alarms(s.cfg)) {
		// An alarm needs failures in two of three periods, so a single failure
		// does not raise it. No traffic is no failure.
		a.args.ComparisonOperator = pulumi.String("GreaterThanThreshold")
		if a.args.EvaluationPeriods == nil {
			a.args.EvaluationPeriods, a.args.DatapointsToAlarm = pulumi.Int(3), pulumi.Int(2)
		}
		a.args.TreatMissingData = pulumi.String("notBreaching")
		a.args.AlarmActions = pulumi.Array{topic.Arn}
		a.args.OkActions = pulumi.Array{topic.Arn}
		made, err := cloudwatch.NewMetricAlarm(s.ctx, a.name, a.args, s.in)
		if err != nil {
			return nil, err
		}
		resources = append(resources, made)
	}
	return resources, nil
}

// period is the period of every metric in alarms and on the dashboard, in
// seconds.
const period = 300

// above returns an alarm that is raised while one AWS metric is above the
// threshold.
func above(name, description string, threshold float64, namespace, metric, statistic string, dimensions pulumi.StringMap) alarm {
	args := &cloudwatch.MetricAlarmArgs{
		AlarmDescription: pulumi.String(description),
		Threshold:        pulumi.Float64(threshold),
		Namespace:        pulumi.String(namespace),
		MetricName:       pulumi.String(metric),
		Statistic:        pulumi.String(statistic),
		Period:           pulumi.Int(period),
	}
	if len(dimensions) > 0 {
		args.Dimensions = dimensions
	}
	return alarm{name, args}
}

// sum returns a metric for the expression of an alarm.
func sum(id, namespace, metric string, dimensions pulumi.StringMap) cloudwatch.MetricAlarmMetricQueryArgs {
	return cloudwatch.MetricAlarmMetricQueryArgs{
		Id: pulumi.String(id),
		Metric: cloudwatch.MetricAlarmMetricQueryMetricArgs{
			Namespace:  pulumi.String(namespace),
			MetricName: pulumi.String(metric),
			Dimensions: dimensions,
			Period:     pulumi.Int(period),
			Stat:       pulumi.String("Sum"),
		},
	}
}

// result returns the expression that the alarm compares with its threshold.
func result(expression, label string) cloudwatch.MetricAlarmMetricQueryArgs {
	return cloudwatch.MetricAlarmMetricQueryArgs{
		Id:         pulumi.String("result"),
		Expression: pulumi.String(expression),
		Label:      pulumi.String(label),
		ReturnData: pulumi.Bool(true),
	}
}
