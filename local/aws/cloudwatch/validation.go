package cloudwatch

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"skiff/local/engine/provider"
)

// Limits of https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html;
// times are in seconds.
const (
	maxActions     = 5
	maxDimensions  = 30
	maxQueries     = 20
	maxOfKind      = 10 // metrics, and expressions, of one alarm
	maxExpression  = 2048
	maxEvaluation  = 604_800
	maxShortPeriod = 86_400 // where a period is below an hour
)

var (
	controlForm    = regexp.MustCompile(`[\x00-\x1f\x7f]`)
	topicForm      = regexp.MustCompile(`^arn:aws:sns:[a-z0-9-]+:\d{12}:[A-Za-z0-9_-]{1,256}$`)
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

// problems collects refusals.
type problems []provider.Problem

func (p *problems) refuse(property, format string, args ...any) {
	*p = append(*p, provider.Problem{Property: property, Reason: fmt.Sprintf(format, args...)})
}

// oneOf refuses a value that is given and is none of those allowed.
func (p *problems) oneOf(property, value string, allowed ...string) {
	if value != "" && !slices.Contains(allowed, value) {
		p.refuse(property, "%q is none of %s", value, strings.Join(allowed, ", "))
	}
}

func (p *problems) atMost(property, text string, most int) {
	if n := utf8.RuneCountInString(text); n > most {
		p.refuse(property, "has %d characters; at most %d", n, most)
	}
}

// checkAlarm refuses what
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html
// does.
func checkAlarm(in Alarm) []provider.Problem {
	var p problems
	p.atMost("name", in.Name, 255)
	if controlForm.MatchString(in.Name) {
		p.refuse("name", "%q has a control character", in.Name)
	}
	p.atMost("alarmDescription", in.AlarmDescription, 1024)
	if strings.Contains(in.ComparisonOperator, "LowerThreshold") || in.ComparisonOperator == "GreaterThanUpperThreshold" {
		p.refuse("comparisonOperator", "the local cloud has no anomaly detection: %s", in.ComparisonOperator)
	} else {
		p.oneOf("comparisonOperator", in.ComparisonOperator, "GreaterThanOrEqualToThreshold", "GreaterThanThreshold", "LessThanThreshold", "LessThanOrEqualToThreshold")
	}
	p.oneOf("treatMissingData", in.TreatMissingData, "breaching", "notBreaching", "ignore", "missing")
	p.oneOf("evaluateLowSampleCountPercentiles", in.EvaluateLowSampleCountPercentiles, "evaluate", "ignore")
	p.actions("alarmActions", in.AlarmActions)
	p.actions("okActions", in.OKActions)
	p.actions("insufficientDataActions", in.InsufficientDataActions)
	if n := in.EvaluationPeriods; n < 0 {
		p.refuse("evaluationPeriods", "%d is below 1", n)
	}
	if n := in.DatapointsToAlarm; n < 0 || in.EvaluationPeriods > 0 && n > in.EvaluationPeriods {
		p.refuse("datapointsToAlarm", "%d is not within 1 to the %d evaluation periods", n, in.EvaluationPeriods)
	}
	if len(in.MetricQueries) > 0 {
		p.queries(in)
	} else {
		p.simple(in)
	}
	return p
}

func (p *problems) actions(property string, actions []string) {
	if n := len(actions); n > maxActions {
		p.refuse(property, "has %d actions; at most %d", n, maxActions)
	}
	for _, action := range actions {
		if !topicForm.MatchString(action) {
			p.refuse(property, "the local cloud knows topics, and %q is not the ARN of one", action)
		}
	}
}

// simple checks an alarm on one metric. Its parts cannot be asked for: a
// value that is not known yet is absent.
func (p *problems) simple(in Alarm) {
	p.metric("", in.Namespace, in.MetricName, in.Dimensions, in.Unit)
	p.period("period", in.Period, in.EvaluationPeriods)
	p.oneOf("statistic", in.Statistic, statistics()...)
	if s := in.ExtendedStatistic; s != "" && !percentileForm.MatchString(s) {
		p.refuse("extendedStatistic", "%q is no percentile such as p99 or tm95", s)
	}
	if in.Statistic != "" && in.ExtendedStatistic != "" {
		p.refuse("extendedStatistic", "does not go with statistic")
	}
	if in.EvaluateLowSampleCountPercentiles != "" && in.Statistic != "" {
		p.refuse("evaluateLowSampleCountPercentiles", "goes with a percentile, not with statistic")
	}
}

func (p *problems) metric(path, namespace, name string, dimensions map[string]string, unit string) {
	p.atMost(path+"namespace", namespace, 255)
	if strings.HasPrefix(namespace, ":") {
		p.refuse(path+"namespace", "%q begins with a colon", namespace)
	}
	p.atMost(path+"metricName", name, 255)
	p.oneOf(path+"unit", unit, units()...)
	if n := len(dimensions); n > maxDimensions {
		p.refuse(path+"dimensions", "has %d dimensions; at most %d", n, maxDimensions)
	}
	for _, name := range slices.Sorted(maps.Keys(dimensions)) {
		value := dimensions[name]
		if n := utf8.RuneCountInString(name); n < 1 || n > 255 || strings.HasPrefix(name, ":") {
			p.refuse(path+"dimensions", "the name %q must be 1 to 255 characters and not begin with a colon", name)
		}
		if n := utf8.RuneCountInString(value); n < 1 || n > 1024 {
			p.refuse(path+"dimensions", "the value of %s has %d characters, not 1 to 1024", name, n)
		}
	}
}

func (p *problems) period(property string, seconds, evaluations int) {
	switch {
	case seconds == 0:
	case seconds < 0 || seconds != 10 && seconds != 20 && seconds != 30 && seconds%60 != 0:
		p.refuse(property, "%d s is none of 10, 20, 30 and the multiples of 60", seconds)
	case seconds < 3600 && seconds*evaluations > maxShortPeriod:
		p.refuse(property, "%d evaluations of %d s are more than a day; with periods of an hour they may be a week", evaluations, seconds)
	case seconds*evaluations > maxEvaluation:
		p.refuse(property, "%d evaluations of %d s are more than a week", evaluations, seconds)
	}
}

// queries checks an alarm on metric math
// (https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_MetricDataQuery.html).
func (p *problems) queries(in Alarm) {
	for property, given := range map[string]bool{
		"metricName": in.MetricName != "", "namespace": in.Namespace != "", "dimensions": len(in.Dimensions) > 0, "period": in.Period != 0,
		"unit": in.Unit != "", "statistic": in.Statistic != "", "extendedStatistic": in.ExtendedStatistic != "",
	} {
		if given {
			p.refuse(property, "does not go with metricQueries")
		}
	}
	if n := len(in.MetricQueries); n > maxQueries {
		p.refuse("metricQueries", "there are %d; at most %d", n, maxQueries)
	}
	var metrics, expressions, returned int
	seen := map[string]bool{}
	for i, q := range in.MetricQueries {
		path := fmt.Sprintf("metricQueries[%d].", i)
		if q.ID != "" && !queryIDForm.MatchString(q.ID) {
			p.refuse(path+"id", "%q must be letters, digits and _, a lower-case letter first", q.ID)
		}
		if q.ID != "" && seen[q.ID] {
			p.refuse(path+"id", "there are two queries %s", q.ID)
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
		p.query(path, q, in.EvaluationPeriods)
	}
	if metrics > maxOfKind || expressions > maxOfKind {
		p.refuse("metricQueries", "there are %d metrics and %d expressions; at most %d of each", metrics, expressions, maxOfKind)
	}
	if returned > 1 {
		p.refuse("metricQueries", "%d of them set returnData; the alarm watches one", returned)
	}
}

func (p *problems) query(path string, q Query, evaluations int) {
	if q.Metric != nil && q.Expression != "" {
		p.refuse(path+"expression", "does not go with metric")
	}
	p.atMost(path+"expression", q.Expression, maxExpression)
	if strings.HasPrefix(q.Expression, "SEARCH(") {
		// https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-search-expressions.html
		p.refuse(path+"expression", "an alarm cannot watch a search")
	}
	p.period(path+"period", q.Period, evaluations)
	if m := q.Metric; m != nil {
		p.metric(path+"metric.", m.Namespace, m.MetricName, m.Dimensions, m.Unit)
		p.period(path+"metric.period", m.Period, evaluations)
		if m.Stat != "" && !slices.Contains(statistics(), m.Stat) && !percentileForm.MatchString(m.Stat) {
			p.refuse(path+"metric.stat", "%q is neither one of %s nor a percentile such as p99", m.Stat, strings.Join(statistics(), ", "))
		}
	}
}
