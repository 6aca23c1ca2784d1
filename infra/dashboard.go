package main

import (
	"fmt"
	"slices"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cloudwatch"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// newDashboard declares the page that an operator opens first. It shows the
// APIs, the functions, the stores and the last failed requests. Its name is
// fixed so that people find it. It holds no data, so replacing it is harmless.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html
func newDashboard(s *stack, k *apiInfo, data *stores, fns []*function) ([]pulumi.Resource, error) {
	if !s.cfg.Dashboard {
		return nil, nil
	}
	p := page{s.cfg.Region}
	widgets := slices.Concat(p.api(k), p.functions(fns), p.stores(data), pulumi.Array{p.failures(k)})
	d, err := cloudwatch.NewDashboard(s.ctx, "dashboard", &cloudwatch.DashboardArgs{
		DashboardName: pulumi.String(fmt.Sprintf("%s-%s", s.ctx.Project(), s.ctx.Stack())),
		DashboardBody: pulumi.JSONMarshal(pulumi.Map{"widgets": widgets}),
	}, s.in)
	return []pulumi.Resource{d}, err
}

// page returns the widgets of a dashboard, which is 24 units wide. CloudWatch
// places a widget without a position after the one before.
type page struct{ region string }

func (p page) api(k *apiInfo) pulumi.Array {
	api := origin{pulumi.String("ApiId"), k.id, pulumi.String("Stage"), k.stage}
	return pulumi.Array{
		p.graph("Requests and their errors",
			api.metric("AWS/ApiGateway", "Count", "Sum"),
			api.metric("AWS/ApiGateway", "4xx", "Sum"),
			api.metric("AWS/ApiGateway", "5xx", "Sum")),
		p.graph("Time a client waits, ms",
			api.metric("AWS/ApiGateway", "Latency", "p50"),
			api.metric("AWS/ApiGateway", "Latency", "p99"),
			api.metric("AWS/ApiGateway", "IntegrationLatency", "p99")),
	}
}

func (p page) functions(fns []*function) pulumi.Array {
	var errs, throttles, durations pulumi.Array
	for _, f := range fns {
		of := origin{pulumi.String("FunctionName"), f.lambda.Name}
		errs = append(errs, of.metric("AWS/Lambda", "Errors", "Sum"))
		throttles = append(throttles, of.metric("AWS/Lambda", "Throttles", "Sum"))
		durations = append(durations, of.metric("AWS/Lambda", "Duration", "p99"))
	}
	return pulumi.Array{
		p.graph("Errors by function", errs...),
		p.graph("Throttles by function", throttles...),
		p.graph("Duration by function, ms (p99)", durations...),
	}
}

func (p page) stores(d *stores) (all pulumi.Array) {
	for _, t := range d.tables {
		if !t.Sockets {
			all = append(all, p.table(t)...)
		}
	}
	for _, q := range d.queues {
		made, dead := origin{pulumi.String("QueueName"), q.made.Name}, origin{pulumi.String("QueueName"), q.dead.Name}
		all = append(all, p.graph("Messages that wait in "+q.Name+", and for how many seconds",
			made.metric("AWS/SQS", "ApproximateNumberOfMessagesVisible", "Maximum"),
			made.metric("AWS/SQS", "ApproximateAgeOfOldestMessage", "Maximum"),
			dead.metric("AWS/SQS", "ApproximateNumberOfMessagesVisible", "Maximum")))
	}
	return all
}

func (p page) table(t table) pulumi.Array {
	var units, throttles pulumi.Array
	for _, m := range t.metered() {
		for _, what := range []string{"Read", "Write"} {
			units = append(units, m.origin().metric("AWS/DynamoDB", "Consumed"+what+"CapacityUnits", "Sum"))
			throttles = append(throttles, m.origin().metric("AWS/DynamoDB", what+"ThrottleEvents", "Sum"))
		}
	}
	return pulumi.Array{
		p.graph("Units of the table "+t.Name+" and its indexes", units...),
		p.graph("Throttles of the table "+t.Name+" and its indexes", throttles...),
	}
}

// failures returns a table of the last requests that failed.
func (p page) failures(k *apiInfo) pulumi.Map {
	return widget("log", 24, pulumi.Map{
		"title": pulumi.String("The last failures"), "region": pulumi.String(p.region), "view": pulumi.String("table"),
		"query": pulumi.Sprintf("SOURCE '%s' | fields @timestamp, requestId, routeKey, status, integrationError, error | "+
			"filter status like /^5/ | sort @timestamp desc | limit 20", k.accessLog)})
}

// graph returns a widget that shows metrics over time.
func (p page) graph(title string, metrics ...pulumi.Input) pulumi.Map {
	return widget("metric", 12, pulumi.Map{
		"title": pulumi.String(title), "region": pulumi.String(p.region), "view": pulumi.String("timeSeries"),
		"metrics": pulumi.Array(metrics), "period": pulumi.Int(period)})
}

func widget(kind string, width int, properties pulumi.Map) pulumi.Map {
	return pulumi.Map{"type": pulumi.String(kind), "width": pulumi.Int(width), "height": pulumi.Int(6), "properties": properties}
}

// origin holds the dimensions of a metric: names and values in turn.
type origin pulumi.Array

// metric returns a line of a graph: namespace, metric, dimensions and how to
// draw it. The label ends with the value of the last dimension, which differs
// between the lines of a graph.
func (o origin) metric(namespace, name, stat string) pulumi.Array {
	line := append(pulumi.Array{pulumi.String(namespace), pulumi.String(name)}, o...)
	return append(line, pulumi.Map{"stat": pulumi.String(stat), "label": pulumi.Sprintf("%s %s %s", name, stat, o[len(o)-1])})
}

func (m metered) origin() origin {
	s := origin{pulumi.String("TableName"), m.table}
	if m.index != "" {
		s = append(s, pulumi.String("GlobalSecondaryIndexName"), pulumi.String(m.index))
	}
	return s
}
