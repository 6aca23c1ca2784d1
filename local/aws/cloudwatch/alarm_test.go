package cloudwatch

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"skiff/local/aws/sns"
	"skiff/local/engine/provider"
	"skiff/local/store"
)

const topicARN = "arn:aws:sns:eu-west-1:222222222222:alarms"

// wantProblems compares the properties that are refused, in any order.
func wantProblems(t *testing.T, name string, problems []provider.Problem, want string) {
	t.Helper()
	var got []string
	for _, p := range problems {
		got = append(got, p.Property)
	}
	slices.Sort(got)
	if text := strings.Join(got, " "); text != want {
		t.Errorf("%s: problems %v, want %q", name, problems, want)
	}
}

// simple returns a valid alarm on one metric.
func simple() Alarm {
	threshold := 0.0
	return Alarm{
		Name: "errors", ComparisonOperator: "GreaterThanThreshold", EvaluationPeriods: 3, DatapointsToAlarm: 2, Threshold: &threshold,
		Namespace: "AWS/ApiGateway", MetricName: "5xx", Dimensions: map[string]string{"ApiId": "a"}, Period: 60, Statistic: "Sum",
		TreatMissingData: "notBreaching", AlarmActions: []string{topicARN}, OKActions: []string{topicARN},
	}
}

// math returns a valid alarm on an expression.
func math() Alarm {
	in := simple()
	in.Namespace, in.MetricName, in.Dimensions, in.Period, in.Statistic = "", "", nil, 0, ""
	metric := Metric{Namespace: "AWS/ApiGateway", MetricName: "Count", Period: 60, Stat: "p99.9", Unit: "Count"}
	in.MetricQueries = []Query{{ID: "rate", Expression: "100*e/c", ReturnData: true}, {ID: "e", Metric: &metric}, {ID: "c", Metric: &metric}}
	return in
}

