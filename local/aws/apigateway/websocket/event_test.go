package websocket

import (
	"encoding/json"
	"maps"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/google/go-cmp/cmp"
)

// shape returns an event in which the type replaces each value that differs by
// request.
func shape(t *testing.T, payload []byte) map[string]any {
	t.Helper()
	var e map[string]any
	if err := json.Unmarshal(payload, &e); err != nil {
		t.Fatal(err)
	}
	var walk func(v any) any
	walk = func(v any) any {
		switch v := v.(type) {
		case map[string]any:
			for name := range v {
				v[name] = walk(v[name])
			}
			return v
		case []any:
			return []any{walk(v[len(v)-1])}
		case string:
			if v == "" {
				return "empty"
			}
			return "text"
		case float64:
			return "number"
		}
		return v
	}
	walk(e)
	return e
}

// exchange connects a client, sends a message and leaves without a code, as the
// recorded clients did.
func exchange(t *testing.T, f *fixture, dial string, header http.Header) map[string]invocation {
	t.Helper()
	c, _, err := websocket.Dial(t.Context(), dial, &websocket.DialOptions{
		HTTPHeader: header, CompressionMode: websocket.CompressionContextTakeover,
		HTTPClient: &http.Client{Transport: &http.Transport{DisableCompression: true}}, // sends no Accept-Encoding
	})
	if err != nil {
		t.Fatal(err)
	}
	write(t, c, `{"first_name" : "Jane", "last_name" : "Doe"}`)
	got := map[string]invocation{}
	take := func() {
		select {
		case i := <-f.called:
			got[i.function] = i
		case <-time.After(patience):
			t.Fatal("functions are not called")
		}
	}
	for got["$default"].payload == nil {
		take()
	}
	c.Close(websocket.StatusNoStatusRcvd, "")
	take()
	return got
}

// TestRecordedEvents compares the members of events with recorded ones.
func TestRecordedEvents(t *testing.T) {
	t.Parallel()
	f := newFixture(t, nil)
	f.guard()
	f.answer("authorizer", policy("Allow", "*", "{}"))
	// The recorded client sent no User-Agent; Go's client sends one unless it
	// is empty.
	got := exchange(t, f, f.url, http.Header{"Origin": {"https://a.example"}, "User-Agent": {""}})
	for function, file := range map[string]string{"$connect": "connect", "$default": "message", "$disconnect": "disconnect"} {
		recorded, err := os.ReadFile("testdata/" + file + ".json")
		if err != nil {
			t.Fatal(err)
		}
		want, have := shape(t, recorded), shape(t, got[function].payload)
		// The recorded API had no authorizer.
		delete(have["requestContext"].(map[string]any), "authorizer")
		if function == "$connect" { // the record has one empty value of a header that its other list has, which is not explained
			want["headers"].(map[string]any)["Sec-WebSocket-Extensions"] = "text"
		}
		if diff := cmp.Diff(want, have); diff != "" {
			t.Errorf("%s: -recorded +sent: %s", function, diff)
		}
	}
}

func TestAuthorizerEvent(t *testing.T) {
	t.Parallel()
	f := newFixture(t, nil)
	f.guard()
	f.answer("authorizer", policy("Allow", "*", "{}"))
	got := exchange(t, f, f.url+"?QueryString1=queryValue1", http.Header{"Headerauth1": {"headerValue1"}, "User-Agent": {""}})
	documented, err := os.ReadFile("testdata/authorizer.json")
	if err != nil {
		t.Fatal(err)
	}
	documented = []byte(strings.ReplaceAll(string(documented), "HeaderAuth1", "Headerauth1")) // as a Go client sends it
	if diff := cmp.Diff(shape(t, documented), shape(t, got["authorizer"].payload)); diff != "" {
		t.Errorf("-documented +sent: %s", diff)
	}
	var e struct{ Type, MethodARN string }
	if err := json.Unmarshal(got["authorizer"].payload, &e); err != nil {
		t.Fatal(err)
	}
	if e.Type != "REQUEST" || e.MethodARN != connectARN {
		t.Errorf("type %s, methodArn %s", e.Type, e.MethodARN)
	}
}

