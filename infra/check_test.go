package main

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"skiff/lambdas"
)

// TestCheckRefuses checks declarations that AWS would refuse or that could
// never work.
func TestCheckRefuses(t *testing.T) {
	t.Parallel()
	fn := func(name string, routes ...string) lambdas.Function {
		return lambdas.Function{Name: name, Routes: routes}
	}
	socket := func(name string, routes ...string) lambdas.Function {
		return lambdas.Function{Name: name, SocketRoutes: routes}
	}
	rights := func(table string, actions ...string) lambdas.Function {
		return lambdas.Function{Name: "a", Rights: lambdas.Rights{{Table: table}: actions}}
	}
	var many []lambdas.Function
	for i := range 301 {
		many = append(many, fn(fmt.Sprintf("f%d", i), fmt.Sprintf("GET /%d", i)))
	}
	var keys, actions []string
	for i := range 301 {
		keys, actions = append(keys, fmt.Sprintf("GET /%d", i)), append(actions, fmt.Sprintf("say%d", i))
	}
	for _, test := range []struct {
		functions []lambdas.Function
		want      string
	}{
		{[]lambdas.Function{fn("")}, `lambdas: function "": a name must have 1 to 32 of a-z 0-9 - and begin with a letter`},
		{[]lambdas.Function{fn("../x")}, `function "../x": a name must`},
		{[]lambdas.Function{fn("Get")}, `function "Get": a name must`},
		{[]lambdas.Function{fn(strings.Repeat("a", 33))}, "a name must"},
		{[]lambdas.Function{fn("a"), fn("a")}, "function a is declared twice"},
		{[]lambdas.Function{fn("a", "GET items")}, `function a: route "GET items" must be a method and a path, such as GET /items/{id}`},
		{[]lambdas.Function{fn("a", "get /items")}, `route "get /items" must be`},
		{[]lambdas.Function{fn("a", "GET  /items")}, `route "GET  /items" must be`},
		{[]lambdas.Function{fn("a", "TRACE /items")}, `route "TRACE /items" must be`},
		{[]lambdas.Function{fn("a", "$connect")}, `route "$connect" must be`},
		{[]lambdas.Function{{Name: "a", PublicRoutes: []string{"get /items"}}}, `route "get /items" must be`},
		{[]lambdas.Function{fn("a", "GET /x"), fn("b", "GET /x")}, "functions a and b declare the route GET /x; a route has one function"},
		{[]lambdas.Function{fn("a", "GET /x/{id}"), fn("b", "GET /x/{name}")},
			"the routes GET /x/{id} of a and GET /x/{name} of b are the same route for API Gateway, which ignores the names of variables: remove one, or give it another path"},
		{[]lambdas.Function{fn("a", "ANY /x/{id}/{rest+}", "ANY /x/{a}/{b+}")}, "the routes ANY /x/{id}/{rest+} of a and ANY /x/{a}/{b+} of a are the same route"},
		{[]lambdas.Function{fn("a", "GET /x"), {Name: "b", PublicRoutes: []string{"GET /x"}}}, "functions a and b declare the route GET /x"},
		{[]lambdas.Function{{Name: "a", Routes: []string{"GET /x"}, PublicRoutes: []string{"GET /x"}}}, "functions a and a declare the route GET /x"},
		{[]lambdas.Function{socket("a", "$open")}, `function a: WebSocket route "$open" must be $connect, $disconnect, $default or an action, 1 to 128 of A-Z a-z 0-9 _ . -`},
		{[]lambdas.Function{socket("a", "GET /x")}, `WebSocket route "GET /x" must be`},
		{[]lambdas.Function{socket("a", "")}, `WebSocket route "" must be`},
		{[]lambdas.Function{socket("a", "say\n")}, `WebSocket route "say\n" must be`},
		{[]lambdas.Function{socket("a", strings.Repeat("a", 129))}, "WebSocket route"},
		{[]lambdas.Function{socket("a", "say"), socket("b", "say")}, "functions a and b declare the WebSocket route say; a route has one function"},
		{[]lambdas.Function{socket("a", actions...)}, "301 WebSocket routes are declared, but a WebSocket API has at most 300"},
		{[]lambdas.Function{fn("a", keys...)}, "301 routes are declared, but an HTTP API has at most 300"},
		{many, "301 functions have routes, and each needs an integration, but an HTTP API has at most 300"},
		{[]lambdas.Function{rights("moon", "dynamodb:GetItem")}, "function a has rights on the moon table, which is not declared; declared are cursor-key secret, events queue, items table, items table, index status-index, token-key secret"},
		{[]lambdas.Function{rights("items", "dynamodb:GetItems")},
			`function a, rights on the items table: "dynamodb:GetItems" is not an action in the list of IAM; did you mean dynamodb:GetItem?`},
		{[]lambdas.Function{rights("items", "dynamodb:*")}, `"dynamodb:*" is a pattern; name each action`},
		{[]lambdas.Function{rights("items", "GetItem")}, `"GetItem" is not an IAM action`},
		{[]lambdas.Function{rights("items", slices.Repeat([]string{"dynamodb:GetItem"}, 600)...)},
			"function a: the policy of its role would have 12144 characters, but IAM accepts at most 10240; remove rights, or split the function"},
		{[]lambdas.Function{fn("a", "GET /"+strings.Repeat("a", 21_000))},
			"function a: its resource policy would have 21354 characters, but Lambda accepts at most 20480; shorten its routes"},
		{[]lambdas.Function{fn("a", "GET /x")}, "0 functions authorize, but exactly one must: routes require a token unless they are public"},
		{[]lambdas.Function{rights("items", "sqs:SendMessage")}, "function a, rights on the items table: sqs:SendMessage is not an action on it; its actions begin with dynamodb:"},
		{[]lambdas.Function{rights("items")}, "function a has rights on the items table without an action; add one, or remove the entry"},
		{[]lambdas.Function{rights("items", "dynamodb:GetItem", "dynamodb:GetItem")}, "rights on the items table: dynamodb:GetItem is listed twice"},
		{[]lambdas.Function{rights("connections", "dynamodb:GetItem")}, "function a has rights on the connections table, which is not declared"},
		{[]lambdas.Function{{Name: "a", Rights: lambdas.Rights{{Clients: true}: {"execute-api:ManageConnections"}}}},
			"function a has rights on the clients of the WebSocket API, which is not declared"},
		{[]lambdas.Function{{Name: "a", Authorizes: true}, {Name: "b", Authorizes: true}}, "2 functions authorize, but exactly one must"},
		{[]lambdas.Function{{Name: "a", Authorizes: true, Routes: []string{"GET /x"}}}, "function a authorizes and has routes"},
		{[]lambdas.Function{{Name: "b", Consumes: "events"}, {Name: "c", Consumes: "events"}},
			"functions b and c both consume the queue events, so each would get only some of its messages"},
		{[]lambdas.Function{{Name: "b", Consumes: "moon"}}, "function b consumes the queue moon, which is not declared"},
		{[]lambdas.Function{{Name: "b", Follows: "items"}}, "function b follows the stream of the table items, but no such table has a stream; set Stream there"},
		{[]lambdas.Function{{Name: "b", Schedule: "every day"}}, `function b: the schedule "every day" must be rate(1 hour), cron(0 3 * * ? *) with six fields, or at(`},
		{[]lambdas.Function{{Name: "b", Schedule: "cron(0 3 * * *)"}}, "with six fields"},
		{[]lambdas.Function{{Name: "b", Schedule: "rate(1 day)", TimeZone: "Moon/Sea"}}, `function b: the time zone "Moon/Sea" does not exist; use a name such as Europe/Berlin`},
		{[]lambdas.Function{{Name: "b", TimeZone: "UTC"}}, "function b has a time zone but no schedule"},
		{[]lambdas.Function{{Name: "b", Consumes: "events", Schedule: "rate(1 day)"}}, `function b is called by ["a queue" "a schedule"], whose events differ: split it`},
		{[]lambdas.Function{{Name: "b", PublicRoutes: []string{"GET /x"}, Schedule: "rate(1 day)"}}, `function b is called by ["requests" "a schedule"], whose events differ: split it`},
	} {
		declared := fixture()
		declared.Functions = test.functions
		rec, err := deployWith(t, declared, with(settingsOf(t, "staging"), "routeThrottles={}"))
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("refused with %.500v, want %s", err, test.want)
		}
		if len(rec.Resources) > 0 {
			t.Errorf("%s: resources were registered", test.want)
		}
	}
}

