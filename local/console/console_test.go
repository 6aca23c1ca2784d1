package console

import (
	"bufio"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
)

func pages() []string {
	return []string{"", "requests", "requests/r1=", "requests/i2", "tables", "tables/items", "tables/items?page=x", "queues", "queues/dead",
		"queues/dead?moved=1,2", "queues/dead?moved=" + url.QueryEscape(script), "connections", "schedules", "roles"}
}

// TestEscaping checks that every page shows foreign text as text only.
func TestEscaping(t *testing.T) {
	t.Parallel()
	c, _ := newConsole(t)
	for _, page := range pages() {
		w := ask(c, "GET", Path+page, nil)
		body := w.Body.String()
		if w.Code != http.StatusOK {
			t.Errorf("%s answers %d %s", page, w.Code, body)
		}
		if strings.Count(body, "<script") != 1 || strings.Contains(body, "alert(1)</script>") || strings.Contains(body, "<style") || strings.Contains(body, " style=") {
			t.Errorf("%s has an inline script or style:\n%s", page, body)
		}
		if !strings.Contains(body, "alert(1)") && !strings.Contains(page, "items?page") {
			t.Errorf("%s does not show what was written", page)
		}
	}
}

// TestMasks checks that no page shows a credential, in any form.
func TestMasks(t *testing.T) {
	t.Parallel()
	c, _ := newConsole(t)
	for _, page := range pages() {
		body := ask(c, "GET", Path+page, nil).Body.String()
		for _, hidden := range []string{"eyJ", "c2lnbmF0dXJl", "hidden-", "sid=", "id=1"} {
			if strings.Contains(body, hidden) {
				t.Errorf("%s shows %s:\n%s", page, hidden, body)
			}
		}
	}
	body := ask(c, "GET", Path+"requests/r1=", nil).Body.String()
	for _, want := range []string{"Bearer " + masked, "token=" + masked + "&amp;q=", "he came with " + masked, "12345678901234567890", "x=1"} {
		if !strings.Contains(body, want) {
			t.Errorf("the page lacks %s:\n%s", want, body)
		}
	}
	for _, test := range []struct{ in, want string }{
		{`{"headers":{"Authorization":"Bearer abcdefgh","x":"y"},"code":"missing","key":"a"}`, "{\n  \"headers\": {\n    \"Authorization\": \"Bearer " + masked + "\",\n    \"x\": \"y\"\n  },\n  \"code\": \"missing\",\n  \"key\": \"a\"\n}"},
		{`{"multiValueHeaders":{"cookie":["a=b"]},"password":1,"secret":{"a":"b"}}`, "{\n  \"multiValueHeaders\": {\n    \"cookie\": \"" + masked + "\"\n  },\n  \"password\": \"" + masked + "\",\n  \"secret\": {\n    \"a\": \"b\"\n  }\n}"},
		{`{"headers":{"authorization":"hidden-token-that-is-cut`, `{"headers":{"authorization":"` + masked + `"`},
		{`not json, but Basic YWRhOnNlY3JldA==`, `not json, but Basic ` + masked},
		{`[1,"two",null]`, "[\n  1,\n  \"two\",\n  null\n]"},
		{`"text"`, `"text"`},
	} {
		if got := newMask().json([]byte(test.in)); got != test.want {
			t.Errorf("%s is shown as\n%s\nwant\n%s", test.in, got, test.want)
		}
	}
}

// TestHeaders checks the headers of every answer.
func TestHeaders(t *testing.T) {
	t.Parallel()
	c, _ := newConsole(t)
	for _, path := range append(pages(), "static/console.css", "static/console.js", "nothing", "requests/none") {
		h := ask(c, "GET", Path+path, nil).Header()
		csp := h.Get("Content-Security-Policy")
		if !strings.Contains(csp, "default-src 'none'") || !strings.Contains(csp, "frame-ancestors 'none'") || strings.Contains(csp, "unsafe") {
			t.Errorf("%s has the policy %q", path, csp)
		}
		if h.Get("X-Content-Type-Options") != "nosniff" || h.Get("Referrer-Policy") != "no-referrer" || h.Get("Cache-Control") != "no-store" || h.Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("%s has %v", path, h)
		}
	}
}

