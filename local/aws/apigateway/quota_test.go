package apigateway

import (
	"fmt"
	"strings"
	"testing"

	"skiff/local/store"
)

// TestQuotas checks the limits of stages, routes and integrations of an API.
// Other APIs and updates in place do not count.
func TestQuotas(t *testing.T) {
	t.Parallel()
	p := newPlane(t)
	p.declareAPI(t, "a")
	p.declareAPI(t, "b")
	fill := func(token string, n int, put func(i int) error) {
		t.Helper()
		for i := range n {
			must(t, put(i))
		}
	}
	fill(StageToken, maxStages, func(i int) error {
		return declare(t, p, stages(p.APIs), fmt.Sprint("s", i), "", StageInputs{APIID: "a", Name: fmt.Sprint("s", i)})
	})
	fill(RouteToken, maxRoutes-1, func(i int) error {
		return store.Put(p.db, RouteToken, fmt.Sprint("r", i), store.Record[RouteInputs]{ID: fmt.Sprint("r", i), Inputs: RouteInputs{APIID: "a", RouteKey: fmt.Sprint("GET /", i)}})
	})
	fill(IntegrationToken, maxIntegrations-1, func(i int) error {
		return store.Put(p.db, IntegrationToken, fmt.Sprint("i", i), store.Record[IntegrationInputs]{ID: fmt.Sprint("i", i), Inputs: IntegrationInputs{APIID: "a"}})
	})
	for api, refused := range map[string]bool{"a": true, "b": false} {
		for what, err := range map[string]error{
			"10 stages":        declare(t, p, stages(p.APIs), "more", "", StageInputs{APIID: api, Name: "more"}),
			"300 routes":       declare(t, p, routes(p.APIs), api+"more", "", RouteInputs{APIID: api, RouteKey: "GET /more"}),
			"300 integrations": declare(t, p, integrations(p.APIs), api+"more", "", IntegrationInputs{APIID: api, IntegrationURI: functionARN}),
		} {
			if !refused {
				must(t, err)
				continue
			}
			wantFailure(t, what, err, "LimitExceededException: the API a has "+what+" already")
		}
	}
	must(t, declare(t, p, stages(p.APIs), "s0", "", StageInputs{APIID: "a", Name: "s0"}))
}

func TestStageVariables(t *testing.T) {
	t.Parallel()
	many := map[string]string{}
	for i := range maxVariables + 1 {
		many[fmt.Sprint("v", i)] = "x"
	}
	for _, test := range []struct {
		variables map[string]string
		refused   string
	}{
		{map[string]string{"url": "https://example.com:8/a-b_c~d?e=f&g#h,i", "later": ""}, ""},
		{map[string]string{"v": strings.Repeat("x", 512), strings.Repeat("n", 64): "x"}, ""},
		{map[string]string{"v": strings.Repeat("x", 513)}, "stageVariables.v"},
		{map[string]string{"v": "two words"}, "stageVariables.v"},
		{map[string]string{"v": `{"a":1}`}, "stageVariables.v"},
		{map[string]string{"a-b": "x"}, "stageVariables.a-b"},
		{map[string]string{strings.Repeat("n", 65): "x"}, "stageVariables." + strings.Repeat("n", 65)},
		{many, "stageVariables"},
	} {
		var got []string
		for _, problem := range checkStage(StageInputs{APIID: "a", StageVariables: test.variables}, protocolHTTP) {
			got = append(got, problem.Property)
		}
		if strings.Join(got, " ") != test.refused {
			t.Errorf("%.80v is refused for %q, want %q", test.variables, got, test.refused)
		}
	}
}