// TestCheckStoresRefuses checks stores that AWS would refuse, and stores whose
// names collide.
func TestCheckStoresRefuses(t *testing.T) {
	t.Parallel()
	id := lambdas.String("id")
	table := func(change func(*lambdas.Table)) lambdas.Service {
		d := lambdas.Table{Name: "a", HashKey: id}
		change(&d)
		return lambdas.Service{Tables: []lambdas.Table{d}}
	}
	index := func(indexes ...lambdas.Index) lambdas.Service {
		return table(func(d *lambdas.Table) { d.Indexes = indexes })
	}
	var many []lambdas.Index
	for i := range 21 {
		many = append(many, lambdas.Index{Name: fmt.Sprint("index-", i), HashKey: id})
	}
	for want, s := range map[string]lambdas.Service{
		"table a has no hash key":                                                                                 table(func(d *lambdas.Table) { d.HashKey = lambdas.Key{} }),
		"table a: the key id must be a String, a Number or a Binary":                                              table(func(d *lambdas.Table) { d.HashKey.Type = "SS" }),
		"table a: id is both the hash key and the range key; use two attributes":                                  table(func(d *lambdas.Table) { d.RangeKey = id }),
		"table a: the key id has the types S and N; an attribute has one type":                                    index(lambdas.Index{Name: "by-id", HashKey: lambdas.Number("id")}),
		"table a: id is the TTL, which is a Number, but also a key of another type":                               table(func(d *lambdas.Table) { d.TTL = "id" }),
		"table a: Stream must be KEYS_ONLY, NEW_IMAGE, OLD_IMAGE or NEW_AND_OLD_IMAGES, not \"ALL\"":              table(func(d *lambdas.Table) { d.Stream = "ALL" }),
		"table a: the name of an index must have at least 3 characters, not \"by\"":                               index(lambdas.Index{Name: "by", HashKey: id}),
		"table a: the index by-id is declared twice":                                                              index(lambdas.Index{Name: "by-id", HashKey: id}, lambdas.Index{Name: "by-id", HashKey: id}),
		"table a: the index by-id has no hash key":                                                                index(lambdas.Index{Name: "by-id"}),
		"table a has 21 indexes, but DynamoDB accepts at most 20":                                                 index(many...),
		"table \"A\": a name must have 1 to 32 of a-z 0-9 -":                                                      table(func(d *lambdas.Table) { d.Name = "A" }),
		"table a is declared twice":                                                                               {Tables: []lambdas.Table{{Name: "a", HashKey: id}, {Name: "a", HashKey: id}}},
		"the table a and the table b would share the environment variable X_NAME; give one another label or name": {Tables: []lambdas.Table{{Name: "a", HashKey: id, Label: "x"}, {Name: "b", HashKey: id, Label: "x"}}},
		"queue a is shared: describe its messages in Carries":                                                     {Queues: []lambdas.Queue{{Name: "a", Shared: true}}},
		"parameter a: its value has 0 characters, but Parameter Store accepts 1 to 4096":                          {Parameters: []lambdas.Parameter{{Name: "a"}}},
		"bucket a: ExpireDays is -1; it must be a number of days, or 0 for never":                                 {Buckets: []lambdas.Bucket{{Name: "a", ExpireDays: -1}}},
		"the function a and the queue a would both create the queue dead-a; rename one":                           {Queues: []lambdas.Queue{{Name: "a"}}, Functions: []lambdas.Function{{Name: "a", Follows: "t"}}},
	} {
		rec, err := deployWith(t, s, with(settingsOf(t, "staging"), "routeThrottles={}"))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("refused with %.500v, want %s", err, want)
		}
		if len(rec.Resources) > 0 {
			t.Errorf("%s: resources were registered", want)
		}
	}
}

