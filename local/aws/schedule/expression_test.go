package schedule

import (
	"strings"
	"testing"
	"time"
)

func at(t *testing.T, text string) time.Time {
	t.Helper()
	when, err := time.Parse(time.RFC3339, text)
	if err != nil {
		t.Fatal(err)
	}
	return when
}

// TestNext uses the examples of
// https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html
// and
// https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html.
func TestNext(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		text, zone, after string
		want              string // the next times, "-" for none
	}{
		{"cron(0 10 * * ? *)", "", "2026-01-01T00:00:00Z", "2026-01-01T10:00:00Z 2026-01-02T10:00:00Z"},
		{"cron(15 12 * * ? *)", "", "2026-01-01T12:15:00Z", "2026-01-02T12:15:00Z"},
		{"cron(0 18 ? * MON-FRI *)", "", "2026-01-02T18:00:00Z", "2026-01-05T18:00:00Z 2026-01-06T18:00:00Z"},
		{"cron(0 18 ? * 2-6 *)", "", "2026-01-02T18:00:00Z", "2026-01-05T18:00:00Z 2026-01-06T18:00:00Z"},
		{"cron(0 8 1 * ? *)", "", "2026-01-02T00:00:00Z", "2026-02-01T08:00:00Z 2026-03-01T08:00:00Z"},
		{"cron(0/15 * * * ? *)", "", "2026-01-01T09:46:00Z", "2026-01-01T10:00:00Z 2026-01-01T10:15:00Z"},
		{"cron(0/10 * ? * MON-FRI *)", "", "2026-01-02T23:55:00Z", "2026-01-05T00:00:00Z"},
		{"cron(0/5 8-17 ? * MON-FRI *)", "", "2026-01-02T17:55:00Z", "2026-01-05T08:00:00Z"},
		{"cron(0 9 ? * 2#1 *)", "", "2026-01-06T00:00:00Z", "2026-02-02T09:00:00Z"},
		{"cron(0/30 20-23 ? * MON-FRI *)", "", "2026-01-02T23:00:00Z", "2026-01-02T23:30:00Z 2026-01-05T20:00:00Z"},
		{"cron(15 10 ? * 6L 2019-2022)", "", "2022-11-01T00:00:00Z", "2022-11-25T10:15:00Z 2022-12-30T10:15:00Z -"},
		{"cron(0 9 ? * FRIL *)", "", "2026-01-01T00:00:00Z", "2026-01-30T09:00:00Z"},
		{"cron(0 9 ? * TUE#3 *)", "", "2026-01-01T00:00:00Z", "2026-01-20T09:00:00Z"},
		{"cron(0 9 ? * 1 *)", "", "2026-01-01T00:00:00Z", "2026-01-04T09:00:00Z"}, // Sunday is 1
		{"cron(0 9 ? * L *)", "", "2026-01-01T00:00:00Z", "2026-01-03T09:00:00Z"}, // Saturday
		{"cron(0 9 L * ? *)", "", "2026-01-31T10:00:00Z", "2026-02-28T09:00:00Z 2026-03-31T09:00:00Z"},
		{"cron(0 9 3W * ? *)", "", "2026-01-01T00:00:00Z", "2026-01-02T09:00:00Z"}, // the 3rd is a Saturday
		{"cron(0 9 1W * ? *)", "", "2026-01-31T00:00:00Z", "2026-02-02T09:00:00Z"}, // the 1st is a Sunday
		{"cron(0 9 1 jan,JUL ? *)", "", "2026-02-01T00:00:00Z", "2026-07-01T09:00:00Z 2027-01-01T09:00:00Z"},
		{"cron(0 0 29 2 ? *)", "", "2026-01-01T00:00:00Z", "2028-02-29T00:00:00Z"},
		{"cron(0 0 31 2 ? *)", "", "2026-01-01T00:00:00Z", "-"},
		{"cron(0 0 1 1 ? 2030/5)", "", "2026-01-01T00:00:00Z", "2030-01-01T00:00:00Z 2035-01-01T00:00:00Z"},
		{"cron(0 0 1 1 ? 2020)", "", "2026-01-01T00:00:00Z", "-"},
		{"cron(0 0 1 1 ? 2199)", "", "2026-01-01T00:00:00Z", "-"}, // later than the library supports

		{"cron(0 9 * * ? *)", "Europe/Berlin", "2026-03-28T12:00:00Z", "2026-03-29T07:00:00Z"},
		{"cron(30 2 * * ? *)", "America/New_York", "2026-03-07T12:00:00Z", "2026-03-09T06:30:00Z"},                      // the 8th has no such time
		{"cron(30 1 * * ? *)", "America/New_York", "2026-11-01T00:00:00Z", "2026-11-01T05:30:00Z 2026-11-02T06:30:00Z"}, // the 1st has it twice

		{"rate(5 minutes)", "", "2026-01-01T00:00:00Z", "2026-01-01T00:05:00Z 2026-01-01T00:10:00Z"},
		{"rate(1 hour)", "", "2025-12-31T00:00:00Z", "2026-01-01T00:00:00Z 2026-01-01T01:00:00Z"}, // first at its start
		{"rate(2 days)", "", "2026-01-02T00:00:00Z", "2026-01-03T00:00:00Z"},
		{"at(2026-07-01T09:00:00)", "Europe/Berlin", "2026-01-01T00:00:00Z", "2026-07-01T07:00:00Z -"},
		{"at(2025-07-01T09:00:00)", "", "2026-01-01T00:00:00Z", "-"},
	} {
		e, err := Parse(test.text, test.zone)
		if err != nil {
			t.Errorf("%s: %v", test.text, err)
			continue
		}
		now, start := at(t, test.after), at(t, "2026-01-01T00:00:00Z")
		for want := range strings.FieldsSeq(test.want) {
			got := e.Next(now, start)
			if want == "-" && !got.IsZero() || want != "-" && !got.Equal(at(t, want)) {
				t.Errorf("%s in %q after %v: %v, want %s", test.text, test.zone, now, got.UTC(), want)
			}
			now = got
		}
	}
}