func TestCheckAlarm(t *testing.T) {
	t.Parallel()
	dimensions := func(n int) map[string]string {
		m := map[string]string{}
		for i := range n {
			m[fmt.Sprint("d", i)] = "v"
		}
		return m
	}
	for _, test := range []struct {
		name   string
		change func(*Alarm)
		want   string
	}{
		{"as it should be", func(*Alarm) {}, ""},
		{"nothing known yet", func(in *Alarm) { *in = Alarm{} }, ""},
		{"percentile", func(in *Alarm) { in.Statistic, in.ExtendedStatistic = "", "p99.9" }, ""},
		{"long name", func(in *Alarm) { in.Name = strings.Repeat("é", 256) }, "name"},
		{"name of two lines", func(in *Alarm) { in.Name = "a\nb" }, "name"},
		{"description", func(in *Alarm) { in.AlarmDescription = strings.Repeat("é", 1025) }, "alarmDescription"},
		{"operator", func(in *Alarm) { in.ComparisonOperator = ">" }, "comparisonOperator"},
		{"anomalies", func(in *Alarm) { in.ComparisonOperator = "LessThanLowerThreshold" }, "comparisonOperator"},
		{"missing data", func(in *Alarm) { in.TreatMissingData = "ok" }, "treatMissingData"},
		{"low counts", func(in *Alarm) { in.EvaluateLowSampleCountPercentiles = "no" }, "evaluateLowSampleCountPercentiles evaluateLowSampleCountPercentiles"},
		{"six actions", func(in *Alarm) { in.AlarmActions = slices.Repeat([]string{topicARN}, 6) }, "alarmActions"},
		{"action of EC2", func(in *Alarm) { in.OKActions = []string{"arn:aws:automate:eu-west-1:ec2:stop"} }, "okActions"},
		{"action that is no ARN", func(in *Alarm) { in.InsufficientDataActions = []string{"alarms"} }, "insufficientDataActions"},
		{"periods", func(in *Alarm) { in.EvaluationPeriods, in.DatapointsToAlarm = -1, 0 }, "evaluationPeriods"},
		{"more points than periods", func(in *Alarm) { in.DatapointsToAlarm = 4 }, "datapointsToAlarm"},
		{"negative points", func(in *Alarm) { in.DatapointsToAlarm = -1 }, "datapointsToAlarm"},
		{"namespace", func(in *Alarm) { in.Namespace = ":x" }, "namespace"},
		{"long namespace", func(in *Alarm) { in.Namespace = strings.Repeat("x", 256) }, "namespace"},
		{"long metric", func(in *Alarm) { in.MetricName = strings.Repeat("x", 256) }, "metricName"},
		{"30 dimensions", func(in *Alarm) { in.Dimensions = dimensions(30) }, ""},
		{"31 dimensions", func(in *Alarm) { in.Dimensions = dimensions(31) }, "dimensions"},
		{"empty dimension", func(in *Alarm) { in.Dimensions = map[string]string{"a": ""} }, "dimensions"},
		{"dimension's name", func(in *Alarm) { in.Dimensions = map[string]string{":a": "b"} }, "dimensions"},
		{"unit", func(in *Alarm) { in.Unit = "seconds" }, "unit"},
		{"period", func(in *Alarm) { in.Period = 61 }, "period"},
		{"negative period", func(in *Alarm) { in.Period = -60 }, "period"},
		{"a day", func(in *Alarm) { in.Period, in.EvaluationPeriods = 60, 1440 }, ""},
		{"more than a day", func(in *Alarm) { in.Period, in.EvaluationPeriods = 60, 1441 }, "period"},
		{"a week", func(in *Alarm) { in.Period, in.EvaluationPeriods = 3600, 168 }, ""},
		{"more than a week", func(in *Alarm) { in.Period, in.EvaluationPeriods = 3600, 169 }, "period"},
		{"statistic", func(in *Alarm) { in.Statistic = "p99" }, "statistic"},
		{"percentile above 100", func(in *Alarm) { in.Statistic, in.ExtendedStatistic = "", "p101" }, "extendedStatistic"},
		{"both statistics", func(in *Alarm) { in.ExtendedStatistic = "p99" }, "extendedStatistic"},
	} {
		in := simple()
		test.change(&in)
		wantProblems(t, test.name, checkAlarm(in), test.want)
	}
}

func TestCheckQueries(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name   string
		change func(*Alarm)
		want   string
	}{
		{"as it should be", func(*Alarm) {}, ""},
		{"with a metric beside", func(in *Alarm) {
			one := simple()
			in.MetricName, in.Namespace, in.Dimensions, in.Period, in.Statistic, in.Unit = one.MetricName, one.Namespace, one.Dimensions, one.Period, one.Statistic, "Count"
		}, "dimensions metricName namespace period statistic unit"},
		{"id", func(in *Alarm) { in.MetricQueries[1].ID = "E" }, "metricQueries[1].id"},
		{"id twice", func(in *Alarm) { in.MetricQueries[2].ID = "e" }, "metricQueries[2].id"},
		{"both kinds", func(in *Alarm) { in.MetricQueries[1].Expression = "c" }, "metricQueries[1].expression"},
		{"search", func(in *Alarm) { in.MetricQueries[0].Expression = "SEARCH('x', 'Sum', 60)" }, "metricQueries[0].expression"},
		{"long expression", func(in *Alarm) { in.MetricQueries[0].Expression = strings.Repeat("e", 2049) }, "metricQueries[0].expression"},
		{"two to watch", func(in *Alarm) { in.MetricQueries[1].ReturnData = true }, "metricQueries"},
		{"period", func(in *Alarm) { in.MetricQueries[0].Period = 5 }, "metricQueries[0].period"},
		{"metric", func(in *Alarm) {
			in.MetricQueries = in.MetricQueries[:2]
			in.MetricQueries[1].Metric = &Metric{Namespace: ":", MetricName: strings.Repeat("x", 256), Period: 7, Stat: "sum", Unit: "x"}
		}, "metricQueries[1].metric.metricName metricQueries[1].metric.namespace metricQueries[1].metric.period metricQueries[1].metric.stat metricQueries[1].metric.unit"},
		{"eleven metrics", func(in *Alarm) {
			for i := range 9 {
				in.MetricQueries = append(in.MetricQueries, Query{ID: fmt.Sprint("m", i), Metric: in.MetricQueries[1].Metric})
			}
		}, "metricQueries"},
		{"eleven expressions", func(in *Alarm) {
			for i := range 10 {
				in.MetricQueries = append(in.MetricQueries, Query{ID: fmt.Sprint("m", i), Expression: "e/c"})
			}
		}, "metricQueries"},
		{"twenty-one", func(in *Alarm) {
			for i := range 18 {
				in.MetricQueries = append(in.MetricQueries, Query{ID: fmt.Sprint("m", i)})
			}
		}, "metricQueries"},
	} {
		in := math()
		test.change(&in)
		wantProblems(t, test.name, checkAlarm(in), test.want)
	}
}

