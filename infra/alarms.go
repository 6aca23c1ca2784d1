package main

import (
	"fmt"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cloudwatch"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/sns"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"skiff/lambdas/names"
)

// period of every metric that is watched or shown, in seconds.
const period = 300

// watched is what alarms and dashboard look at.
type watched struct {
	api       *httpAPI
	data      *stores
	functions []*function
}

// newOperations declares the alarms and the dashboard.
func newOperations(ctx *pulumi.Context, cfg config, in pulumi.ResourceOption, api *httpAPI, data *stores, fns []*function) ([]pulumi.Resource, error) {
	w := &watched{api, data, fns}
	alarms, err := newAlarms(ctx, cfg, in, w)
	if err != nil {
		return nil, fmt.Errorf("alarms: %w", err)
	}
	page, err := newDashboard(ctx, cfg, in, w)
	if err != nil {
		return nil, fmt.Errorf("dashboard: %w", err)
	}
	return append(alarms, page...), nil
}

// alarm is one of the few alarms there are: each looks at the whole API, table
// or account, so that their number, and what they cost, stays with a hundred
// functions what it is with one.
type alarm struct {
	name string // logical and permanent
	args *cloudwatch.MetricAlarmArgs
}

// newAlarms declares the alarms and the topic that all of them go to.
//
// The topic has no key of KMS. With alias/aws/sns, whose policy cannot be
// changed, CloudWatch may not publish to it, and every alarm would be lost in
// silence; a key of one's own is a dollar a month for messages that hold names
// and numbers of metrics and no data. A team that must have one creates it with
// cloudwatch.amazonaws.com in its policy and sets KmsMasterKeyId here.
// https://repost.aws/knowledge-center/cloudwatch-configure-alarm-sns
func newAlarms(ctx *pulumi.Context, cfg config, in pulumi.ResourceOption, w *watched) ([]pulumi.Resource, error) {
	if !cfg.Alarms {
		return nil, nil
	}
	topic, err := sns.NewTopic(ctx, "alarms", &sns.TopicArgs{}, in)
	if err != nil {
		return nil, err
	}
	var declared []pulumi.Resource
	if cfg.AlarmEmail != "" {
		mail, err := sns.NewTopicSubscription(ctx, "alarms", &sns.TopicSubscriptionArgs{
			Topic:    topic.Arn,
			Protocol: pulumi.String("email"),
			Endpoint: pulumi.String(cfg.AlarmEmail),
		}, in)
		if err != nil {
			return nil, err
		}
		declared = append(declared, mail)
	}
	alarms := []alarm{functionThrottles(), tableThrottles(w), queueAge(cfg, w), deadEvents(w)}
	if !w.api.attached { // another stack's API is watched there
		alarms = append(alarms, apiErrors(cfg, w), apiLatency(cfg, w))
	}
	for _, a := range alarms {
		// Two periods of three: one lone failure in the night wakes nobody, and
		// no traffic at all is no trouble.
		a.args.ComparisonOperator = pulumi.String("GreaterThanThreshold")
		a.args.EvaluationPeriods = pulumi.Int(3)
		a.args.DatapointsToAlarm = pulumi.Int(2)
		a.args.TreatMissingData = pulumi.String("notBreaching")
		a.args.AlarmActions = pulumi.Array{topic.Arn}
		a.args.OkActions = pulumi.Array{topic.Arn}
		made, err := cloudwatch.NewMetricAlarm(ctx, a.name, a.args, in)
		if err != nil {
			return nil, err
		}
		declared = append(declared, made)
	}
	return declared, nil
}

// apiErrors looks at the share of requests that the service answers with 500
// or more. A throttled function is among them: API Gateway answers 503.
// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-metrics.html
func apiErrors(cfg config, w *watched) alarm {
	dimensions := w.apiDimensions()
	return alarm{"api-errors", &cloudwatch.MetricAlarmArgs{
		AlarmDescription: pulumi.String(fmt.Sprintf("More than %d %% of the API's requests are answered with 500 or more", cfg.AlarmErrorPercent)),
		Threshold:        pulumi.Float64(cfg.AlarmErrorPercent),
		MetricQueries: cloudwatch.MetricAlarmMetricQueryArray{
			sum("errors", "AWS/ApiGateway", "5xx", dimensions),
			sum("requests", "AWS/ApiGateway", "Count", dimensions),
			result("100 * errors / requests", "errors in percent"),
		},
	}}
}

