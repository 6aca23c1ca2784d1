package httpapi

import (
	"encoding/base64"
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"skiff/local/aws/apigateway/payload"
)

type recordedEvent struct {
	Name    string
	Request struct {
		Method, Target, Route string
		Headers               [][2]string
	}
	Event map[string]any `json:"event_recorded_as_dotnet_type"`
}

// TestRecordedEvents sends the recorded requests as their client did, with its
// content type and length. It compares the function's events with the recorded
// ones. These have .NET's form: names in Pascal case, and null for an absent
// member. Ids, times, hosts and addresses are masked.
func TestRecordedEvents(t *testing.T) {
	t.Parallel()
	var file struct{ Cases []recordedEvent }
	load(t, "request_event_v2.json", &file)
	for _, c := range file.Cases {
		t.Run(c.Name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t, testStage(c.Request.Route), answering(`{}`))
			var headers []string
			for _, h := range c.Request.Headers {
				headers = append(headers, h[0]+": "+h[1])
			}
			headers = append(headers, "content-type: text/plain; charset=utf-8", "content-length: 0")
			if got := f.get(t, c.Request.Method, c.Request.Target, headers...); got.status != 200 {
				t.Fatalf("status %d: %s", got.status, got.body)
			}
			var event map[string]any
			if err := json.Unmarshal(f.last(t).payload, &event); err != nil {
				t.Fatal(err)
			}
			want, got := mask(c.Event), mask(pascal(event))
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("event (-recorded +got):\n%s", diff)
			}
		})
	}
}

// pascal renames members as the .NET type does. It keeps names that come from
// the request.
func pascal(in map[string]any) map[string]any {
	out := map[string]any{}
	for name, value := range in {
		if nested, ok := value.(map[string]any); ok && (name == "requestContext" || name == "http") {
			value = pascal(nested)
		}
		out[strings.ToUpper(name[:1])+name[1:]] = value
	}
	return out
}

var (
	requestIDForm = regexp.MustCompile(`^[A-Za-z0-9_-]{15}=$`)
	timeForm      = regexp.MustCompile(`^\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d \+0000$`)
	traceForm     = regexp.MustCompile(`^Root=1-[0-9a-f]{8}-[0-9a-f]{24}$`)
)

// mask replaces values that differ between runs by their form, and removes
// nulls.
func mask(in map[string]any) map[string]any {
	out := map[string]any{}
	for name, value := range in {
		switch v := value.(type) {
		case nil:
			continue
		case map[string]any:
			value = mask(v)
		case string:
			switch lower := strings.ToLower(name); {
			case requestIDForm.MatchString(v), timeForm.MatchString(v), traceForm.MatchString(v):
				value = "MASKED"
			case lower == "host", lower == "x-forwarded-for", lower == "accountid", lower == "apiid",
				lower == "domainname", lower == "domainprefix", lower == "sourceip":
				name, value = lower, "MASKED"
			}
		case float64:
			if v > 1e12 {
				value = "EPOCH MS"
			}
		}
		out[name] = value
	}
	return out
}

