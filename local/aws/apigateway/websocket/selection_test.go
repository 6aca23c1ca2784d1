package websocket

import "testing"

func TestSelection(t *testing.T) {
	t.Parallel()
	tests := []struct {
		expression, message string
		want                string // "-" for none
	}{
		{"$request.body.action", `{"action":"say"}`, "say"},
		{"${request.body.action}", `{"action":"say"}`, "say"},
		{"${request.body.version}-beta", `{"version":"v1"}`, "v1-beta"},
		{"$request.body.version-beta", `{"version":"v1"}`, "v1-beta"},
		{"$request.body.a/$request.body.b", `{"a":"x","b":"y"}`, "x/y"},
		{"$request.body.meta.kind", `{"meta":{"kind":"k"}}`, "k"},
		{"$request.body.meta.kind", `{"meta":"kind"}`, "-"},
		{"$request.body.n", `{"n":1.50}`, "1.50"},
		{"$request.body.n", `{"n":true}`, "true"},
		{"$request.body.n", `{"n":null}`, "-"},
		{"$request.body.n", `{}`, "-"},
		{"$request.body.n", `{"n":""}`, ""},
		{"$request.body.n", `not JSON`, "-"},
		{`\$default`, `{}`, "$default"},
		{`a\b`, `{}`, `a\b`},
		{"fixed", `{}`, "fixed"},
		{"fixed", `x`, "-"},
	}
	for _, test := range tests {
		s, err := parseSelection(test.expression)
		if err != nil {
			t.Errorf("%s: %v", test.expression, err)
			continue
		}
		got, ok := s.key([]byte(test.message))
		if !ok {
			got = "-"
		}
		if got != test.want {
			t.Errorf("%s of %s: %q, want %q", test.expression, test.message, got, test.want)
		}
	}
}

func TestCheckSelection(t *testing.T) {
	t.Parallel()
	for _, bad := range []string{
		"$request.header.x", "$context.routeKey", "$request.body", "$request.body.", "$", "${", "${request.body.a",
		"$request.body..a", "${request.body.a.}", "$request.querystring.a",
	} {
		if CheckSelection(bad) == nil {
			t.Errorf("%s is accepted", bad)
		}
	}
	for _, good := range []string{"", "$request.body.action", "${request.body.a}-${request.body.b.c}", `\$default`} {
		if err := CheckSelection(good); err != nil {
			t.Errorf("%s: %v", good, err)
		}
	}
}

func FuzzSelection(f *testing.F) {
	f.Add("${request.body.a}-b", `{"a":"x"}`)
	f.Add(`\$a$request.body.b.c`, `{"b":{"c":1}}`)
	f.Fuzz(func(t *testing.T, expression, message string) {
		s := Stage{SelectionExpression: expression, Routes: map[string]Route{"$default": {Key: "$default"}, "$connect": {Key: "$connect"}, "a": {Key: "a"}}}
		r, ok := s.route([]byte(message))
		if !ok || r.Key == "$connect" {
			t.Errorf("%q of %q: route %q", expression, message, r.Key)
		}
	})
}
