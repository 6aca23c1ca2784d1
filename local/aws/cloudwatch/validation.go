package cloudwatch

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"skiff/local/aws/arn"
	"skiff/local/engine/provider"
)

// See
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html.
// Times are in seconds.
const (
	maxActions     = 5
	maxDimensions  = 30
	maxQueries     = 20
	maxOfKind      = 10 // metrics, and also expressions, of one alarm
	maxExpression  = 2048
	maxEvaluation  = 604_800
	maxShortPeriod = 86_400 // if the period is below an hour
)

var (
	controlForm    = regexp.MustCompile(`[\x00-\x1f\x7f]`)
	queryIDForm    = regexp.MustCompile(`^[a-z][a-zA-Z0-9_]{0,254}$`)
	percentileForm = regexp.MustCompile(`^((p|tm|tc|ts|wm)(\d{1,2}(\.\d{1,10})?|100)|IQM|(PR|TM|TC|TS|WM)\([^()]*:[^()]*\))$`)
)

func statistics() []string {
	return []string{"SampleCount", "Average", "Sum", "Minimum", "Maximum"}
}

func units() []string {
	return []string{"Seconds", "Microseconds", "Milliseconds", "Bytes", "Kilobytes", "Megabytes", "Gigabytes", "Terabytes",
		"Bits", "Kilobits", "Megabits", "Gigabits", "Terabits", "Percent", "Count", "Bytes/Second", "Kilobytes/Second",
		"Megabytes/Second", "Gigabytes/Second", "Terabytes/Second", "Bits/Second", "Kilobits/Second", "Megabits/Second",
		"Gigabits/Second", "Terabits/Second", "Count/Second", "None"}
}

// checkAlarm reports what
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html
// rejects.
func checkAlarm(in Alarm) []provider.Problem {
	var problems provider.Problems
	problems.MaxCharacters("name", in.Name, 255)
	if controlForm.MatchString(in.Name) {
		problems.Add("name", "%q has a control character", in.Name)
	}
	problems.MaxCharacters("alarmDescription", in.AlarmDescription, 1024)
	if strings.Contains(in.ComparisonOperator, "LowerThreshold") || in.ComparisonOperator == "GreaterThanUpperThreshold" {
		problems.Add("comparisonOperator", "the local cloud has no anomaly detection: %s", in.ComparisonOperator)
	} else {
		problems.OneOf("comparisonOperator", in.ComparisonOperator, "GreaterThanOrEqualToThreshold", "GreaterThanThreshold", "LessThanThreshold", "LessThanOrEqualToThreshold")
	}
	problems.OneOf("treatMissingData", in.TreatMissingData, "breaching", "notBreaching", "ignore", "missing")
	problems.OneOf("evaluateLowSampleCountPercentiles", in.EvaluateLowSampleCountPercentiles, "evaluate", "ignore")
	checkActions(&problems, "alarmActions", in.AlarmActions)
	checkActions(&problems, "okActions", in.OKActions)
	checkActions(&problems, "insufficientDataActions", in.InsufficientDataActions)
	if n := in.EvaluationPeriods; n < 0 {
		problems.Add("evaluationPeriods", "%d is below 1", n)
	}
	if n := in.DatapointsToAlarm; n < 0 || in.EvaluationPeriods > 0 && n > in.EvaluationPeriods {
		problems.Add("datapointsToAlarm", "%d is not within 1 to the %d evaluation periods", n, in.EvaluationPeriods)
	}
	if len(in.MetricQueries) > 0 {
		checkQueries(&problems, in)
	} else {
		checkSimple(&problems, in)
	}
	return problems
}

func checkActions(problems *provider.Problems, property string, actions []string) {
	problems.AtMost(property, len(actions), maxActions, "actions")
	for _, action := range actions {
		if !arn.IsTopic(action) {
			problems.Add(property, "%q is not the ARN of an SNS topic, the only action that the local cloud supports", action)
		}
	}
}

// checkSimple checks an alarm on one metric. Missing values are no problem: a
// value that a preview does not know is absent.
func checkSimple(problems *provider.Problems, in Alarm) {
	checkMetric(problems, "", in.Namespace, in.MetricName, in.Dimensions, in.Unit)
	checkPeriod(problems, "period", in.Period, in.EvaluationPeriods)
	problems.OneOf("statistic", in.Statistic, statistics()...)
	if s := in.ExtendedStatistic; s != "" && !percentileForm.MatchString(s) {
		problems.Add("extendedStatistic", "%q is not a percentile such as p99 or tm95", s)
	}
	if in.Statistic != "" && in.ExtendedStatistic != "" {
		problems.Add("extendedStatistic", "cannot be combined with statistic")
	}
	if in.EvaluateLowSampleCountPercentiles != "" && in.Statistic != "" {
		problems.Add("evaluateLowSampleCountPercentiles", "needs extendedStatistic, not statistic")
	}
}

