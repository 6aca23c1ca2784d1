package main

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"skiff/lambdas"
)

// TestCheckRefuses declares what AWS would refuse, or what would never work.
func TestCheckRefuses(t *testing.T) {
	t.Parallel()
	fn := func(name string, routes ...string) lambdas.Function {
		return lambdas.Function{Name: name, Routes: routes}
	}
	socket := func(name string, routes ...string) lambdas.Function {
		return lambdas.Function{Name: name, SocketRoutes: routes}
	}
	rights := func(resource lambdas.Resource, actions ...string) lambdas.Function {
		return lambdas.Function{Name: "a", Rights: map[lambdas.Resource][]string{resource: actions}}
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
		{[]lambdas.Function{fn("")}, `lambdas: function "": a name has 1 to 32 of a-z 0-9 -, and begins with a letter`},
		{[]lambdas.Function{fn("../x")}, `function "../x": a name has`},
		{[]lambdas.Function{fn("Get")}, `function "Get": a name has`},
		{[]lambdas.Function{fn(strings.Repeat("a", 33))}, "a name has"},
		{[]lambdas.Function{fn("a"), fn("a")}, "function a is declared twice"},
		{[]lambdas.Function{fn("a", "GET items")}, `function a: route "GET items" must be a method and a path, such as GET /items/{id}`},
		{[]lambdas.Function{fn("a", "get /items")}, `route "get /items" must be`},
		{[]lambdas.Function{fn("a", "GET  /items")}, `route "GET  /items" must be`},
		{[]lambdas.Function{fn("a", "TRACE /items")}, `route "TRACE /items" must be`},
		{[]lambdas.Function{fn("a", "$connect")}, `route "$connect" must be`},
		{[]lambdas.Function{{Name: "a", PublicRoutes: []string{"get /items"}}}, `route "get /items" must be`},
		{[]lambdas.Function{fn("a", "GET /x"), fn("b", "GET /x")}, "route GET /x is declared by a and by b; a route has one function"},
		{[]lambdas.Function{fn("a", "GET /x/{id}"), fn("b", "GET /x/{name}")},
			"the routes GET /x/{id} of a and GET /x/{name} of b are one to API Gateway, which does not look at the names of variables: remove one, or give it another path"},
		{[]lambdas.Function{fn("a", "ANY /x/{id}/{rest+}", "ANY /x/{a}/{b+}")}, "the routes ANY /x/{id}/{rest+} of a and ANY /x/{a}/{b+} of a are one"},
		{[]lambdas.Function{fn("a", "GET /x"), {Name: "b", PublicRoutes: []string{"GET /x"}}}, "route GET /x is declared by a and by b"},
		{[]lambdas.Function{{Name: "a", Routes: []string{"GET /x"}, PublicRoutes: []string{"GET /x"}}}, "route GET /x is declared by a and by a"},
		{[]lambdas.Function{socket("a", "$open")}, `function a: WebSocket route "$open" must be $connect, $disconnect, $default or an action, 1 to 128 of A-Z a-z 0-9 _ . -`},
		{[]lambdas.Function{socket("a", "GET /x")}, `WebSocket route "GET /x" must be`},
		{[]lambdas.Function{socket("a", "")}, `WebSocket route "" must be`},
		{[]lambdas.Function{socket("a", "say\n")}, `WebSocket route "say\n" must be`},
		{[]lambdas.Function{socket("a", strings.Repeat("a", 129))}, "WebSocket route"},
		{[]lambdas.Function{socket("a", "say"), socket("b", "say")}, "WebSocket route say is declared by a and by b; a route has one function"},
		{[]lambdas.Function{socket("a", actions...)}, "301 WebSocket routes are declared, and a WebSocket API has 300 at most"},
		{[]lambdas.Function{fn("a", keys...)}, "301 routes are declared, and an HTTP API has 300 at most"},
		{many, "301 functions have routes, which is as many integrations, and an HTTP API has 300 at most"},
		{[]lambdas.Function{rights("moon", "dynamodb:GetItem")}, `function a has rights on "moon", which is no resource; there are ["items table"`},
		{[]lambdas.Function{rights(lambdas.ItemsTable, "dynamodb:GetItems")},
			`function a, rights on the items table: "dynamodb:GetItems" is an action that IAM does not know; did you mean dynamodb:GetItem?`},
		{[]lambdas.Function{rights(lambdas.ItemsTable, "dynamodb:*")}, `"dynamodb:*" is a pattern; name each action`},
		{[]lambdas.Function{rights(lambdas.ItemsTable, "GetItem")}, `"GetItem" is no IAM action`},
		{[]lambdas.Function{rights(lambdas.ItemsTable, slices.Repeat([]string{"dynamodb:GetItem"}, 600)...)},
			"function a: the policy of its role would have 12144 characters, and IAM takes 10240; give it fewer rights, or split it"},
		{[]lambdas.Function{fn("a", "GET /"+strings.Repeat("a", 21_000))},
			"function a: the policy of who may call it would have 21354 characters, and Lambda takes 20480; shorten its routes"},
		{[]lambdas.Function{fn("a", "GET /x")}, "0 functions authorize, and it takes one: routes are guarded unless they are public"},
		{[]lambdas.Function{{Name: "a", PublicRoutes: []string{"GET /x"}}}, "0 functions authorize, and it takes one"},
		{[]lambdas.Function{{Name: "a", Authorizes: true}, {Name: "b", Authorizes: true}}, "2 functions authorize, and it takes one"},
		{[]lambdas.Function{{Name: "a", Authorizes: true, Routes: []string{"GET /x"}}}, "function a authorizes and has routes"},
		{[]lambdas.Function{{Name: "a", Authorizes: true}, {Name: "b", Consumes: true}, {Name: "c", Consumes: true}},
			"2 functions consume the queue, and each would miss what another one takes"},
	} {
		rec, err := deployWith(t, test.functions, settingsOf(t, "staging"))
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("refused with %.500v, want %s", err, test.want)
		}
		if len(rec.Resources) > 0 {
			t.Errorf("%s: resources were registered all the same", test.want)
		}
	}
}

// A name in AWS begins with the project and the stack, which no function can
// know.
func TestCheckLength(t *testing.T) {
	t.Parallel()
	functions := []lambdas.Function{{Name: strings.Repeat("f", 32), Authorizes: true}}
	if err := check("skiff", strings.Repeat("s", 17), functions, false); err != nil {
		t.Error(err)
	}
	err := check("skiff", strings.Repeat("s", 18), functions, false)
	want := "its name in AWS, skiff-ssssssssssssssssss-" + functions[0].Name + " and 8 more, would have 65 characters, and Lambda takes 64; shorten it, or the stack's name"
	if err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("refused with %v, want %s", err, want)
	}
}

// Each API has a catch-all of its own, and each its actions.
func TestCatchAlls(t *testing.T) {
	t.Parallel()
	functions := append(lambdas.Functions(), lambdas.Function{Name: "rest", Routes: []string{"$default"}},
		lambdas.Function{Name: "say", SocketRoutes: []string{"say", "say.more-1_"}})
	rec, err := deployWith(t, functions, settingsOf(t, "staging"))
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