// apiLatency looks at the time a client waits, of the slowest in a hundred. With
// few requests that is the slowest of all: a cold start is no alarm.
func apiLatency(cfg config, w *watched) alarm {
	return alarm{"api-latency", &cloudwatch.MetricAlarmArgs{
		AlarmDescription:                  pulumi.String(fmt.Sprintf("One in a hundred of the API's requests takes more than %d ms", cfg.AlarmLatency)),
		Threshold:                         pulumi.Float64(cfg.AlarmLatency),
		Namespace:                         pulumi.String("AWS/ApiGateway"),
		MetricName:                        pulumi.String("Latency"),
		Dimensions:                        w.apiDimensions(),
		ExtendedStatistic:                 pulumi.String("p99"),
		EvaluateLowSampleCountPercentiles: pulumi.String("ignore"),
		Period:                            pulumi.Int(period),
	}}
}

// functionThrottles looks at all functions of the account and region at once,
// which is what the metric without a dimension counts: they share one pool of
// concurrency, so who empties it is all the same. A metric math alarm would take
// ten functions at most.
// https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html
func functionThrottles() alarm {
	return alarm{"function-throttles", &cloudwatch.MetricAlarmArgs{
		AlarmDescription: pulumi.String("Functions of this account and region are refused for lack of concurrency"),
		Threshold:        pulumi.Float64(0),
		Namespace:        pulumi.String("AWS/Lambda"),
		MetricName:       pulumi.String("Throttles"),
		Statistic:        pulumi.String("Sum"),
		Period:           pulumi.Int(period),
	}}
}

// tableThrottles looks at the table and its index, which are throttled apart.
// These metrics exist only while something is throttled.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/metrics-dimensions.html
func tableThrottles(w *watched) alarm {
	table := pulumi.StringMap{"TableName": w.data.items.Name}
	index := pulumi.StringMap{"TableName": w.data.items.Name, "GlobalSecondaryIndexName": pulumi.String(names.StatusIndex)}
	return alarm{"table-throttles", &cloudwatch.MetricAlarmArgs{
		AlarmDescription: pulumi.String("Reads or writes of the table or its index are throttled"),
		Threshold:        pulumi.Float64(0),
		MetricQueries: cloudwatch.MetricAlarmMetricQueryArray{
			sum("reads", "AWS/DynamoDB", "ReadThrottleEvents", table),
			sum("writes", "AWS/DynamoDB", "WriteThrottleEvents", table),
			sum("indexReads", "AWS/DynamoDB", "ReadThrottleEvents", index),
			sum("indexWrites", "AWS/DynamoDB", "WriteThrottleEvents", index),
			result("FILL(reads, 0) + FILL(writes, 0) + FILL(indexReads, 0) + FILL(indexWrites, 0)", "throttled reads and writes"),
		},
	}}
}

// queueAge looks at how long the oldest event waits: clients hear of a change
// that late.
// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html
func queueAge(cfg config, w *watched) alarm {
	return alarm{"queue-age", &cloudwatch.MetricAlarmArgs{
		AlarmDescription: pulumi.String(fmt.Sprintf("Events wait for more than %d s before clients are told of them", cfg.AlarmQueueAge)),
		Threshold:        pulumi.Float64(cfg.AlarmQueueAge),
		Namespace:        pulumi.String("AWS/SQS"),
		MetricName:       pulumi.String("ApproximateAgeOfOldestMessage"),
		Dimensions:       pulumi.StringMap{"QueueName": w.data.queues.events.Name},
		Statistic:        pulumi.String("Maximum"),
		Period:           pulumi.Int(period),
	}}
}

// deadEvents looks at the dead-letter queue, which is empty as long as all is
// well.
func deadEvents(w *watched) alarm {
	return alarm{"dead-events", &cloudwatch.MetricAlarmArgs{
		AlarmDescription: pulumi.String("Events failed too often and lie in the dead-letter queue"),
		Threshold:        pulumi.Float64(0),
		Namespace:        pulumi.String("AWS/SQS"),
		MetricName:       pulumi.String("ApproximateNumberOfMessagesVisible"),
		Dimensions:       pulumi.StringMap{"QueueName": w.data.queues.dead.Name},
		Statistic:        pulumi.String("Maximum"),
		Period:           pulumi.Int(period),
	}}
}

func (w *watched) apiDimensions() pulumi.StringMap {
	return pulumi.StringMap{"ApiId": w.api.id, "Stage": pulumi.String(w.api.stage)}
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
