package main

import (
	"fmt"
	"slices"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cloudwatch"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/sns"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// newOperations declares the alarms and the dashboard.
func newOperations(s *stack, k *known, data *stores, fns []*function) ([]pulumi.Resource, error) {
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

// alarm is one of the few alarms there are: each looks at the whole API or
// account, at a store, or at a function that no request waits for, so that their
// number, and what they cost, stays with a hundred routes what it is with one.
type alarm struct {
	name string // logical and permanent
	args *cloudwatch.MetricAlarmArgs
}

// newAlarms declares the alarms and the topic that all of them go to.
//
// The topic has no key of KMS. With alias/aws/sns, whose policy cannot be
// changed, CloudWatch may not publish to it, and every alarm would be lost in
// silence; another key is a dollar a month for messages that hold names and
// numbers of metrics and no data. A team that must have one creates it with
// cloudwatch.amazonaws.com in its policy and sets KmsMasterKeyId here.
// https://repost.aws/knowledge-center/cloudwatch-configure-alarm-sns
func newAlarms(s *stack, k *known, data *stores, fns []*function) (declared []pulumi.Resource, err error) {
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
		declared = append(declared, mail)
	}
	for _, a := range slices.Concat(apiAlarms(s.cfg, k), functionAlarms(s.cfg, fns), data.alarms(s.cfg)) {
		// Two periods of three: one lone failure in the night wakes nobody, and
		// no traffic at all is no trouble.
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
		declared = append(declared, made)
	}
	return declared, nil
}

// period of every metric that is watched or shown, in seconds.
const period = 300

// above is an alarm on one metric of AWS that passes the threshold.
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

// sum is a metric that an alarm computes with.
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

// result is what the alarm compares with its threshold.
func result(expression, label string) cloudwatch.MetricAlarmMetricQueryArgs {
	return cloudwatch.MetricAlarmMetricQueryArgs{
		Id:         pulumi.String("result"),
		Expression: pulumi.String(expression),
		Label:      pulumi.String(label),
		ReturnData: pulumi.Bool(true),
	}
}