// TestBadExpressions checks that an error names the field and what is wrong.
func TestBadExpressions(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ text, zone, want string }{
		{"0 10 * * ? *", "", "is not rate(VALUE UNIT)"},
		{"every(5 minutes)", "", `"every" is not rate, cron or at`},
		{"rate(0 minutes)", "", "rate(0 minutes) must be a whole number above 0"},
		{"rate(30 seconds)", "", "minute, minutes, hour"},
		{"rate(5)", "", "rate(5)"},
		{"at(2026-07-01)", "", "at(yyyy-mm-ddThh:mm:ss)"},
		{"cron(0 10 * * ?)", "", "has 5 fields, not six: minutes hours"},
		{"cron(60 10 * * ? *)", "", `the field minutes: "60" is not within 0 to 59`},
		{"cron(0 24 * * ? *)", "", `the field hours: "24" is not within 0 to 23`},
		{"cron(0 10 32 * ? *)", "", "the field day-of-month"},
		{"cron(0 10 0W * ? *)", "", "the field day-of-month"},
		{"cron(0 10 ? 13 * *)", "", "the field month"},
		{"cron(0 10 ? JANU * *)", "", "the field month"},
		{"cron(0 10 ? * 0 *)", "", `the field day-of-week: "0" is not within 1 to 7`},
		{"cron(0 10 ? * 2#6 *)", "", "the field day-of-week"},
		{"cron(0 10 ? * MON/2 *)", "", "the field day-of-week"},
		{"cron(0 10 ? * FRI-MON *)", "", `the range "FRI-MON" runs backwards`},
		{"cron(0 10 * * * *)", "", "must be ?"},
		{"cron(0 10 ? * ? *)", "", "must be ?"},
		{"cron(? 10 * * ? *)", "", "the field minutes"},
		{"cron(0/0 10 * * ? *)", "", "the field minutes"},
		{"cron(0 10 * * ? 1969)", "", "the field year"},
		{"cron(L 10 * * ? *)", "", "the field minutes"},
		{"cron(0 10 , * ? *)", "", "the field day-of-month"},
		{"rate(1 day)", "Mars/Olympus", "IANA time zone"},
		{"rate(1 day)", "Local", "IANA time zone"},
	} {
		if _, err := Parse(test.text, test.zone); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s in %q: %v, want %q", test.text, test.zone, err, test.want)
		}
	}
}
