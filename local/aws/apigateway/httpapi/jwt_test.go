package httpapi

import (
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/google/go-cmp/cmp"

	"skiff/local/aws/issuer"
)

const tokenIssuer = "https://issuer.example/pool"

// tokenStage returns a testStage with a JWT authorizer.
func tokenStage(scopes []string, keys ...string) Stage {
	s := guardedStage(&Authorizer{
		ID: "auth1", IdentitySources: []string{"$request.header.Authorization"},
		JWT: &JWT{Issuer: tokenIssuer, Audiences: []string{"items", "more"}},
	}, keys...)
	for i := range s.Routes {
		s.Routes[i].Scopes = scopes
	}
	return s
}

// tokenTime is the current time in TestClaims.
func tokenTime() time.Time { return time.Unix(1_800_000_000, 0) }

// newTokenFixture serves a stage at tokenTime, and returns the issuer of its
// tokens.
func newTokenFixture(t *testing.T, stage Stage) (*fixture, *issuer.Issuer) {
	t.Helper()
	i, err := issuer.Open(t.TempDir())
	must(t, err)
	f := fixtureOf(t, stage, answering(`{"statusCode":200}`))
	f.options.Now, f.options.Verify = tokenTime, i.Verify
	f.serve(t)
	return f, i
}

func tokenOf(t *testing.T, i *issuer.Issuer, change func(*issuer.Claims)) string {
	t.Helper()
	c := issuer.Claims{Issuer: tokenIssuer, Audience: "items", Subject: "ada", Issued: tokenTime(), Expires: tokenTime().Add(time.Hour)}
	if change != nil {
		change(&c)
	}
	token, err := i.Sign(c)
	must(t, err)
	return token
}

func TestToken(t *testing.T) {
	t.Parallel()
	f, i := newTokenFixture(t, tokenStage(nil, "GET /"))
	token := tokenOf(t, i, func(c *issuer.Claims) { c.Scopes = []string{"read", "write"} })
	for _, value := range []string{token, "Bearer " + token, "bearer  " + token} {
		if got := f.get(t, "GET", "/", "Authorization: "+value); got.status != 200 {
			t.Errorf("%.10s: %d %v", value, got.status, got.header)
		}
	}
	var e events.APIGatewayV2HTTPRequest
	if err := json.Unmarshal(f.last(t).payload, &e); err != nil {
		t.Fatal(err)
	}
	want := &events.APIGatewayV2HTTPRequestContextAuthorizerDescription{JWT: &events.APIGatewayV2HTTPRequestContextAuthorizerJWTDescription{
		Claims: map[string]string{
			"iss": tokenIssuer, "aud": "items", "sub": "ada", "scope": "read write", "iat": "1800000000", "exp": "1800003600",
		},
		Scopes: nil, // because the route has none
	}}
	if diff := cmp.Diff(want, e.RequestContext.Authorizer); diff != "" {
		t.Errorf("authorizer (-want +got):\n%s", diff)
	}

	// A token without scopes has null.
	f.get(t, "GET", "/", "Authorization: "+tokenOf(t, i, nil))
	if payload := string(f.last(t).payload); !strings.Contains(payload, `"scopes":null`) {
		t.Errorf("event %s", payload)
	}
}

// TestAuthorizerMembers compares the members of an event's authorizer with the
// samples.
func TestAuthorizerMembers(t *testing.T) {
	t.Parallel()
	f, i := newTokenFixture(t, tokenStage(nil, "GET /"))
	f.get(t, "GET", "/", "Authorization: "+tokenOf(t, i, nil))
	var g guard
	g.say(`{"isAuthorized":true,"context":{"key":"value"}}`)
	asked := newFixture(t, guardedStage(asking(true, 0), "GET /"), g.reply)
	asked.get(t, "GET", "/", "Authorization: key")
	for file, payload := range map[string][]byte{
		"apigw-v2-request-jwt-authorizer.json":    f.last(t).payload,
		"apigw-v2-request-lambda-authorizer.json": asked.last(t).payload,
	} {
		type members struct {
			RequestContext struct {
				Authorizer map[string]map[string]any
			}
		}
		var sample, sent members
		load(t, file, &sample)
		if err := json.Unmarshal(payload, &sent); err != nil {
			t.Fatal(err)
		}
		for kind, want := range sample.RequestContext.Authorizer {
			if diff := cmp.Diff(slices.Sorted(maps.Keys(want)), slices.Sorted(maps.Keys(sent.RequestContext.Authorizer[kind]))); diff != "" {
				t.Errorf("%s: members (-sample +got):\n%s", file, diff)
			}
		}
	}
}

