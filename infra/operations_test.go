package main

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"skiff/infra/recording"
	"skiff/lambdas"
)

// TestAlarms checks the metrics and thresholds of the alarms, and that more
// functions do not mean more alarms.
func TestAlarms(t *testing.T) {
	t.Parallel()
	settings := with(settingsOf(t, "production"), "stage=v1", "alarmEmail=")
	declared := more(fixture(), lambdas.Function{Name: "more", Routes: []string{"GET /more"}})
	rec, err := deployWith(t, declared, settings)
	if err != nil {
		t.Fatal(err)
	}
	if len(rec.Of(subscriptionType)) != 0 {
		t.Error("there is a subscription without an address")
	}
	alarms := rec.Of(alarmType)
	if len(alarms) != 6 {
		t.Errorf("%d alarms", len(alarms))
	}
	if got := fmt.Sprint(alarms["api-latency"].Inputs["dimensions"]); got != "map[ApiId:api-id of api Stage:v1]" {
		t.Errorf("api-latency watches %s", got)
	}
	if got := fmt.Sprint(alarms["table-throttles"].Inputs["metricQueries"]); strings.Count(got, "TableName:"+nameOf(rec, tableType, "items")) != 4 ||
		strings.Count(got, "GlobalSecondaryIndexName:status-index") != 2 {
		t.Errorf("table-throttles watches %s", got)
	}
	for name, queue := range map[string]string{"queue-age": "events", "dead-events": "dead-events"} {
		if got := fmt.Sprint(alarms[name].Inputs["dimensions"]); got != "map[QueueName:"+nameOf(rec, queueType, queue)+"]" {
			t.Errorf("%s watches %s", name, got)
		}
	}
	for name, threshold := range map[string]float64{"api-errors": 1, "api-latency": 1000, "function-throttles": 0, "table-throttles": 0,
		"queue-age": 60, "dead-events": 0} {
		if in := alarms[name].Inputs; in["threshold"] != threshold || in["treatMissingData"] != "notBreaching" {
			t.Errorf("%s: %v", name, in)
		}
	}
}

// nameOf returns the name in AWS of a resource.
func nameOf(r *recording.Stack, typ, name string) string {
	return fmt.Sprint(r.Of(typ)[name].Outputs["name"])
}

// TestDashboard checks that the dashboard's body is valid and shows every
// function.
func TestDashboard(t *testing.T) {
	t.Parallel()
	rec := record(t, "production")
	in := rec.Of(dashboardType)["dashboard"].Inputs
	var body struct {
		Widgets []struct {
			Type          string
			Width, Height int
			Properties    struct {
				Title, Region, Query string
				Metrics              [][]any
			}
		}
	}
	if err := json.Unmarshal([]byte(fmt.Sprint(in["dashboardBody"])), &body); err != nil {
		t.Fatal(err)
	}
	shown := map[string]bool{}
	for _, w := range body.Widgets {
		p := w.Properties
		if w.Width < 1 || w.Width > 24 || w.Height < 1 || p.Title == "" || p.Region != rec.Settings["aws:region"] ||
			(w.Type == "metric") != (len(p.Metrics) > 0) || (w.Type == "log") != (p.Query != "") {
			t.Errorf("widget %+v", w)
		}
		for _, line := range p.Metrics {
			// Namespace and metric, pairs of names and values, and how to draw it.
			if len(line)%2 != 1 || len(line) < 5 {
				t.Errorf("%s has the line %v", p.Title, line)
			}
			shown[fmt.Sprint(line[3])] = true
		}
		if p.Query != "" && !strings.Contains(p.Query, fmt.Sprintf("'%v'", rec.Of(logGroupType)["access"].Inputs["name"])) {
			t.Errorf("%s has the query %s", p.Title, p.Query)
		}
	}
	for _, f := range rec.Of(functionType) {
		if name := fmt.Sprint(f.Outputs["name"]); !shown[name] {
			t.Errorf("%s is not shown", name)
		}
	}
	if !shown["api-id of api"] || !shown[nameOf(rec, tableType, "items")] || !shown[nameOf(rec, queueType, "events")] || !shown[nameOf(rec, queueType, "dead-events")] ||
		in["dashboardName"] != project(t)+"-mock" {
		t.Errorf("the dashboard %v shows %v", in["dashboardName"], shown)
	}
}