// TestCheckLength checks the length of a name in AWS, which includes the
// project and the stack.
func TestCheckLength(t *testing.T) {
	t.Parallel()
	name := strings.Repeat("f", 32)
	s := lambdas.Service{Functions: []lambdas.Function{{Name: name, Authorizes: true}}}
	if err := checkNames("abcde", strings.Repeat("s", 17), s); err != nil {
		t.Error(err)
	}
	err := checkNames("abcde", strings.Repeat("s", 18), s)
	want := "its name in AWS, abcde-ssssssssssssssssss-" + name + " and 8 more, would have 65 characters, but AWS accepts at most 64; shorten it, or the stack's name"
	if err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("refused with %v, want %s", err, want)
	}
}

// TestCatchAlls checks that both APIs may have a $default route, and that a
// WebSocket API may have actions.
func TestCatchAlls(t *testing.T) {
	t.Parallel()
	declared := more(fixture(), lambdas.Function{Name: "rest", Routes: []string{"$default"}, PublicRoutes: []string{"OPTIONS /{proxy+}"}},
		lambdas.Function{Name: "say", SocketRoutes: []string{"say", "say.more-1_"}})
	rec, err := deployWith(t, declared, settingsOf(t, "staging"))
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"$default":            "api-id of api CUSTOM integrations/integration-id of rest",
		"sockets $default":    "api-id of sockets NONE integrations/integration-id of socket-sockets",
		"sockets say.more-1_": "api-id of sockets NONE integrations/integration-id of say-sockets",
	} {
		in := rec.Of(routeType)[name].Inputs
		if got := fmt.Sprint(in["apiId"], " ", in["authorizationType"], " ", in["target"]); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
}

