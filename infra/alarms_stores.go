package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cloudwatch"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/sqs"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// alarms returns the alarms on the tables and the queues.
func (d *stores) alarms(cfg config) (all []alarm) {
	for _, t := range d.tables {
		if !t.Sockets {
			all = append(all, t.throttles()...)
		}
	}
	for _, q := range d.queues {
		all = append(all, q.age(cfg), dead(q.Name, "Messages of the queue "+q.Name+" failed too often and are in its dead-letter queue", q.dead))
	}
	for _, function := range slices.Sorted(maps.Keys(d.deadQueues)) {
		all = append(all, dead(function, "The function "+function+" failed too often on records that its dead-letter queue names", d.deadQueues[function]))
	}
	return all
}

// watched is the maximum number of tables and indexes in one alarm: an alarm
// has at most 10 metrics, and each table or index needs two.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html
const watched = 5

// throttles watches the table and its indexes, which DynamoDB throttles
// separately. These metrics have data only while something is throttled.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/metrics-dimensions.html
func (t table) throttles() (all []alarm) {
	for part := range slices.Chunk(t.metered(), watched) {
		a := alarm{numbered(string(tableLabel(t.Table))+"-throttles", len(all)), &cloudwatch.MetricAlarmArgs{
			AlarmDescription: pulumi.String(fmt.Sprintf("Reads or writes of the table %s or an index of it are throttled", t.Name)),
			Threshold:        pulumi.Float64(0),
		}}
		var metrics cloudwatch.MetricAlarmMetricQueryArray
		var terms []string
		for _, m := range part {
			for _, what := range []string{"Read", "Write"} {
				id := m.id + strings.ToLower(what[:1]) + what[1:] + "s"
				if m.id != "" {
					id = m.id + what + "s"
				}
				metrics = append(metrics, sum(id, "AWS/DynamoDB", what+"ThrottleEvents", m.dimensions()))
				terms = append(terms, fmt.Sprintf("FILL(%s, 0)", id))
			}
		}
		a.args.MetricQueries = append(metrics, result(strings.Join(terms, " + "), "throttled reads and writes"))
		all = append(all, a)
	}
	return all
}

// metered is a table, or one of its indexes, that has metrics in CloudWatch.
type metered struct {
	id    string // the prefix of its metrics' ids
	table pulumi.StringInput
	index string // "": the table itself
}

// metered returns the table and its indexes.
func (t table) metered() []metered {
	all := []metered{{"", t.made.Name, ""}}
	for i, index := range t.Indexes {
		all = append(all, metered{numbered("index", i), t.made.Name, index.Name})
	}
	return all
}

func (m metered) dimensions() pulumi.StringMap {
	all := pulumi.StringMap{"TableName": m.table}
	if m.index != "" {
		all["GlobalSecondaryIndexName"] = pulumi.String(m.index)
	}
	return all
}

// numbered returns the name for i = 0, and the name with the number i+1
// otherwise.
func numbered(name string, i int) string {
	if i == 0 {
		return name
	}
	return fmt.Sprint(name, i+1)
}

// age watches how long the oldest message waits.
// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html
func (q queue) age(cfg config) alarm {
	return above(string(queueLabel(q.Queue))+"-age", fmt.Sprintf("Messages wait for more than %d s in the queue %s", cfg.AlarmQueueAge, q.Name),
		float64(cfg.AlarmQueueAge), "AWS/SQS", "ApproximateAgeOfOldestMessage", "Maximum", pulumi.StringMap{"QueueName": q.made.Name})
}

// dead watches a dead-letter queue, which is empty while all is well.
func dead(of, description string, q *sqs.Queue) alarm {
	return above(deadName(of), description, 0, "AWS/SQS", "ApproximateNumberOfMessagesVisible", "Maximum", pulumi.StringMap{"QueueName": q.Name})
}
