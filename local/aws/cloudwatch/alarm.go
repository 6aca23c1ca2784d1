package cloudwatch

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"skiff/local/aws/arn"
	"skiff/local/aws/awserr"
	"skiff/local/aws/sns"
	"skiff/local/engine/provider"
	"skiff/local/store"
)

// Tokens of the resource types of this package.
const (
	AlarmToken     = "aws:cloudwatch/metricAlarm:MetricAlarm"
	DashboardToken = "aws:cloudwatch/dashboard:Dashboard"
)

// Alarm holds the inputs of an alarm on one metric, or on an expression over
// several metrics. Anomaly detection is not supported.
type Alarm struct {
	Name                              string            `json:"name" aws:"replace"`
	ActionsEnabled                    *bool             `json:"actionsEnabled,omitempty" aws:"idle"`
	AlarmActions                      []string          `json:"alarmActions,omitempty"`
	AlarmDescription                  string            `json:"alarmDescription,omitempty" aws:"idle"`
	ComparisonOperator                string            `json:"comparisonOperator" aws:"required,idle"`
	DatapointsToAlarm                 int               `json:"datapointsToAlarm,omitempty" aws:"idle"`
	Dimensions                        map[string]string `json:"dimensions,omitempty" aws:"idle"`
	EvaluateLowSampleCountPercentiles string            `json:"evaluateLowSampleCountPercentiles,omitempty" aws:"idle"`
	EvaluationPeriods                 int               `json:"evaluationPeriods" aws:"required,idle"`
	ExtendedStatistic                 string            `json:"extendedStatistic,omitempty" aws:"idle"`
	InsufficientDataActions           []string          `json:"insufficientDataActions,omitempty"`
	MetricName                        string            `json:"metricName,omitempty" aws:"idle"`
	MetricQueries                     []Query           `json:"metricQueries,omitempty" aws:"idle"`
	Namespace                         string            `json:"namespace,omitempty" aws:"idle"`
	OKActions                         []string          `json:"okActions,omitempty"`
	Period                            int               `json:"period,omitempty" aws:"idle"` // seconds
	Statistic                         string            `json:"statistic,omitempty" aws:"idle"`
	Tags                              map[string]string `json:"tags,omitempty"`
	Threshold                         *float64          `json:"threshold,omitempty" aws:"required,idle"`
	TreatMissingData                  string            `json:"treatMissingData,omitempty" aws:"idle"`
	Unit                              string            `json:"unit,omitempty" aws:"idle"`
}

// Query is a metric, or an expression over other queries.
type Query struct {
	ID         string  `json:"id" aws:"required"`
	AccountID  string  `json:"accountId,omitempty"`
	Expression string  `json:"expression,omitempty"`
	Label      string  `json:"label,omitempty"`
	Metric     *Metric `json:"metric,omitempty"`
	Period     int     `json:"period,omitempty"` // seconds
	ReturnData bool    `json:"returnData,omitempty"`
}

// Metric is the metric of a query.
type Metric struct {
	MetricName string            `json:"metricName" aws:"required"`
	Namespace  string            `json:"namespace,omitempty"`
	Dimensions map[string]string `json:"dimensions,omitempty"`
	Period     int               `json:"period" aws:"required"` // seconds
	Stat       string            `json:"stat" aws:"required"`
	Unit       string            `json:"unit,omitempty"`
}

// AlarmOutputs holds the outputs and defaults that AWS adds to an alarm.
type AlarmOutputs struct {
	ARN                               string `json:"arn"`
	ActionsEnabled                    bool   `json:"actionsEnabled"`
	EvaluateLowSampleCountPercentiles string `json:"evaluateLowSampleCountPercentiles"`
	TreatMissingData                  string `json:"treatMissingData"`
}

// Alarms holds the declared alarms and dashboards.
type Alarms struct{ topics *sns.Topics }

// New returns alarms whose actions are topics.
func New(topics *sns.Topics) *Alarms { return &Alarms{topics} }

// Types returns the resource types of CloudWatch.
func (a *Alarms) Types() []provider.Kind {
	alarms, dashboards := resourceTypes(a)
	return []provider.Kind{alarms, dashboards}
}

// resourceTypes returns the resource types of alarms and dashboards.
func resourceTypes(a *Alarms) (*provider.Resource[Alarm, AlarmOutputs], *provider.Resource[Dashboard, DashboardOutputs]) {
	alarms := &provider.Resource[Alarm, AlarmOutputs]{
		Token: AlarmToken, Named: "name", MaxName: 255,
		Check: checkAlarm,
		ID:    func(_ provider.Call, in Alarm) string { return in.Name },
		Create: func(_ context.Context, _ provider.Call, r *store.Record[Alarm]) error {
			return errors.Join(checkWhole(r), a.checkActions(r))
		},
		Update: func(_ context.Context, _ provider.Call, _ store.Record[Alarm], r *store.Record[Alarm]) error {
			return errors.Join(checkWhole(r), a.checkActions(r))
		},
		Actions: alarmActions,
		Describe: func(r store.Record[Alarm]) AlarmOutputs {
			in := r.Inputs
			out := AlarmOutputs{
				ARN:                               alarmARN(r),
				ActionsEnabled:                    in.ActionsEnabled == nil || *in.ActionsEnabled,
				EvaluateLowSampleCountPercentiles: in.EvaluateLowSampleCountPercentiles,
				TreatMissingData:                  in.TreatMissingData,
			}
			if out.TreatMissingData == "" {
				out.TreatMissingData = "missing"
			}
			return out
		},
	}
	return alarms, dashboards()
}

func alarmARN(r store.Record[Alarm]) string {
	return arn.New("cloudwatch", r.Region, r.Account, "alarm:"+r.ID)
}

// checkWhole refuses an incomplete alarm. checkAlarm cannot do that, because a
// preview may not know every value.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html
func checkWhole(r *store.Record[Alarm]) error {
	in := r.Inputs
	lack := func(what string) error { return awserr.New("ValidationError", "the alarm %s %s", r.ID, what) }
	returned := 0
	for _, q := range in.MetricQueries {
		if q.Metric == nil && q.Expression == "" {
			return lack("has the query " + q.ID + " with neither a metric nor an expression")
		}
		if q.ReturnData {
			returned++
		}
	}
	switch simple := len(in.MetricQueries) == 0; {
	case in.EvaluationPeriods < 1:
		return lack("must have 1 evaluation period or more")
	case simple && in.MetricName == "":
		return lack("watches nothing: give it metricName or metricQueries")
	case simple && (in.Namespace == "" || in.Period == 0):
		return lack("needs namespace and period with metricName")
	case simple && in.Statistic == "" && in.ExtendedStatistic == "":
		return lack("needs statistic or extendedStatistic")
	case !simple && returned != 1:
		return lack(fmt.Sprintf("has %d queries with returnData; it watches exactly one", returned))
	}
	return nil
}

// checkActions refuses an action whose topic is missing or in another region
// (https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/AlarmThatSendsEmail.html).
func (a *Alarms) checkActions(r *store.Record[Alarm]) error {
	for _, action := range slices.Concat(r.Inputs.AlarmActions, r.Inputs.OKActions, r.Inputs.InsufficientDataActions) {
		topic, err := a.topics.Find(action)
		if err != nil {
			return awserr.New("ValidationError", "invalid action of alarm %s: %w", r.ID, err)
		}
		if topic.Region != r.Region {
			return awserr.New("ValidationError", "invalid region %s in action %s: the alarm %s is in %s", topic.Region, action, r.ID, r.Region)
		}
	}
	return nil
}