func TestTokenRefused(t *testing.T) {
	t.Parallel()
	stage := tokenStage(nil, "GET /")
	stage.CORS = &CORS{AllowOrigins: []string{"*"}}
	f, i := newTokenFixture(t, stage)
	_, foreign := newTokenFixture(t, stage)
	invalid := func(text string) string {
		return `Bearer scope="" error="invalid_token" error_description="` + text + `"`
	}
	for _, test := range []struct{ value, want string }{
		{"", "Bearer"},
		{"Bearer not-a-token", invalid("token contains an invalid number of segments")},
		{"Bearer", invalid("token contains an invalid number of segments")},
		{"a.b.c", invalid("the token is malformed")},
		{tokenOf(t, foreign, nil), invalid("the token is signed with a key that the issuer does not have")},
		{tokenOf(t, i, func(c *issuer.Claims) { c.Issuer += "/" }), invalid("the token does not have a valid issuer")},
		// AWS documents only this text.
		{tokenOf(t, i, func(c *issuer.Claims) { c.Audience = "other" }), invalid("the token does not have a valid audience")},
		{tokenOf(t, i, func(c *issuer.Claims) { c.Issued, c.Expires = tokenTime().Add(-time.Hour), tokenTime() }), invalid("the token has expired")},
		{tokenOf(t, i, func(c *issuer.Claims) { c.Issued = tokenTime().Add(time.Second) }), invalid("the token is used before its iat")},
	} {
		got := f.get(t, "GET", "/", "Authorization: "+test.value, "Origin: https://app.example")
		wantMessage(t, got, 401, "Unauthorized")
		if is := got.header.Get("WWW-Authenticate"); is != test.want {
			t.Errorf("%.30q: %s, want %s", test.value, is, test.want)
		}
		if got.header.Get("Access-Control-Allow-Origin") != "*" {
			t.Errorf("%.30q: a browser cannot read the error: %v", test.value, got.header)
		}
	}
	if f.called() != 0 {
		t.Error("a function was called")
	}
}

func TestScopes(t *testing.T) {
	t.Parallel()
	f, i := newTokenFixture(t, tokenStage([]string{"items.write", "items.all"}, "GET /"))
	call := func(scopes ...string) reply {
		return f.get(t, "GET", "/", "Authorization: "+tokenOf(t, i, func(c *issuer.Claims) { c.Scopes = scopes }))
	}
	if got := call("items.read", "items.all"); got.status != 200 {
		t.Errorf("one scope of two: %d", got.status)
	}
	for _, scopes := range [][]string{nil, {"items.read"}, {"items"}, {"items.write.x"}} {
		got := call(scopes...)
		wantMessage(t, got, 403, "Forbidden")
		const want = `Bearer scope="items.write items.all" error="insufficient_scope" error_description="the token has none of the scopes of the route"`
		if is := got.header.Get("WWW-Authenticate"); is != want {
			t.Errorf("%v: %s, want %s", scopes, is, want)
		}
	}
}

// TestScopesOfEvent checks that an event has the token's scopes if the route
// has scopes, and null if not.
func TestScopesOfEvent(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		route []string
		want  string
	}{
		{nil, `"scopes":null`},
		{[]string{"items.all"}, `"scopes":["items.read","items.all"]`},
	} {
		f, i := newTokenFixture(t, tokenStage(c.route, "GET /"))
		f.get(t, "GET", "/", "Authorization: "+tokenOf(t, i, func(c *issuer.Claims) { c.Scopes = []string{"items.read", "items.all"} }))
		sent := string(f.last(t).payload)
		if !strings.Contains(sent, c.want) || !strings.Contains(sent, `"scope":"items.read items.all"`) {
			t.Errorf("a route of the scopes %v: %s, want %s and the claim", c.route, sent, c.want)
		}
	}
}

