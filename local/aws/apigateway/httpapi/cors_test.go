package httpapi

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func corsFixture(t *testing.T) *fixture {
	stage := testStage("GET /items", "OPTIONS /own")
	stage.CORS = &CORS{
		AllowOrigins: []string{"https://app.example", "http://*"}, AllowMethods: []string{"GET", "POST"},
		AllowHeaders: []string{"content-type"}, ExposeHeaders: []string{"etag"}, AllowCredentials: true, MaxAge: 5 * time.Minute,
	}
	return newFixture(t, stage, answering(`{"statusCode":200,"headers":{"access-control-allow-origin":"*","access-control-max-age":"1","vary":"x"},"body":"hi"}`))
}

func cors(r reply) map[string]string {
	out := map[string]string{}
	for name := range r.header {
		if name != "Date" && name != "Apigw-Requestid" {
			out[name] = r.header.Get(name)
		}
	}
	return out
}

func TestPreflight(t *testing.T) {
	t.Parallel()
	f := corsFixture(t)
	for _, path := range []string{"/items", "/no/such/route"} {
		got := f.get(t, "OPTIONS", path, "Origin: https://app.example", "Access-Control-Request-Method: POST")
		want := map[string]string{
			"Access-Control-Allow-Origin": "https://app.example", "Access-Control-Allow-Methods": "GET,POST",
			"Access-Control-Allow-Headers": "content-type", "Access-Control-Expose-Headers": "etag",
			"Access-Control-Allow-Credentials": "true", "Access-Control-Max-Age": "300",
		}
		if diff := cmp.Diff(want, cors(got)); diff != "" || got.status != 204 || got.header.Get("Apigw-Requestid") == "" {
			t.Errorf("%s: %d (-want +got):\n%s", path, got.status, diff)
		}
	}
	if f.called() != 0 {
		t.Error("a preflight reached a function")
	}
	foreign := f.get(t, "OPTIONS", "/items", "Origin: https://evil.example", "Access-Control-Request-Method: POST")
	if foreign.status != 204 || len(cors(foreign)) != 0 {
		t.Errorf("foreign origin: %+v", foreign)
	}
}

// TestRoutedPreflight checks that a matching route receives a preflight. If the
// route is guarded, the answer is 401; a public route for OPTIONS avoids that
// (https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-cors.html).
func TestRoutedPreflight(t *testing.T) {
	t.Parallel()
	preflight := []string{"Origin: https://app.example", "Access-Control-Request-Method: POST"}
	for _, c := range []struct {
		guarded []string
		public  string
		path    string
		route   string // the route that receives it; "" for the gateway
	}{
		{[]string{"$default"}, "", "/x", "$default"},
		{[]string{"ANY /items"}, "", "/items", "ANY /items"},
		{[]string{"ANY /items/{proxy+}"}, "", "/items/1/2", "ANY /items/{proxy+}"},
		{[]string{"ANY /items"}, "", "/other", ""},
		{[]string{"GET /items", "POST /items"}, "", "/items", ""},
		{[]string{"$default"}, "OPTIONS /{proxy+}", "/x/y", "public"},
		{[]string{"ANY /{proxy+}"}, "OPTIONS /{proxy+}", "/x/y", "public"},
		{nil, "ANY /items", "/items", "public"},
		{nil, "$default", "/", "public"},
	} {
		stage := guardedStage(asking(true, 0), c.guarded...)
		if c.public != "" {
			stage.Routes = append(stage.Routes, testStage(c.public).Routes...)
		}
		stage.CORS = &CORS{AllowOrigins: []string{"https://app.example"}, AllowMethods: []string{"POST"}, AllowHeaders: []string{"authorization"}}
		f := newFixture(t, stage, answering(`{"statusCode":200,"headers":{"access-control-allow-methods":"DELETE"}}`))
		got := f.get(t, "OPTIONS", c.path, preflight...)
		want, calls := 401, 0
		switch c.route {
		case "":
			want = 204
		case "public":
			want, calls = 200, 1
		}
		if got.status != want || f.called() != calls {
			t.Errorf("%v and %q: %s is answered %d by %d functions, want %d by %d", c.guarded, c.public, c.path, got.status, f.called(), want, calls)
		}
		if got.header.Get("Access-Control-Allow-Origin") != "https://app.example" || got.header.Get("Access-Control-Allow-Methods") != "POST" || got.header.Get("Access-Control-Allow-Headers") != "authorization" {
			t.Errorf("%v and %q: the headers are %v", c.guarded, c.public, got.header)
		}
	}
}

// TestOptionsIsRouted checks that OPTIONS without both headers is an ordinary
// request.
func TestOptionsIsRouted(t *testing.T) {
	t.Parallel()
	f := corsFixture(t)
	wantMessage(t, f.get(t, "OPTIONS", "/items", "Origin: https://app.example"), 404, "Not Found")
	wantMessage(t, f.get(t, "OPTIONS", "/items", "Access-Control-Request-Method: POST"), 404, "Not Found")
	if got := f.get(t, "OPTIONS", "/own"); got.status != 200 {
		t.Errorf("%+v", got)
	}
}

func TestIntegrationHeadersAreReplaced(t *testing.T) {
	t.Parallel()
	f := corsFixture(t)
	for _, c := range []struct{ origin, granted string }{
		{"https://app.example", "https://app.example"}, {"http://any.example", "http://any.example"},
		{"https://evil.example", ""}, {"", ""},
	} {
		var headers []string
		if c.origin != "" {
			headers = []string{"Origin: " + c.origin}
		}
		got := f.get(t, "GET", "/items", headers...)
		if a := got.header.Get("Access-Control-Allow-Origin"); a != c.granted || got.header.Get("Access-Control-Max-Age") != "" || got.body != "hi" {
			t.Errorf("origin %q: granted %q, %v", c.origin, a, got.header)
		}
	}
	if got := f.get(t, "GET", "/none", "Origin: https://app.example"); got.header.Get("Access-Control-Allow-Origin") == "" {
		t.Error("a browser cannot read the gateway's 404")
	}
}

func TestGrant(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ allowed, origin, want string }{
		{"*", "https://a.example", "*"}, {"https://*", "https://a.example", "https://a.example"}, {"https://*", "http://a.example", ""},
		{"https://a.example", "https://a.example.evil", ""}, {"https://a.*", "https://a.example", ""}, {"https://a.example", "https://A.example", ""},
	} {
		if got := (&CORS{AllowOrigins: []string{c.allowed}}).grant(c.origin); got != c.want {
			t.Errorf("%s for %s: %q, want %q", c.allowed, c.origin, got, c.want)
		}
	}
}