// TestCheckPreflights checks that a route which requires a token and receives
// preflights needs a public OPTIONS route beside it.
func TestCheckPreflights(t *testing.T) {
	t.Parallel()
	cors := config{project: "skiff", CORSOrigins: []string{"https://a.example"}}
	rest := func(guarded, public string) []lambdas.Function {
		f := lambdas.Function{Name: "rest", Routes: strings.Split(guarded, ", ")}
		if public != "" {
			f.PublicRoutes = strings.Split(public, ", ")
		}
		return []lambdas.Function{{Name: "a", PublicRoutes: []string{"ANY /open"}}, f}
	}
	const refusal = "function rest: the route %s requires a token, but skiff:corsOrigins allows preflight requests, which have none and would get 401: %s"
	beside := func(key, remedy string) string {
		return fmt.Sprintf(refusal, key, "declare "+remedy+" in the PublicRoutes of a function, too")
	}
	for _, test := range []struct {
		functions []lambdas.Function
		want      string
	}{
		{rest("$default", ""), beside("$default", "OPTIONS /{proxy+}")},
		{rest("$default", "OPTIONS /items"), beside("$default", "OPTIONS /{proxy+}")},
		{rest("$default", "OPTIONS /{rest+}"), ""},
		{rest("ANY /items/{id}", ""), beside("ANY /items/{id}", "OPTIONS /items/{id}")},
		{rest("ANY /items/{id}", "OPTIONS /{proxy+}"), beside("ANY /items/{id}", "OPTIONS /items/{id}")},
		{rest("ANY /items/{id}", "OPTIONS /items/{item}"), ""},
		{rest("OPTIONS /items", ""), fmt.Sprintf(refusal, "OPTIONS /items", "move it to the PublicRoutes")},
		{rest("GET /items, POST /items", ""), ""},
	} {
		got := ""
		if err := checkPreflights(test.functions, cors); err != nil {
			got = err.Error()
		}
		if got != test.want {
			t.Errorf("%v: refused with %q, want %q", test.functions[1], got, test.want)
		}
	}
	if err := checkPreflights(rest("$default", ""), config{}); err != nil {
		t.Errorf("without corsOrigins: %v", err)
	}
	declared := more(fixture(), lambdas.Function{Name: "rest", Routes: []string{"$default"}})
	if _, err := deployWith(t, declared, settingsOf(t, "staging")); err == nil || !strings.Contains(err.Error(), "would get 401") {
		t.Errorf("the program returns %v", err)
	}
}