// TestClaims checks claims that this repository's issuer does not sign, but
// other issuers do.
func TestClaims(t *testing.T) {
	t.Parallel()
	j := &JWT{Issuer: tokenIssuer, Audiences: []string{"items", "more"}}
	now := tokenTime()
	for claims, want := range map[string]string{
		`{}`:                                  "",
		`{"aud":["other","more"]}`:            "",
		`{"aud":null,"client_id":"items"}`:    "audience", // if there is an aud, client_id does not count
		`{"aud":"other","client_id":"items"}`: "audience",
		`{"-aud":0,"client_id":"items"}`:      "",
		`{"-aud":0,"client_id":"other"}`:      "audience",
		`{"-aud":0}`:                          "audience",
		`{"aud":[1]}`:                         "audience",
		`{"iss":1}`:                           "issuer",
		`{"-iss":0}`:                          "issuer",
		`{"-exp":0}`:                          "expired",
		`{"exp":"1900000000"}`:                "expired",
		`{"exp":1800000000.5}`:                "",
		`{"exp":1e400}`:                       "expired",
		`{"exp":-1}`:                          "expired",
		`{"nbf":1800000000}`:                  "",
		`{"nbf":1800000001}`:                  "before its nbf",
		`{"nbf":-1}`:                          "before its nbf",
		`{"nbf":"soon"}`:                      "before its nbf",
		`{"iat":1800000000.25}`:               "before its iat",
		`{"iss":"x","aud":"x","exp":1,"nbf":1900000000}`:   "issuer", // the claims are checked in this order
		`{"aud":"x","exp":1,"nbf":1900000000}`:             "audience",
		`{"exp":1,"nbf":1900000000,"iat":1900000000}`:      "expired",
		`{"nbf":1900000000,"iat":1900000000,"extra":[[]]}`: "nbf",
	} {
		given := map[string]any{"iss": tokenIssuer, "aud": "items", "exp": json.Number("1800000001")}
		d := json.NewDecoder(strings.NewReader(claims))
		d.UseNumber()
		must(t, d.Decode(&given))
		for name := range given {
			if gone, ok := strings.CutPrefix(name, "-"); ok {
				delete(given, gone)
			}
		}
		if err := j.check(given, now); (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", claims, err, want)
		}
	}
}

func TestClaimForms(t *testing.T) {
	t.Parallel()
	claims := map[string]any{
		"cognito:groups": []any{"Admins", "Readers"}, "n": json.Number("12345678901234567890"), "b": true, "scp": []any{"a", "b c"},
		"null": nil, "address": map[string]any{"city": "Bern & Thun"},
	}
	want := map[string]string{
		"cognito:groups": "[Admins Readers]", "n": "12345678901234567890", "b": "true", "scp": "[a b c]", "address": `{"city":"Bern & Thun"}`,
	}
	if diff := cmp.Diff(want, claimTexts(claims)); diff != "" {
		t.Errorf("claims (-want +got):\n%s", diff)
	}
	if got := scopesOf(claims, []string{"b"}); !slices.Equal(got, []string{"a", "b", "c"}) {
		t.Errorf("scopes of scp: %q", got)
	}
	claims["scope"] = "d"
	if got := scopesOf(claims, []string{"b"}); !slices.Equal(got, []string{"d"}) {
		t.Errorf("scopes of scope: %q", got)
	}
}

// TestBearerError checks that no text can end the header's quotes.
func TestBearerError(t *testing.T) {
	t.Parallel()
	f := fixtureOf(t, tokenStage(nil, "GET /"), answering(`{}`))
	f.options.Verify = func(string) (map[string]any, error) { return nil, errors.New("a \"b\" \\ é\r\nX: y") }
	f.serve(t)
	got := f.get(t, "GET", "/", "Authorization: x")
	if is := got.header.Get("WWW-Authenticate"); is != `Bearer scope="" error="invalid_token" error_description="a  b       X: y"` {
		t.Errorf("header %q", is)
	}
}

func TestNobodyVerifies(t *testing.T) {
	t.Parallel()
	f := newFixture(t, tokenStage(nil, "GET /"), answering(`{}`))
	wantMessage(t, f.get(t, "GET", "/", "Authorization: x"), 500, "Internal Server Error")
}

func TestClaimsInLog(t *testing.T) {
	t.Parallel()
	stage := tokenStage(nil, "GET /")
	stage.AccessLog = &AccessLog{Group: "g", Format: "$context.requestId $context.authorizer.claims.sub|$context.authorizer.claims.none|$context.authorizer.error"}
	f, i := newTokenFixture(t, stage)
	f.get(t, "GET", "/", "Authorization: "+tokenOf(t, i, nil))
	f.get(t, "GET", "/", "Authorization: "+tokenOf(t, i, func(c *issuer.Claims) { c.Audience = "x" }))
	f.get(t, "GET", "/")
	want := []string{"ada|-|-", "-|-|the token does not have a valid audience", `-|-|there is no token\nthe request lacks the identity source $request.header.Authorization`}
	f.mu.Lock()
	defer f.mu.Unlock()
	for n, line := range f.lines {
		if _, rest, _ := strings.Cut(line, "= "); rest != want[n] {
			t.Errorf("line %d is %q, want %q", n, rest, want[n])
		}
	}
}
