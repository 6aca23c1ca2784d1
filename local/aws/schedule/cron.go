package schedule

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/hashicorp/cronexpr"
)

// cron is a cron expression.
type cron struct {
	fields   *cronexpr.Expression // in the time of the zone
	years    []int                // nil for all
	location *time.Location
}

// cronField is one of the six fields, with the numbers it allows.
type cronField struct {
	name        string
	first, last int
	names       string // names of the numbers, three letters each; "" for none
	wild        string // what it allows besides numbers, names, "," and "-"
}

func cronFields() []cronField {
	return []cronField{
		{"minutes", 0, 59, "", "*/"}, {"hours", 0, 23, "", "*/"}, {"day-of-month", 1, 31, "", "*?/LW"},
		{"month", 1, 12, "JANFEBMARAPRMAYJUNJULAUGSEPOCTNOVDEC", "*/"}, {"day-of-week", 1, 7, "SUNMONTUEWEDTHUFRISAT", "*?L#"},
		{"year", 1970, 2199, "", "*/"},
	}
}

func parseCron(text string, location *time.Location) (Expression, error) {
	words := strings.Fields(text)
	if len(words) != 6 {
		return nil, fmt.Errorf("cron(%s) has %d fields, not six: minutes hours day-of-month month day-of-week year", text, len(words))
	}
	var fields []string
	for i, f := range cronFields() {
		field, err := f.translate(strings.ToUpper(words[i]))
		if err != nil {
			return nil, fmt.Errorf("cron(%s): the field %s: %w", text, f.name, err)
		}
		fields = append(fields, field)
	}
	if (words[2] == "?") == (words[4] == "?") {
		return nil, fmt.Errorf("cron(%s): one of the fields day-of-month and day-of-week must be ?, and the other must not", text)
	}
	years, err := expandYears(fields[5])
	if err != nil {
		return nil, fmt.Errorf("cron(%s): the field year: %w", text, err)
	}
	e, err := cronexpr.Parse("0 " + strings.Join(fields[:5], " ") + " *")
	if err != nil {
		return nil, fmt.Errorf("cron(%s): %w", text, err)
	}
	return cron{e, years, location}, nil
}

// translate checks a field and translates it for the library. In AWS Sunday is
// 1, in the library 0.
func (f cronField) translate(text string) (string, error) {
	if text == "?" && strings.Contains(f.wild, "?") {
		return text, nil
	}
	var parts []string
	for part := range strings.SplitSeq(text, ",") {
		translated, err := f.part(part)
		if err != nil {
			return "", err
		}
		parts = append(parts, translated)
	}
	return strings.Join(parts, ","), nil
}

// part translates one part of a list: a wildcard, a number or a range,
// optionally with a step.
func (f cronField) part(text string) (string, error) {
	if special, ok, err := f.special(text); ok || err != nil {
		return special, err
	}
	base, step, stepped := strings.Cut(text, "/")
	if stepped {
		if n, err := strconv.Atoi(step); !strings.Contains(f.wild, "/") || err != nil || n < 1 {
			return "", fmt.Errorf("%q does not have a step", text)
		}
		step = "/" + step
	}
	if base == "*" {
		return base + step, nil
	}
	from, to, ranged := strings.Cut(base, "-")
	low, err := f.number(from)
	if err != nil || !ranged {
		return strconv.Itoa(f.shift(low)) + step, err
	}
	high, err := f.number(to)
	if err != nil {
		return "", err
	}
	if high < low {
		return "", fmt.Errorf("the range %q runs backwards", base)
	}
	return fmt.Sprintf("%d-%d%s", f.shift(low), f.shift(high), step), nil
}

// special translates a part with the letter L, W or #.
func (f cronField) special(text string) (translated string, ok bool, err error) {
	switch {
	case f.name == "day-of-month" && (text == "L" || text == "LW"):
		return text, true, nil
	case f.name == "day-of-month" && strings.HasSuffix(text, "W"):
		n, err := f.number(strings.TrimSuffix(text, "W"))
		return fmt.Sprintf("%dW", n), true, err
	case f.name == "day-of-week" && text == "L": // the last day of a week
		return "6", true, nil
	case f.name == "day-of-week" && strings.HasSuffix(text, "L"):
		n, err := f.number(strings.TrimSuffix(text, "L"))
		return fmt.Sprintf("%dL", f.shift(n)), true, err
	case f.name == "day-of-week" && strings.Contains(text, "#"):
		day, nth, _ := strings.Cut(text, "#")
		n, err := f.number(day)
		if err == nil && (len(nth) != 1 || nth < "1" || nth > "5") {
			err = fmt.Errorf("%q does not have a week within 1 to 5", text)
		}
		return fmt.Sprintf("%d#%s", f.shift(n), nth), true, err
	}
	return "", false, nil
}

func (f cronField) number(text string) (int, error) {
	if at := strings.Index(f.names, text); len(text) == 3 && at >= 0 && at%3 == 0 {
		return at/3 + f.first, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < f.first || n > f.last {
		return 0, fmt.Errorf("%q is not within %d to %d", text, f.first, f.last)
	}
	return n, nil
}

// shift converts a number to the library's numbering.
func (f cronField) shift(n int) int {
	if f.name == "day-of-week" {
		return n - 1
	}
	return n
}

var yearForm = regexp.MustCompile(`^(\*|\d+)(?:-(\d+))?(?:/(\d+))?$`)

// expandYears returns the years of a valid field, or nil for all. The library
// supports no year after 2099.
func expandYears(text string) ([]int, error) {
	if text == "*" {
		return nil, nil
	}
	const first, last = 1970, 2199
	allowed := map[int]bool{}
	for part := range strings.SplitSeq(text, ",") {
		m := yearForm.FindStringSubmatch(part)
		if m == nil {
			return nil, fmt.Errorf("%q is not a year", part)
		}
		from, to, step := first, last, 1
		if m[1] != "*" {
			from, _ = strconv.Atoi(m[1])
			to = from
		}
		if m[3] != "" {
			step, _ = strconv.Atoi(m[3])
			to = last
		}
		if m[2] != "" {
			to, _ = strconv.Atoi(m[2])
		}
		for y := from; y <= to; y += step {
			allowed[y] = true
		}
	}
	var years []int
	for y := first; y <= last; y++ {
		if allowed[y] {
			years = append(years, y)
		}
	}
	if len(years) == 0 {
		return nil, errors.New("there is no such year")
	}
	return years, nil
}

// Next evaluates the fields in local time. A time that the zone skips in spring
// is left out, and one that it repeats in autumn comes once.
func (c cron) Next(after, _ time.Time) time.Time {
	local := after.In(c.location)
	wall := time.Date(local.Year(), local.Month(), local.Day(), local.Hour(), local.Minute(), local.Second(), 0, time.UTC)
	for {
		if wall = c.nextWall(wall); wall.IsZero() {
			return wall
		}
		at := time.Date(wall.Year(), wall.Month(), wall.Day(), wall.Hour(), wall.Minute(), 0, 0, c.location)
		if at.After(after) && at.Hour() == wall.Hour() && at.Minute() == wall.Minute() {
			return at
		}
	}
}

// nextWall returns the next time on a clock without daylight saving time.
func (c cron) nextWall(after time.Time) time.Time {
	if c.years == nil {
		return c.fields.Next(after)
	}
	for _, year := range c.years {
		from := after
		if year < from.Year() {
			continue
		}
		if year > from.Year() {
			from = time.Date(year, 1, 1, 0, 0, -1, 0, time.UTC)
		}
		if at := c.fields.Next(from); at.Year() == year {
			return at
		}
	}
	return time.Time{}
}