func checkMetric(problems *provider.Problems, path, namespace, name string, dimensions map[string]string, unit string) {
	problems.MaxCharacters(path+"namespace", namespace, 255)
	if strings.HasPrefix(namespace, ":") {
		problems.Add(path+"namespace", "%q begins with a colon", namespace)
	}
	problems.MaxCharacters(path+"metricName", name, 255)
	problems.OneOf(path+"unit", unit, units()...)
	problems.AtMost(path+"dimensions", len(dimensions), maxDimensions, "dimensions")
	for _, name := range slices.Sorted(maps.Keys(dimensions)) {
		value := dimensions[name]
		if n := utf8.RuneCountInString(name); n < 1 || n > 255 || strings.HasPrefix(name, ":") {
			problems.Add(path+"dimensions", "the name %q must be 1 to 255 characters and not begin with a colon", name)
		}
		if n := utf8.RuneCountInString(value); n < 1 || n > 1024 {
			problems.Add(path+"dimensions", "the value of %s has %d characters, not 1 to 1024", name, n)
		}
	}
}

func checkPeriod(problems *provider.Problems, property string, seconds, evaluations int) {
	switch {
	case seconds == 0:
	case seconds < 0 || seconds != 10 && seconds != 20 && seconds != 30 && seconds%60 != 0:
		problems.Add(property, "%d s is not 10, 20, 30 or a multiple of 60", seconds)
	case seconds < 3600 && seconds*evaluations > maxShortPeriod:
		problems.Add(property, "%d evaluations of %d s are more than a day; with periods of an hour they may be a week", evaluations, seconds)
	case seconds*evaluations > maxEvaluation:
		problems.Add(property, "%d evaluations of %d s are more than a week", evaluations, seconds)
	}
}

// checkQueries checks an alarm on metric math
// (https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_MetricDataQuery.html).
func checkQueries(problems *provider.Problems, in Alarm) {
	for property, given := range map[string]bool{
		"metricName": in.MetricName != "", "namespace": in.Namespace != "", "dimensions": len(in.Dimensions) > 0, "period": in.Period != 0,
		"unit": in.Unit != "", "statistic": in.Statistic != "", "extendedStatistic": in.ExtendedStatistic != "",
	} {
		if given {
			problems.Add(property, "cannot be combined with metricQueries")
		}
	}
	if n := len(in.MetricQueries); n > maxQueries {
		problems.Add("metricQueries", "there are %d; at most %d", n, maxQueries)
	}
	var metrics, expressions, returned int
	seen := map[string]bool{}
	for i, q := range in.MetricQueries {
		path := fmt.Sprintf("metricQueries[%d].", i)
		if q.ID != "" && !queryIDForm.MatchString(q.ID) {
			problems.Add(path+"id", "%q must be letters, digits and _, a lower-case letter first", q.ID)
		}
		if q.ID != "" && seen[q.ID] {
			problems.Add(path+"id", "two queries have the id %s", q.ID)
		}
		seen[q.ID] = true
		if q.Metric != nil {
			metrics++
		}
		if q.Expression != "" {
			expressions++
		}
		if q.ReturnData {
			returned++
		}
		checkQuery(problems, path, q, in.EvaluationPeriods)
	}
	if metrics > maxOfKind || expressions > maxOfKind {
		problems.Add("metricQueries", "there are %d metrics and %d expressions; at most %d of each", metrics, expressions, maxOfKind)
	}
	if returned > 1 {
		problems.Add("metricQueries", "%d of them set returnData; the alarm watches one", returned)
	}
}

func checkQuery(problems *provider.Problems, path string, q Query, evaluations int) {
	if q.Metric != nil && q.Expression != "" {
		problems.Add(path+"expression", "cannot be combined with metric")
	}
	problems.MaxCharacters(path+"expression", q.Expression, maxExpression)
	if strings.HasPrefix(q.Expression, "SEARCH(") {
		// See
		// https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-search-expressions.html.
		problems.Add(path+"expression", "an alarm cannot watch a search")
	}
	checkPeriod(problems, path+"period", q.Period, evaluations)
	if m := q.Metric; m != nil {
		checkMetric(problems, path+"metric.", m.Namespace, m.MetricName, m.Dimensions, m.Unit)
		checkPeriod(problems, path+"metric.period", m.Period, evaluations)
		if m.Stat != "" && !slices.Contains(statistics(), m.Stat) && !percentileForm.MatchString(m.Stat) {
			problems.Add(path+"metric.stat", "%q is neither one of %s nor a percentile such as p99", m.Stat, strings.Join(statistics(), ", "))
		}
	}
}
