package schedule

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
	_ "time/tzdata" // a machine may lack the time zones
)

// An Expression defines when a schedule runs
// (https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html).
type Expression interface {
	// Next returns the first run after a time, or the zero time if there is
	// none. start is when the schedule began.
	Next(after, start time.Time) time.Time
}

// Parse parses a rate, cron or at expression, which applies in a time zone.
func Parse(text, zone string) (Expression, error) {
	location, err := LoadZone(zone)
	if err != nil {
		return nil, err
	}
	kind, inner, ok := strings.Cut(text, "(")
	inner, closed := strings.CutSuffix(inner, ")")
	if !ok || !closed {
		return nil, fmt.Errorf("%q is not rate(VALUE UNIT), cron(FIELDS) or at(yyyy-mm-ddThh:mm:ss)", text)
	}
	switch kind {
	case "rate":
		return parseRate(inner)
	case "cron":
		return parseCron(inner, location)
	case "at":
		at, err := time.ParseInLocation("2006-01-02T15:04:05", inner, location)
		if err != nil {
			return nil, fmt.Errorf("at(%s) is not at(yyyy-mm-ddThh:mm:ss)", inner)
		}
		return Once{at}, nil
	}
	return nil, fmt.Errorf("%q is not rate, cron or at", kind)
}

// LoadZone returns the IANA time zone with a name; "" is UTC.
func LoadZone(name string) (*time.Location, error) {
	if name == "" {
		return time.UTC, nil
	}
	location, err := time.LoadLocation(name)
	if err != nil || name == "Local" {
		return nil, fmt.Errorf("%q is not the name of an IANA time zone, such as Europe/Berlin", name)
	}
	return location, nil
}

// Once is an at expression.
type Once struct{ at time.Time }

// Next returns the time if it is still to come.
func (o Once) Next(after, _ time.Time) time.Time {
	if o.at.After(after) {
		return o.at
	}
	return time.Time{}
}

// rate is a rate expression. It runs first when the schedule begins.
type rate struct{ every time.Duration }

var rateForm = regexp.MustCompile(`^([1-9][0-9]{0,5}) +(minutes?|hours?|days?)$`)

func parseRate(text string) (Expression, error) {
	m := rateForm.FindStringSubmatch(text)
	if m == nil {
		return nil, fmt.Errorf("rate(%s) must be a whole number above 0 and one of minute, minutes, hour, hours, day, days", text)
	}
	n, _ := strconv.Atoi(m[1]) // rateForm allows only digits
	unit := map[byte]time.Duration{'m': time.Minute, 'h': time.Hour, 'd': 24 * time.Hour}[m[2][0]]
	return rate{time.Duration(n) * unit}, nil
}

func (r rate) Next(after, start time.Time) time.Time {
	if after.Before(start) {
		return start
	}
	return start.Add((after.Sub(start)/r.every + 1) * r.every)
}
