package main

import (
	"fmt"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cloudwatch"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// apiAlarms watch the HTTP API. Another stack's API is watched there.
func apiAlarms(cfg config, k *known) []alarm {
	if !k.own {
		return nil
	}
	dimensions := pulumi.StringMap{"ApiId": k.id, "Stage": k.stage}
	return []alarm{apiErrors(cfg, dimensions), apiLatency(cfg, dimensions)}
}

// apiErrors looks at the share of requests that the service answers with 500
// or more. A throttled function is among them: API Gateway answers 503.
// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-metrics.html
func apiErrors(cfg config, dimensions pulumi.StringMap) alarm {
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
func apiLatency(cfg config, dimensions pulumi.StringMap) alarm {
	return alarm{"api-latency", &cloudwatch.MetricAlarmArgs{
		AlarmDescription:                  pulumi.String(fmt.Sprintf("One in a hundred of the API's requests takes more than %d ms", cfg.AlarmLatency)),
		Threshold:                         pulumi.Float64(cfg.AlarmLatency),
		Namespace:                         pulumi.String("AWS/ApiGateway"),
		MetricName:                        pulumi.String("Latency"),
		Dimensions:                        dimensions,
		ExtendedStatistic:                 pulumi.String("p99"),
		EvaluateLowSampleCountPercentiles: pulumi.String("ignore"),
		Period:                            pulumi.Int(period),
	}}
}

// functionAlarms look at all functions together, and at each that no request
// waits for: who else would see that one fail?
func functionAlarms(cfg config, fns []*function) []alarm {
	all := []alarm{functionThrottles()}
	for _, f := range fns {
		if f.Follows != "" {
			all = append(all, iteratorAge(cfg, f))
		}
		if f.Schedule != "" {
			all = append(all, failures(f))
		}
	}
	return all
}

// functionThrottles looks at all functions of the account and region at once,
// which is what the metric without a dimension counts: they share one pool of
// concurrency, so it does not matter who empties it. A metric math alarm would
// take ten functions at most.
// https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html
func functionThrottles() alarm {
	return above("function-throttles", "Functions of this account and region are refused for lack of concurrency",
		0, "AWS/Lambda", "Throttles", "Sum", nil)
}

// iteratorAge looks at how far a function is behind the stream that it follows.
// https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html#event-source-mapping-metrics
func iteratorAge(cfg config, f *function) alarm {
	return above(f.Name+"-behind", fmt.Sprintf("The function %s is more than %d s behind the table %s", f.Name, cfg.AlarmQueueAge, f.Follows),
		float64(cfg.AlarmQueueAge)*1000, "AWS/Lambda", "IteratorAge", "Maximum", pulumi.StringMap{"FunctionName": f.lambda.Name})
}

// failures looks at a function that a schedule calls. One failure is an alarm:
// the next call may be a day away.
func failures(f *function) alarm {
	a := above(f.Name+"-failed", fmt.Sprintf("The function %s failed when its schedule called it", f.Name),
		0, "AWS/Lambda", "Errors", "Sum", pulumi.StringMap{"FunctionName": f.lambda.Name})
	a.args.EvaluationPeriods, a.args.DatapointsToAlarm = pulumi.Int(1), pulumi.Int(1)
	return a
}
