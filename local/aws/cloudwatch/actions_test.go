package cloudwatch

import (
	"maps"
	"testing"

	"skiff/local/aws/sns"
	"skiff/local/engine/provider"
	"skiff/local/engine/provider/providertest"
	"skiff/local/store"
)

type inputs = providertest.Inputs

func TestActions(t *testing.T) {
	t.Parallel()
	db, err := store.Open(t.TempDir(), 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	r := providertest.New(db)
	alarms, dashboards := resourceTypes(New(sns.New(db)))
	if alarms.Actions == nil || dashboards.Actions == nil {
		t.Fatal("a type has no actions")
	}
	r.Add(alarms, dashboards)
	const alarm = "arn:aws:cloudwatch:eu-west-1:111111111111:alarm:errors"
	in := inputs{"name": "errors", "comparisonOperator": "GreaterThanThreshold", "evaluationPeriods": 3, "threshold": 1,
		"namespace": "AWS/ApiGateway", "metricName": "5xx", "period": 300, "statistic": "Sum", "tags": inputs{"Team": "x"}}
	retagged, higher, both := maps.Clone(in), maps.Clone(in), maps.Clone(in)
	retagged["tags"] = inputs{"Room": "y"}
	higher["tags"], higher["threshold"] = inputs{"Room": "y"}, 2
	both["threshold"] = 3
	tags := []string{"cloudwatch:TagResource " + alarm, "cloudwatch:UntagResource " + alarm}
	r.Run(t, AlarmToken,
		providertest.Step{Verb: provider.Create, In: in, Want: []string{"cloudwatch:PutMetricAlarm " + alarm, "cloudwatch:TagResource " + alarm}},
		providertest.Step{Verb: provider.Read, Want: []string{
			"cloudwatch:DescribeAlarms arn:aws:cloudwatch:eu-west-1:111111111111:alarm:*", "cloudwatch:ListTagsForResource " + alarm}},
		providertest.Step{Verb: provider.Update, In: retagged, Want: tags},
		providertest.Step{Verb: provider.Update, In: higher, Want: []string{"cloudwatch:PutMetricAlarm " + alarm}},
		providertest.Step{Verb: provider.Update, In: both, Want: append(tags, "cloudwatch:PutMetricAlarm "+alarm)},
		providertest.Step{Verb: provider.Delete, Want: []string{"cloudwatch:DeleteAlarms " + alarm}},
	)
	const dashboard = "arn:aws:cloudwatch::111111111111:dashboard/project-staging-api"
	put := []string{"cloudwatch:PutDashboard " + dashboard}
	r.Run(t, DashboardToken,
		providertest.Step{Verb: provider.Create, In: inputs{"dashboardName": "project-staging-api", "dashboardBody": `{"widgets":[]}`}, Want: put},
		providertest.Step{Verb: provider.Read, Want: []string{"cloudwatch:GetDashboard " + dashboard}},
		providertest.Step{Verb: provider.Update, In: inputs{"dashboardName": "project-staging-api", "dashboardBody": `{"widgets":[],"start":"-PT1H"}`}, Want: put},
		providertest.Step{Verb: provider.Delete, Want: []string{"cloudwatch:DeleteDashboards " + dashboard}},
	)
}