// TestHost checks that the console answers only to this machine's addresses.
func TestHost(t *testing.T) {
	t.Parallel()
	c, _ := newConsole(t)
	for host, want := range map[string]int{
		"127.0.0.1:8080": 200, "localhost:8080": 200, "LOCALHOST:8080": 200,
		"127.0.0.1": 421, "127.0.0.1:8081": 421, "localhost": 421, "evil.example:8080": 421, "api.example.com": 421, "127.0.0.1.evil.example:8080": 421, "x.localhost:8080": 421, "": 421,
	} {
		r := httptest.NewRequest("GET", gatewayURL+Path, nil)
		r.Host = host
		w := httptest.NewRecorder()
		c.ServeHTTP(w, r)
		if w.Code != want || c.Serves(r) != (want == 200) {
			t.Errorf("%q answers %d, want %d", host, w.Code, want)
		}
	}
}

// TestMethods checks that pages accept GET and HEAD only, and changes POST
// only.
func TestMethods(t *testing.T) {
	t.Parallel()
	c, f := newConsole(t)
	for _, test := range []struct {
		method, path string
		want         int
		allow        string
	}{
		{"HEAD", "", 200, ""}, {"HEAD", "requests", 200, ""}, {"HEAD", "feed", 200, ""}, {"POST", "", 405, "GET, HEAD"}, {"PUT", "requests/r1=", 405, "GET, HEAD"},
		{"DELETE", "queues/dead", 405, "GET, HEAD"}, {"OPTIONS", "requests", 405, "GET, HEAD"}, {"GET", "requests/r1=/replay", 405, "POST"},
		{"HEAD", "queues/dead/redrive", 405, "POST"}, {"GET", "schedules/nightly/run", 405, "POST"}, {"GET", "nothing", 404, ""}, {"GET", "requests/none", 404, ""},
		{"GET", "tables/none", 404, ""}, {"GET", "static/none", 404, ""}, {"GET", "static/", 404, ""}, {"POST", "feed", 405, "GET, HEAD"},
	} {
		w := ask(c, test.method, Path+test.path, nil)
		if w.Code != test.want || w.Header().Get("Allow") != test.allow {
			t.Errorf("%s %s answers %d, Allow %q, want %d and %q", test.method, test.path, w.Code, w.Header().Get("Allow"), test.want, test.allow)
		}
	}
	if w := ask(c, "GET", "/_local", nil); w.Header().Get("Location") != Path {
		t.Errorf("without the slash: %d %v", w.Code, w.Header())
	}
	if len(f.did) > 0 {
		t.Errorf("it was done: %v", f.did)
	}
}

