package main

import (
	"encoding/json"
	"fmt"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cloudwatch"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"skiff/lambdas/names"
)

// newDashboard declares the page that an operator looks at first. It has a
// fixed name, by which people find it; a dashboard holds nothing, so it can be
// replaced at any time.
func newDashboard(ctx *pulumi.Context, cfg config, in pulumi.ResourceOption, w *watched) ([]pulumi.Resource, error) {
	if !cfg.Dashboard {
		return nil, nil
	}
	known := pulumi.StringArray{w.api.id, w.data.items.Name, w.data.queues.events.Name, w.data.queues.dead.Name}
	for _, f := range w.functions {
		known = append(known, f.lambda.Name)
	}
	body := known.ToStringArrayOutput().ApplyT(func(known []string) (string, error) {
		text, err := json.Marshal(page{widgets(cfg.Region, display{
			api: known[0], stage: w.api.stage, logs: w.api.accessLog, table: known[1], events: known[2], dead: known[3], functions: known[4:],
		})})
		return string(text), err
	}).(pulumi.StringOutput)
	d, err := cloudwatch.NewDashboard(ctx, "dashboard", &cloudwatch.DashboardArgs{
		DashboardName: pulumi.String(fmt.Sprintf("%s-%s", ctx.Project(), ctx.Stack())),
		DashboardBody: body,
	}, in)
	return []pulumi.Resource{d}, err
}

// page is the body of a dashboard.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html
type page struct {
	Widgets []widget `json:"widgets"`
}

// widget is a part of a page, which is 24 wide. Without a place of its own it
// comes behind the one before.
type widget struct {
	Type       string     `json:"type"`
	Width      int        `json:"width"`
	Height     int        `json:"height"`
	Properties properties `json:"properties"`
}

type properties struct {
	Title   string  `json:"title"`
	Region  string  `json:"region"`
	View    string  `json:"view"`
	Metrics [][]any `json:"metrics,omitempty"`
	Period  int     `json:"period,omitempty"` // seconds
	Query   string  `json:"query,omitempty"`
}

// display is what the page shows, by the names that AWS knows.
type display struct {
	api, stage, logs    string
	table, events, dead string
	functions           []string
}

// widgets are those of the page: the API from the outside, the functions, the
// table and the queue from the inside, and the last failures by name.
func widgets(region string, d display) []widget {
	ofAPI := []any{"ApiId", d.api, "Stage", d.stage}
	ofTable := []any{"TableName", d.table}
	ofIndex := []any{"TableName", d.table, "GlobalSecondaryIndexName", names.StatusIndex}
	var errs, throttles, durations [][]any
	for _, name := range d.functions {
		of := []any{"FunctionName", name}
		errs = append(errs, metric("AWS/Lambda", "Errors", of, "Sum"))
		throttles = append(throttles, metric("AWS/Lambda", "Throttles", of, "Sum"))
		durations = append(durations, metric("AWS/Lambda", "Duration", of, "p99"))
	}
	return []widget{
		graph(region, "Requests and their errors",
			metric("AWS/ApiGateway", "Count", ofAPI, "Sum"),
			metric("AWS/ApiGateway", "4xx", ofAPI, "Sum"),
			metric("AWS/ApiGateway", "5xx", ofAPI, "Sum")),
		graph(region, "Time a client waits, ms",
			metric("AWS/ApiGateway", "Latency", ofAPI, "p50"),
			metric("AWS/ApiGateway", "Latency", ofAPI, "p99"),
			metric("AWS/ApiGateway", "IntegrationLatency", ofAPI, "p99")),
		graph(region, "Errors by function", errs...),
		graph(region, "Throttles by function", throttles...),
		graph(region, "Duration by function, ms (p99)", durations...),
		graph(region, "Units of the table and its index",
			metric("AWS/DynamoDB", "ConsumedReadCapacityUnits", ofTable, "Sum"),
			metric("AWS/DynamoDB", "ConsumedWriteCapacityUnits", ofTable, "Sum"),
			metric("AWS/DynamoDB", "ConsumedReadCapacityUnits", ofIndex, "Sum"),
			metric("AWS/DynamoDB", "ConsumedWriteCapacityUnits", ofIndex, "Sum")),
		graph(region, "Throttles of the table and its index",
			metric("AWS/DynamoDB", "ReadThrottleEvents", ofTable, "Sum"),
			metric("AWS/DynamoDB", "WriteThrottleEvents", ofTable, "Sum"),
			metric("AWS/DynamoDB", "ReadThrottleEvents", ofIndex, "Sum"),
			metric("AWS/DynamoDB", "WriteThrottleEvents", ofIndex, "Sum")),
		graph(region, "Events that wait, and for how many seconds",
			metric("AWS/SQS", "ApproximateNumberOfMessagesVisible", []any{"QueueName", d.events}, "Maximum"),
			metric("AWS/SQS", "ApproximateAgeOfOldestMessage", []any{"QueueName", d.events}, "Maximum"),
			metric("AWS/SQS", "ApproximateNumberOfMessagesVisible", []any{"QueueName", d.dead}, "Maximum")),
		{"log", 24, 6, properties{Title: "The last failures", Region: region, View: "table", Query: fmt.Sprintf(
			"SOURCE '%s' | fields @timestamp, requestId, routeKey, status, integrationError, error | "+
				"filter status like /^5/ | sort @timestamp desc | limit 20", d.logs)}},
	}
}

// graph is a widget of metrics over time.
func graph(region, title string, metrics ...[]any) widget {
	return widget{"metric", 12, 6, properties{Title: title, Region: region, View: "timeSeries", Metrics: metrics, Period: period}}
}

// metric is a line in a graph: namespace, metric, names and values of its
// dimensions, and how it is drawn.
func metric(namespace, name string, dimensions []any, stat string) []any {
	line := append([]any{namespace, name}, dimensions...)
	return append(line, map[string]string{"stat": stat, "label": name + " " + stat + " " + fmt.Sprint(dimensions[len(dimensions)-1])})
}
