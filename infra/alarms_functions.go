package main

import (
	"fmt"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cloudwatch"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// apiAlarms returns the alarms on the HTTP API. A host stack has the alarms on
// its own API.
func apiAlarms(cfg config, k *apiInfo) []alarm {
	if !k.own {
		return nil
	}
	dimensions := pulumi.StringMap{"ApiId": k.id, "Stage": k.stage}
	return []alarm{apiErrors(cfg, dimensions), apiLatency(cfg, dimensions)}
}

// apiErrors watches the percentage of responses with status 500 or more. It
// includes throttled functions, because API Gateway answers 503 for them.
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

// apiLatency watches the latency of the slowest hundredth of requests. With few
// requests, that would be the single slowest one, so CloudWatch ignores such
// periods: a cold start raises no alarm.
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

// functionAlarms returns one alarm for all functions, and one for each function
// that no request waits for: no caller would notice its failure.
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

// functionThrottles watches all functions of the account and region: the metric
// without a dimension counts them all. They share one pool of concurrency, so
// any of them can use it up. An alarm on an expression could include only ten
// functions.
// https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html
func functionThrottles() alarm {
	return above("function-throttles", "Functions of this account and region are refused for lack of concurrency",
		0, "AWS/Lambda", "Throttles", "Sum", nil)
}

// iteratorAge watches how late a function processes the records of its stream.
// https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html#event-source-mapping-metrics
func iteratorAge(cfg config, f *function) alarm {
	return above(f.Name+"-behind", fmt.Sprintf("The function %s is more than %d s behind the table %s", f.Name, cfg.AlarmQueueAge, f.Follows),
		float64(cfg.AlarmQueueAge)*1000, "AWS/Lambda", "IteratorAge", "Maximum", pulumi.StringMap{"FunctionName": f.lambda.Name})
}

// failures watches a function that a schedule calls. One failure raises the
// alarm, because the next call may be a day away.
func failures(f *function) alarm {
	a := above(f.Name+"-failed", fmt.Sprintf("The function %s failed when its schedule called it", f.Name),
		0, "AWS/Lambda", "Errors", "Sum", pulumi.StringMap{"FunctionName": f.lambda.Name})
	a.args.EvaluationPeriods, a.args.DatapointsToAlarm = pulumi.Int(1), pulumi.Int(1)
	return a
}