// TestChanges checks that only a form of the console can change anything.
func TestChanges(t *testing.T) {
	t.Parallel()
	c, f := newConsole(t)
	good := url.Values{"token": {c.token}}
	const here = "http://127.0.0.1:8080"
	for _, test := range []struct {
		name    string
		form    url.Values
		headers []string
	}{
		{"no token", url.Values{}, []string{"Origin", here}},
		{"another token", url.Values{"token": {c.token + "x"}}, []string{"Origin", here}},
		{"another site", good, []string{"Sec-Fetch-Site", "cross-site"}},
		{"another port of this machine", good, []string{"Sec-Fetch-Site", "same-site", "Origin", "http://127.0.0.1:3000"}},
		{"another origin", good, []string{"Origin", "https://evil.example"}},
		{"another origin that claims to be the same", good, []string{"Sec-Fetch-Site", "same-origin", "Origin", "https://127.0.0.1:8080"}},
		{"a sandboxed frame", good, []string{"Origin", "null"}},
		{"a sandboxed frame of another site", good, []string{"Origin", "null", "Sec-Fetch-Site", "cross-site"}},
		{"another host", good, []string{"Host", "evil.example:8080"}},
		{"a large form", url.Values{"token": {c.token}, "x": {strings.Repeat("x", maxForm)}}, []string{"Origin", here}},
	} {
		for _, path := range []string{"requests/r1=/replay", "queues/dead/redrive", "schedules/nightly/run"} {
			if w := ask(c, "POST", Path+path, test.form, test.headers...); w.Code < 400 || len(f.did) > 0 {
				t.Errorf("%s: %s answers %d, and did %v", test.name, path, w.Code, f.did)
			}
		}
	}
	if w := ask(c, "POST", Path+"queues/dead/redrive?token="+c.token, url.Values{}); w.Code != http.StatusForbidden || len(f.did) > 0 {
		t.Errorf("a token in the address answers %d", w.Code)
	}
	for path, to := range map[string]string{
		"requests/r1=/replay": Path + "requests/r1=", "queues/dead/redrive": Path + "queues/dead?moved=3,1", "schedules/nightly/run": Path + "requests/i2",
	} {
		// A browser sends these headers for a form of a page without referrers.
		w := ask(c, "POST", Path+path, good, "Origin", "null", "Sec-Fetch-Site", "same-origin")
		if w.Code != http.StatusSeeOther || w.Header().Get("Location") != to {
			t.Errorf("%s answers %d to %s: %s", path, w.Code, w.Header().Get("Location"), w.Body)
		}
	}
	slices.Sort(f.did)
	if want := []string{"redrive dead", "replay r1=", "run nightly"}; !slices.Equal(f.did, want) {
		t.Errorf("it did %v", f.did)
	}
	if w := ask(c, "POST", Path+"queues/other/redrive", good); w.Code != 500 || !strings.Contains(w.Body.String(), "it has no dead letters &lt;script&gt;") {
		t.Errorf("a failure answers %d %s", w.Code, w.Body)
	}
}

// TestFeed checks that a feed sends a new request, that the number of feeds is
// limited, and that Close ends them.
func TestFeed(t *testing.T) {
	t.Parallel()
	c, f := newConsole(t)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Host = "127.0.0.1:8080"
		c.ServeHTTP(w, r)
	}))
	s.Config.RegisterOnShutdown(c.Close)
	open := func() *http.Response {
		t.Helper()
		response, err := http.Get(s.URL + Path + "feed?after=1000")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { response.Body.Close() })
		return response
	}
	r, err := http.NewRequest("GET", s.URL+Path+"feed?after=0", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Last-Event-ID", "1")
	first, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer first.Body.Close()
	lines := bufio.NewScanner(first.Body)
	until := func(prefix string) string {
		t.Helper()
		for lines.Scan() {
			if strings.HasPrefix(lines.Text(), prefix) {
				return lines.Text()
			}
		}
		t.Fatalf("the feed ends before %s", prefix)
		return ""
	}
	if id := until("id: "); id != "id: 2" {
		t.Errorf("the feed goes on with %s", id)
	}
	if row := until("data: <tr"); !strings.Contains(row, `id="row-i2"`) {
		t.Errorf("the row is %s", row)
	}
	e, _ := f.Entry("r1=")
	again := e.Request.Exchange
	again.ID = "r2"
	f.Exchange(again)
	if row := until("data: <tr"); !strings.Contains(row, `id="row-r2"`) || strings.Contains(row, "<script>") {
		t.Errorf("the row is %s", row)
	}
	for range maxFeeds - 1 {
		if response := open(); response.StatusCode != http.StatusOK {
			t.Fatalf("a feed answers %d", response.StatusCode)
		}
	}
	if response := open(); response.StatusCode != http.StatusServiceUnavailable || response.Header.Get("Retry-After") == "" {
		t.Errorf("one feed more answers %d", response.StatusCode)
	}
	if err := s.Config.Shutdown(t.Context()); err != nil { // it would wait for an open feed
		t.Error(err)
	}
	for lines.Scan() {
	}
	s.Close()
}
