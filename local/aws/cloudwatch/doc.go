// Package cloudwatch stands for Amazon CloudWatch's alarms and dashboards, as
// records. Nothing is measured here, so an alarm never leaves INSUFFICIENT_DATA
// and tells nobody anything.
package cloudwatch
