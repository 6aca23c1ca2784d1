package main

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"time"
	_ "time/tzdata" // the same time zones on every machine

	"skiff/lambdas"
)

// checkSources refuses a function whose queue, stream or schedule does not
// exist or is not valid, and a queue with two consumers.
func checkSources(service lambdas.Service) error {
	var errs []error
	for i, f := range service.Functions {
		if q := f.Consumes; q != "" {
			if !slices.ContainsFunc(service.Queues, func(d lambdas.Queue) bool { return d.Name == q }) {
				errs = append(errs, fmt.Errorf("function %s consumes the queue %s, which is not declared", f.Name, q))
			}
			if other := consumer(service.Functions[:i], q); other != "" {
				errs = append(errs, fmt.Errorf("functions %s and %s both consume the queue %s, so each would get only some of its messages", other, f.Name, q))
			}
		}
		if t := f.Follows; t != "" && !slices.ContainsFunc(service.Tables, func(d lambdas.Table) bool { return d.Name == t && d.Stream != "" && !d.Sockets }) {
			errs = append(errs, fmt.Errorf("function %s follows the stream of the table %s, but no such table has a stream; set Stream there", f.Name, t))
		}
		errs = append(errs, checkSchedule(f), checkEvents(f))
	}
	return errors.Join(errs...)
}

// scheduleExpression matches the schedule expressions of EventBridge Scheduler.
// Scheduler also checks the fields within the brackets.
// https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html
var scheduleExpression = regexp.MustCompile(`^(rate\([1-9]\d* (minute|minutes|hour|hours|day|days)\)|cron\((\S+ ){5}\S+\)|at\(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\))$`)

func checkSchedule(f lambdas.Function) error {
	if f.Schedule == "" {
		if f.TimeZone != "" {
			return fmt.Errorf("function %s has a time zone but no schedule; remove one or add the other", f.Name)
		}
		return nil
	}
	if !scheduleExpression.MatchString(f.Schedule) {
		return fmt.Errorf("function %s: the schedule %q must be rate(1 hour), cron(0 3 * * ? *) with six fields, or at(2030-01-01T00:00:00)", f.Name, f.Schedule)
	}
	if _, err := time.LoadLocation(f.TimeZone); err != nil || f.TimeZone == "Local" {
		return fmt.Errorf("function %s: the time zone %q does not exist; use a name such as Europe/Berlin", f.Name, f.TimeZone)
	}
	return nil
}

// checkEvents refuses a function that would receive several kinds of events:
// its handler reads only one.
func checkEvents(f lambdas.Function) error {
	var kinds []string
	for _, k := range []struct {
		kind string
		is   bool
	}{{"requests", len(f.HTTPRoutes()) > 0}, {"messages of WebSocket clients", len(f.SocketRoutes) > 0}, {"a queue", f.Consumes != ""},
		{"a stream", f.Follows != ""}, {"a schedule", f.Schedule != ""}} {
		if k.is {
			kinds = append(kinds, k.kind)
		}
	}
	if len(kinds) > 1 && (f.Consumes != "" || f.Follows != "" || f.Schedule != "") {
		return fmt.Errorf("function %s is called by %q, whose events differ: split it", f.Name, kinds)
	}
	return nil
}