// TestCreate refuses what is wrong only once every value is known.
func TestCreate(t *testing.T) {
	t.Parallel()
	db, err := store.Open(t.TempDir(), 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	for _, region := range []string{"eu-west-1", "us-east-1"} {
		id := strings.Replace(topicARN, "eu-west-1", region, 1)
		if err := store.Put(db, sns.TopicToken, id, store.Record[sns.Topic]{ID: id, Region: region}); err != nil {
			t.Fatal(err)
		}
	}
	alarms, _ := resourceTypes(New(sns.New(db)))
	for _, test := range []struct {
		name   string
		in     Alarm
		change func(*Alarm)
		want   string
	}{
		{"simple", simple(), func(*Alarm) {}, ""},
		{"math", math(), func(*Alarm) {}, ""},
		{"no periods", simple(), func(in *Alarm) { in.EvaluationPeriods = 0 }, "1 evaluation period or more"},
		{"nothing to watch", simple(), func(in *Alarm) { in.MetricName = "" }, "give it metricName or metricQueries"},
		{"no namespace", simple(), func(in *Alarm) { in.Namespace = "" }, "needs namespace and period"},
		{"no period", simple(), func(in *Alarm) { in.Period = 0 }, "needs namespace and period"},
		{"no statistic", simple(), func(in *Alarm) { in.Statistic = "" }, "needs statistic or extendedStatistic"},
		{"nothing returned", math(), func(in *Alarm) { in.MetricQueries[0].ReturnData = false }, "has 0 queries with returnData"},
		{"empty query", math(), func(in *Alarm) { in.MetricQueries[2].Metric = nil }, "the query c with neither"},
		{"no topic", simple(), func(in *Alarm) { in.AlarmActions = []string{topicARN + "2"} }, "topic " + topicARN + "2: not found"},
		{"no topic for OK", simple(), func(in *Alarm) { in.OKActions = []string{topicARN + "2"} }, "not found"},
		{"no topic for no data", simple(), func(in *Alarm) { in.InsufficientDataActions = []string{topicARN + "2"} }, "not found"},
		{"another region", simple(), func(in *Alarm) { in.AlarmActions = []string{strings.Replace(topicARN, "eu-west-1", "us-east-1", 1)} }, "invalid region us-east-1"},
	} {
		test.change(&test.in)
		r := store.Record[Alarm]{ID: test.in.Name, Region: "eu-west-1", Inputs: test.in}
		for what, err := range map[string]error{"create": alarms.Create(t.Context(), provider.Call{}, &r), "update": alarms.Update(t.Context(), provider.Call{}, r, &r)} {
			if test.want == "" && err != nil || test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)) {
				t.Errorf("%s, %s: %v, want %q", test.name, what, err, test.want)
			}
		}
	}
}

