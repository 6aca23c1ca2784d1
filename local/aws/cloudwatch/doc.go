// Package cloudwatch emulates Amazon CloudWatch's alarms and dashboards, as
// records. There are no metrics here, so an alarm never leaves
// INSUFFICIENT_DATA and never runs its actions.
package cloudwatch
