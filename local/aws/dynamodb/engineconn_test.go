package dynamodb

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// TestEngineConns checks that a connection is used again, unless the engine has
// closed it. A response that ends early is an error.
func TestEngineConns(t *testing.T) {
	t.Parallel()
	engine := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if string(body) == "early" {
			w.Header().Set("Content-Length", "10")
		}
		w.Header().Set("X-From", r.RemoteAddr)
		w.Write(body)
	}))
	t.Cleanup(engine.Close)
	var e engineConns
	call := func(text string) (from, answer string, err error) {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, engine.URL, strings.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		response, body, err := e.call(r)
		if err != nil {
			return "", "", err
		}
		return response.Header.Get("X-From"), string(body), nil
	}
	first, answer, err := call("one")
	if err != nil || answer != "one" {
		t.Fatalf("%q, %v", answer, err)
	}
	if from, answer, err := call("two"); err != nil || answer != "two" || from != first {
		t.Errorf("%q from %s, %v; want one from %s", answer, from, err, first)
	}
	engine.CloseClientConnections()
	if from, answer, err := call("three"); err != nil || answer != "three" || from == first {
		t.Errorf("%q from %s, %v; want one from another than %s", answer, from, err, first)
	}
	if _, answer, err := call("early"); err == nil {
		t.Errorf("an answer that ends early: %q", answer)
	}
	if _, answer, err := call("four"); err != nil || answer != "four" {
		t.Errorf("%q, %v", answer, err)
	}
}