func TestDescribe(t *testing.T) {
	t.Parallel()
	alarms, boards := resourceTypes(New(nil))
	out := alarms.Describe(store.Record[Alarm]{ID: "errors", Account: "222222222222", Region: "eu-west-1"})
	if out.ARN != "arn:aws:cloudwatch:eu-west-1:222222222222:alarm:errors" || !out.ActionsEnabled || out.TreatMissingData != "missing" {
		t.Errorf("described as %+v", out)
	}
	off := false
	out = alarms.Describe(store.Record[Alarm]{Inputs: Alarm{ActionsEnabled: &off, TreatMissingData: "breaching"}})
	if out.ActionsEnabled || out.TreatMissingData != "breaching" {
		t.Errorf("described as %+v", out)
	}
	if got := boards.Describe(store.Record[Dashboard]{ID: "b", Account: "222222222222", Region: "eu-west-1"}).ARN; got != "arn:aws:cloudwatch::222222222222:dashboard/b" {
		t.Errorf("the dashboard's ARN is %s", got)
	}
}

func TestCheckDashboard(t *testing.T) {
	t.Parallel()
	const text = `{"type":"text","properties":{"markdown":"hi"}`
	widgets := func(list string) Dashboard { return Dashboard{Name: "b", Body: `{"widgets":[` + list + `]}`} }
	for _, test := range []struct {
		in   Dashboard
		want string // part of the reason; "" if there is none
	}{
		{Dashboard{}, ""}, // nothing is known in a preview
		{widgets(""), ""},
		{widgets(text + `}`), ""},
		{widgets(`{"type":"metric","x":12,"y":0,"width":12,"height":6,"properties":{"metrics":[["AWS/ApiGateway","5xx"]],"region":"eu-west-1"}}`), ""},
		{widgets(strings.Repeat(text+`},`, 499) + text + `}`), ""},
		{widgets(strings.Repeat(text+`},`, 500) + text + `}`), "has 501 widgets; at most 500"},
		{Dashboard{Name: "a b"}, "must be 1 to 255 letters"},
		{Dashboard{Name: strings.Repeat("a", 256)}, "must be 1 to 255 letters"},
		{Dashboard{Body: "widgets"}, "is not the JSON of a dashboard"},
		{Dashboard{Body: `{"widgets":{}}`}, "is not the JSON of a dashboard"},
		{Dashboard{Body: `{}`}, `has no list "widgets"`},
		{Dashboard{Body: `{"start":"-PT1H"}`}, `has no list "widgets"`},
		{widgets(`{"properties":{}}`), "widget 0 has no type"},
		{widgets(text + `},{"type":"graph","properties":{}}`), `widget 1 has the type "graph"`},
		{widgets(`{"type":"metric"}`), "widget 0 has no properties"},
		{widgets(`{"type":"text","properties":{}}`), "lacks properties.markdown"},
		{widgets(text + `,"x":24}`), "does not fit into the 24 columns"},
		{widgets(text + `,"x":-1}`), "does not fit into the 24 columns"},
		{widgets(text + `,"width":25}`), "does not fit into the 24 columns"},
		{widgets(text + `,"x":13,"width":12}`), "does not fit into the 24 columns"},
		{widgets(text + `,"y":-1}`), "has a y below 0"},
		{widgets(text + `,"height":0}`), "has a height that is not within 1 to 1000"},
		{widgets(text + `,"height":1001}`), "has a height that is not within 1 to 1000"},
		{widgets(text + `,"height":1.5}`), "is not the JSON of a dashboard"},
	} {
		problems := checkDashboard(test.in)
		if test.want == "" && len(problems) > 0 || test.want != "" && (len(problems) != 1 || !strings.Contains(problems[0].Reason, test.want)) {
			t.Errorf("%.80v: problems %v, want %q", test.in, problems, test.want)
		}
	}
}