// TestDomainOfEvents checks that the URL to post to, built from an event, leads
// to this machine, with and without a port.
func TestDomainOfEvents(t *testing.T) {
	t.Parallel()
	const name = "a1b2c3d4e5.execute-api.eu-west-1.localhost"
	for endpoint, want := range map[string]string{
		"": name, "ws://127.0.0.1:8080/_apis/a1b2c3d4e5/prod": name + ":8080", "ws://127.0.0.1/_apis/a1b2c3d4e5/prod": name,
	} {
		f := newFixture(t, nil)
		f.change(func(s *Stage) { s.Endpoint = endpoint })
		for function, i := range exchange(t, f, f.url, nil) {
			if got := i.event.RequestContext.DomainName; got != want {
				t.Errorf("%s at %q: the domain is %s, want %s", function, endpoint, got, want)
			}
		}
	}
}

// TestEventValues decodes events with the types that functions use, and checks
// the values.
func TestEventValues(t *testing.T) {
	t.Parallel()
	clock := time.Date(2026, 3, 4, 5, 6, 7, 890e6, time.FixedZone("", 3600))
	f := newFixture(t, func(o *Options) { o.Now = func() time.Time { return clock } })
	f.change(func(s *Stage) { s.Variables, s.Domain = map[string]string{"color": "blue"}, "ws.example.com" })
	got := exchange(t, f, f.url+"?a=1&a=2&b=%3C%26%3E", http.Header{"X-Forwarded-For": {"192.0.2.7"}, "User-Agent": {"test/1"}, "X-Two": {"1", "2"}})
	ids := map[string]bool{}
	for function, i := range got {
		e, c := i.event, i.event.RequestContext
		if c.Stage != "prod" || c.APIID != "a1b2c3d4e5" || c.DomainName != "ws.example.com" || c.MessageDirection != "IN" || c.RouteKey != function {
			t.Errorf("%s: context %+v", function, c)
		}
		if c.ConnectedAt != clock.UnixMilli() || c.RequestTimeEpoch != clock.UnixMilli() || c.RequestTime != "04/Mar/2026:04:06:07 +0000" {
			t.Errorf("%s: times %d, %d, %s", function, c.ConnectedAt, c.RequestTimeEpoch, c.RequestTime)
		}
		if c.Identity.SourceIP != "127.0.0.1" || c.Identity.UserAgent != "test/1" {
			t.Errorf("%s: identity %+v", function, c.Identity)
		}
		if diff := cmp.Diff(map[string]string{"color": "blue"}, e.StageVariables); diff != "" {
			t.Errorf("%s: variables: %s", function, diff)
		}
		if want := "arn:aws:execute-api:eu-west-1:111111111111:a1b2c3d4e5/prod/" + function; i.source != want {
			t.Errorf("%s: source %s", function, i.source)
		}
		if c.RequestID != c.ExtendedRequestID || !idForm.MatchString(c.RequestID) || !idForm.MatchString(c.ConnectionID) {
			t.Errorf("%s: ids %q, %q, %q", function, c.RequestID, c.ExtendedRequestID, c.ConnectionID)
		}
		ids[c.RequestID], ids[c.ConnectionID] = true, true
	}
	if len(ids) != 4 {
		t.Errorf("ids %v: want one of each request and one of the connection", slices.Collect(maps.Keys(ids)))
	}
	connect, message, left := got["$connect"].event, got["$default"].event, got["$disconnect"].event
	if diff := cmp.Diff(map[string][]string{"a": {"1", "2"}, "b": {"<&>"}}, connect.MultiValueQueryStringParameters); diff != "" {
		t.Error(diff)
	}
	if connect.QueryStringParameters["a"] != "2" || !strings.Contains(string(got["$connect"].payload), `"<&>"`) {
		t.Errorf("query in %s", got["$connect"].payload)
	}
	if connect.Headers["X-Two"] != "2" || len(connect.MultiValueHeaders["X-Two"]) != 2 || connect.Headers["Host"] != "ws.example.com" || connect.Headers["X-Forwarded-For"] != "192.0.2.7, 127.0.0.1" {
		t.Errorf("headers %v", connect.MultiValueHeaders)
	}
	if message.Body != `{"first_name" : "Jane", "last_name" : "Doe"}` || message.RequestContext.EventType != "MESSAGE" || message.RequestContext.MessageID == nil {
		t.Errorf("message %+v", message)
	}
	if left.Headers["Host"] != "ws.example.com" || left.RequestContext.EventType != "DISCONNECT" {
		t.Errorf("disconnect %+v", left)
	}
}