// TestRecordedMembers compares the event's members with aws-lambda-go's sample,
// which is from a curl GET without a Content-Length. The member authentication
// is of mutual TLS, which the gateway does not support.
func TestRecordedMembers(t *testing.T) {
	t.Parallel()
	var want map[string]any
	load(t, "apigw-v2-request-no-authorizer.json", &want)
	delete(want["requestContext"].(map[string]any), "authentication")
	f := newFixture(t, testStage("$default"), answering(`{}`))
	f.get(t, "GET", "/", "Accept: */*", "User-Agent: curl/7.58.0")
	var got map[string]any
	if err := json.Unmarshal(f.last(t).payload, &got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(mask(want), mask(got)); diff != "" {
		t.Errorf("event (-sample +got):\n%s", diff)
	}
}

func TestNamedStage(t *testing.T) {
	t.Parallel()
	stage := testStage("GET /pets/{id}", "$default")
	stage.Name, stage.Variables = "dev", map[string]string{"table": "t"}
	f := newFixture(t, stage, answering(`{}`))
	f.get(t, "GET", "/dev/pets/6?a=1")
	c := f.last(t)
	if e := c.event; e.RawPath != "/dev/pets/6" || e.RequestContext.HTTP.Path != "/dev/pets/6" ||
		e.RouteKey != "GET /pets/{id}" || e.PathParameters["id"] != "6" || e.RequestContext.Stage != "dev" || e.StageVariables["table"] != "t" {
		t.Errorf("event %+v", e)
	}
	if want := "arn:aws:execute-api:eu-west-1:111111111111:abc123/dev/GET/pets/{id}"; c.source != want {
		t.Errorf("source %s, want %s", c.source, want)
	}
	f.get(t, "POST", "/dev/other")
	if got, want := f.last(t).source, "arn:aws:execute-api:eu-west-1:111111111111:abc123/dev/$default"; got != want {
		t.Errorf("source %s, want %s", got, want)
	}
	wantMessage(t, f.get(t, "GET", "/pets/6"), 404, "Not Found")
}

func TestBodyEncoding(t *testing.T) {
	t.Parallel()
	f := newFixture(t, testStage("POST /"), answering(`{}`))
	for _, c := range []struct {
		contentType, body, want string
		base64                  bool
	}{
		{"application/json", `{"a":"<&>"}`, `{"a":"<&>"}`, false},
		{"application/json; charset=utf-8", "{}", "{}", false},
		{"Application/JSON", "{}", "{}", false},
		{"application/json;;", "{}", "{}", false},
		{"text/csv", "a,b", "a,b", false},
		{"application/xml", "<a/>", "<a/>", false},
		{"application/javascript", "a()", "a()", false},
		{"application/x-www-form-urlencoded", "a=b", "YT1i", true},
		{"application/vnd.api+json", "{}", "e30=", true},
		{"application/octet-stream", "\x00\xff", "AP8=", true},
		{"", "hello", "aGVsbG8=", true},
		{"application/json", "\"\xff\"", "Iv8i", true},
	} {
		f.post(t, "/", c.contentType, c.body)
		if e := f.last(t).event; e.Body != c.want || e.IsBase64Encoded != c.base64 {
			t.Errorf("%q %q: %q, base64 %v", c.contentType, c.body, e.Body, e.IsBase64Encoded)
		}
	}
}

func TestRequestDetails(t *testing.T) {
	t.Parallel()
	f := newFixture(t, testStage("$default"), answering(`{}`))
	f.get(t, "GET", "/a%2Fb%20c?x=1&x=2&y&&z=%zz&p=a+b&=v", "Cookie: a=1; b=2;", "Cookie: c=3", "X-Forwarded-For: 9.9.9.9",
		"Connection: keep-alive, x", "TE: trailers", "X-Amzn-Trace-Id: Root=1-own")
	e := f.last(t).event
	want := requestEvent{RawPath: "/a/b c", RawQueryString: "x=1&x=2&y&&z=%zz&p=a+b&=v", Cookies: []string{"a=1", "b=2", "c=3"},
		QueryStringParameters: map[string]string{"x": "1,2", "y": "", "z": "%zz", "p": "a b", "": "v"}}
	if e.RawPath != want.RawPath || e.RawQueryString != want.RawQueryString ||
		!cmp.Equal(e.Cookies, want.Cookies) || !cmp.Equal(e.QueryStringParameters, want.QueryStringParameters) {
		t.Errorf("event %+v", e)
	}
	headers := map[string]string{
		"host": testHost, "content-length": "0", "x-forwarded-for": "9.9.9.9, 127.0.0.1",
		"x-forwarded-port": "443", "x-forwarded-proto": "https", "x-amzn-trace-id": "Root=1-own",
	}
	if diff := cmp.Diff(headers, e.Headers); diff != "" {
		t.Errorf("headers (-want +got):\n%s", diff)
	}
	if e.RequestContext.HTTP.SourceIP != "127.0.0.1" || e.RequestContext.DomainPrefix != "abc123" {
		t.Errorf("context %+v", e.RequestContext)
	}
}

// FuzzEvent makes an event from any request that the server accepts. The event
// must be JSON, with the query and the body unchanged.
func FuzzEvent(f *testing.F) {
	f.Add("/items/1", "a=1&a=2", "application/json", `{"a":1}`, "a=1; b")
	f.Add("/%ff", "%ff=%zz", "text/plain", "\xff", ";;")
	f.Add("//..", "", "", "", "")
	f.Fuzz(func(t *testing.T, path, query, contentType, body, cookie string) {
		r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(body))
		r.URL.RawQuery = query
		r.Header.Set("Content-Type", contentType)
		r.Header.Set("Cookie", cookie)
		m, ok := findRoute([]Route{{Key: "$default"}, {Key: "ANY /{a}"}, {Key: "POST /{a}/{b+}"}}, r.Method, path)
		if !ok {
			t.Fatal("$default matches everything")
		}
		c := &call{request: r, id: payload.NewID(), now: time.Now(), stage: &Stage{Name: DefaultStage}, path: path, host: testHost, match: m, body: []byte(body)}
		data, err := payload.Encode(c.event())
		if err != nil {
			t.Fatal(err)
		}
		var back event
		if err := json.Unmarshal(data, &back); err != nil {
			t.Fatalf("%v in %s", err, data)
		}
		if utf8.ValidString(query) && back.RawQueryString != query {
			t.Fatalf("query %q became %q", query, back.RawQueryString)
		}
		if got := decodeEventBody(t, back); got != body {
			t.Fatalf("body %q became %q", body, got)
		}
		for name := range back.Headers {
			if name != strings.ToLower(name) || name == "cookie" {
				t.Fatalf("header %q", name)
			}
		}
	})
}

