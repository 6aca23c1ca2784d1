package lambda

import (
	"slices"
	"strings"
	"testing"
)

func filtersOf(patterns ...string) *FilterCriteria {
	c := &FilterCriteria{}
	for _, p := range patterns {
		c.Filters = append(c.Filters, Filter{p})
	}
	return c
}

func TestCheckFilters(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		in   EventSourceMapping
		want string
	}{
		{EventSourceMapping{EventSourceARN: testQueue, FilterCriteria: filtersOf(`{"body":["x"]}`, `{"body":{"a":["x"]}}`, `{"$or":[{"body":["x"]},{"body":["y"]}]}`)}, ""},
		{EventSourceMapping{EventSourceARN: testStream, StartingPosition: "LATEST", FilterCriteria: filtersOf(`{"eventName":["INSERT"]}`)}, ""},
		{EventSourceMapping{EventSourceARN: testQueue, FilterCriteria: filtersOf(`{"messageId":["x"]}`)}, "filterCriteria.filters[0].pattern"},
		{EventSourceMapping{FilterCriteria: filtersOf(`{"a":["x"]}`, `{"a":"x"}`)}, "filterCriteria.filters[1].pattern"},
		{EventSourceMapping{FilterCriteria: filtersOf(`{"a":[{"wildcard":"x*"}]}`)}, "filterCriteria.filters[0].pattern"},
		{EventSourceMapping{FilterCriteria: filtersOf(`{"a":["` + strings.Repeat("x", 4090) + `"]}`)}, "filterCriteria.filters[0].pattern"},
		{EventSourceMapping{FilterCriteria: filtersOf("")}, "filterCriteria.filters[0].pattern"},
		{EventSourceMapping{FilterCriteria: filtersOf(slices.Repeat([]string{`{"a":["x"]}`}, 6)...)}, "filterCriteria.filters"},
	} {
		problems := checkEventSourceMapping(test.in)
		if test.want == "" && len(problems) > 0 || test.want != "" && (len(problems) != 1 || problems[0].Property != test.want) {
			t.Errorf("%+v: problems %v, want %q", test.in, problems, test.want)
		}
	}
}
