package cloudwatch

import (
	"testing"

	"skiff/local/aws/sns"
	"skiff/local/engine/provider/providertest"
	"skiff/local/store"
)

// TestReplacements follows the schemas in internal/service/cloudwatch of
// terraform-provider-aws 5.100.0 and the names in provider/resources.go of
// pulumi-aws.
func TestReplacements(t *testing.T) {
	t.Parallel()
	db, err := store.Open(t.TempDir(), 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	alarms, dashboards := resourceTypes(New(sns.New(db)))
	providertest.CheckReplacements(t,
		providertest.Schema{Type: alarms, Replaces: "name", DeletedFirst: "name",
			Updates: "actionsEnabled alarmActions alarmDescription comparisonOperator datapointsToAlarm dimensions evaluateLowSampleCountPercentiles evaluationPeriods extendedStatistic insufficientDataActions metricName metricQueries namespace okActions period statistic tags threshold treatMissingData unit"},
		providertest.Schema{Type: dashboards, Replaces: "dashboardName",
			Updates: "dashboardBody"},
	)
}