func decodeEventBody(t *testing.T, e event) string {
	t.Helper()
	if !e.IsBase64Encoded {
		return e.Body
	}
	data, err := base64.StdEncoding.DecodeString(e.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// TestMappedEvent checks that an event has the domain name and the whole path.
func TestMappedEvent(t *testing.T) {
	t.Parallel()
	stage := testStage("GET /items/{id}")
	stage.Name = "prod"
	stage.AccessLog = &AccessLog{Group: "g", Format: "$context.requestId $context.customDomain.basePathMatched $context.path $context.domainName"}
	f := newFixture(t, stage, answering(`{}`))
	f.mu.Lock()
	f.found.Host, f.found.Mapped, f.found.Base = "api.example.com", true, "/v1"
	f.mu.Unlock()
	if got := f.get(t, "GET", "/v1/items/7"); got.status != 200 {
		t.Fatalf("%+v", got)
	}
	c := f.last(t)
	if e := c.event; e.RawPath != "/v1/items/7" || e.RequestContext.HTTP.Path != "/v1/items/7" || e.PathParameters["id"] != "7" || e.RequestContext.Stage != "prod" ||
		e.RequestContext.DomainName != "api.example.com" || e.RequestContext.DomainPrefix != "api" || e.Headers["host"] != "api.example.com" {
		t.Errorf("event %s", c.payload)
	}
	if c.source != "arn:aws:execute-api:eu-west-1:111111111111:abc123/prod/GET/items/{id}" {
		t.Errorf("the function is called for %s", c.source)
	}
	f.mu.Lock()
	if len(f.lines) != 1 || !strings.HasSuffix(f.lines[0], "= v1 /v1/items/7 api.example.com") {
		t.Errorf("log %q", f.lines)
	}
	f.foundErr = ErrForbidden
	f.mu.Unlock()
	wantMessage(t, f.get(t, "GET", "/v2"), 403, "Forbidden")
}

// TestEventIsPure checks that a second event of a call equals the first, and
// that the call does not change.
func TestEventIsPure(t *testing.T) {
	t.Parallel()
	r := httptest.NewRequest("POST", "/items?a=1", nil)
	r.Header.Set("Cookie", "a=1")
	stage := testStage("POST /items")
	stage.Variables = map[string]string{"v": "x"}
	now := time.Unix(1e9, 0)
	c := call{request: r, id: "id", trace: traceOf(r, now), now: now, stage: &stage, path: "/items", routed: "/items", host: testHost, body: []byte("hi")}
	c.match, _ = findRoute(stage.Routes, "POST", "/items")
	before, headers := c, maps.Clone(r.Header)
	first, second := c.event(), c.event()
	if diff := cmp.Diff(first, second, cmp.AllowUnexported(event{})); diff != "" || first.Headers["x-amzn-trace-id"] == "" {
		t.Errorf("two events of one call (-first +second):\n%s", diff)
	}
	if !reflect.DeepEqual(before, c) || !reflect.DeepEqual(headers, maps.Clone(r.Header)) {
		t.Errorf("the call has changed from %+v to %+v", before, c)
	}
}
