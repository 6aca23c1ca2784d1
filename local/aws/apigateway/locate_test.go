package apigateway

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"skiff/local/aws/apigateway/httpapi"
	"skiff/local/store"
)

func TestFind(t *testing.T) {
	t.Parallel()
	p := newPlane(t)
	p.declareAPI(t, "first")
	p.declareAPI(t, "second")
	for _, id := range []string{"first", "second"} {
		must(t, declare(t, p, stages(p.APIs), httpapi.DefaultStage, "", StageInputs{APIID: id, Name: httpapi.DefaultStage, AutoDeploy: true}))
	}
	tests := []struct {
		target, host string
		want, path   string
	}{
		{"/items", "127.0.0.1:8080", "first", "/items"},
		{"/items%2Fx?a=b", "127.0.0.1:8080", "first", "/items%2Fx"},
		{"/_apis/second/items", "127.0.0.1:8080", "second", "/items"},
		{"/_apis/second", "127.0.0.1:8080", "second", "/"},
		{"/_apis/first/", "127.0.0.1:8080", "first", "/"},
		{"/items", "second.execute-api.eu-west-1.amazonaws.com", "second", "/items"},
		{"/_apis/none/items", "127.0.0.1:8080", "", ""},
		{"/items", "none.execute-api.eu-west-1.amazonaws.com", "", ""},
	}
	for _, test := range tests {
		r := httptest.NewRequest(http.MethodGet, test.target, nil)
		r.Host = test.host
		found, err := p.FindHTTP(r)
		if test.want == "" {
			if !errors.Is(err, httpapi.ErrNotFound) {
				t.Errorf("%s on %s: %v, %v; want %v", test.target, test.host, found, err, httpapi.ErrNotFound)
			}
			continue
		}
		if err != nil || len(found.Stages) != 1 || found.Stages[0].APIID != test.want || found.Path != test.path || found.Host != test.want+".execute-api.eu-west-1.amazonaws.com" {
			t.Errorf("%s on %s: %+v %v, want %s of %s", test.target, test.host, found, err, test.path, test.want)
		}
	}
}

// TestHosts checks that no name of another site leads to an API or a queue.
// Otherwise that site's pages could read what is public here.
func TestHosts(t *testing.T) {
	t.Parallel()
	p := newPlane(t)
	p.declareAPI(t, "a")
	p.declareSocket(t, "sock")
	must(t, declare(t, p, stages(p.APIs), httpapi.DefaultStage, "", StageInputs{APIID: "a", Name: httpapi.DefaultStage, AutoDeploy: true}))
	for _, host := range []string{
		"127.0.0.1:8080", "127.0.0.1", "127.8.8.8:1", "localhost:8080", "LOCALHOST", "localhost.", "app.localhost:8080", "[::1]:8080", "[::1]",
		"[::ffff:127.0.0.1]:80", "a.execute-api.eu-west-1.amazonaws.com", "a.execute-api.eu-west-1.amazonaws.com:443", "a.execute-api.localhost:8080",
	} {
		for _, target := range []string{"/items", "/_apis/sock/live"} {
			r := httptest.NewRequest(http.MethodGet, target, nil)
			r.Host = host
			if place, err := p.Locate(r); err != nil || len(place.HTTP.Stages) == 0 && place.Socket == nil {
				t.Errorf("%s on %q: %v, %v", target, host, place, err)
			}
		}
	}
	for _, host := range []string{
		"", "evil.example", "evil.example:8080", "127.0.0.1.evil.example", "localhost.evil.example", "evillocalhost", "8.8.8.8", "0.0.0.0:8080",
		"192.168.1.7:8080", "[2001:db8::1]:8080", "127.1", "a.execute-api.evil.example", "a.execute-api.eu-west-1.amazonaws.com.evil.example",
		"a.execute-api.eu-west-1.evil.amazonaws.com.example", "host.docker.internal:8080",
	} {
		for _, target := range []string{"/items", "/_apis/sock/live", "/_apis/none/x", "/_queues/000000000000/q"} {
			r := httptest.NewRequest(http.MethodGet, target, nil)
			r.Host = host
			if place, err := p.Locate(r); !errors.Is(err, httpapi.ErrHost) {
				t.Errorf("%s on %q: %v, %v; want %v", target, host, place, err, httpapi.ErrHost)
			}
		}
	}
}

// TestURLs checks that the published URL of an API keeps leading to it.
func TestURLs(t *testing.T) {
	t.Parallel()
	p := newPlane(t)
	urls := func(id string) string {
		t.Helper()
		api, err := p.api(id)
		must(t, err)
		all := []string{apis(p.APIs).Describe(api).APIEndpoint}
		for _, name := range []string{httpapi.DefaultStage, "prod"} {
			all = append(all, p.describeStage(store.Record[StageInputs]{ID: name, Inputs: StageInputs{APIID: id, Name: name}}).InvokeURL)
		}
		return strings.Join(all, " ")
	}
	const root, prefixed = gatewayURL + " " + gatewayURL + "/ " + gatewayURL + "/prod", gatewayURL + "/_apis/ID " + gatewayURL + "/_apis/ID/ " + gatewayURL + "/_apis/ID/prod"
	want := func(id, text string) {
		t.Helper()
		if got, text := urls(id), strings.ReplaceAll(text, "ID", id); got != text {
			t.Errorf("URLs of %s are\n%s, want\n%s", id, got, text)
		}
	}
	declareIn := func(stack, name, id string) {
		t.Helper()
		must(t, declare(t, p, apis(p.APIs), id, apiURN(stack, name), APIInputs{}))
	}
	declareIn("staging", "api", "staging")
	declareIn("locals", "api", "locals")
	want("staging", prefixed)
	declareIn("local", "api", "one")
	want("one", root)
	declareIn("local", "more", "more")
	want("more", prefixed)
	want("one", root)
	// A replacement gets the root, and keeps it after the old one is deleted.
	declareIn("local", "api", "two")
	want("two", root)
	want("one", prefixed)
	must(t, store.Delete(p.db, APIToken, "one"))
	want("two", root)
	want("more", prefixed)
	want("locals", prefixed)
	// Without the first API, one of the others gets the root.
	must(t, store.Delete(p.db, APIToken, "two"))
	want("more", root)
	if _, err := p.api("two"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("error %v", err)
	}
}
