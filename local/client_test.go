package main

import (
	"io"
	"net/http"
	"strings"
	"testing"
)

// answer is a response to a client.
type answer struct {
	status int
	header http.Header
	body   string
}

// client calls an API.
type client struct {
	http  *http.Client
	url   string // of the API
	token string // "" sends none
}

// newClient returns a client of the stack that s serves, with a valid token.
// The flags are the flags of s.
func newClient(t *testing.T, s *server, flags ...string) client {
	t.Helper()
	return client{http.DefaultClient, s.url, strings.TrimSpace(mustLocal(t, append(flags, "token")...))}
}

// request sends one request; headers alternates names and values.
func (c client) request(t *testing.T, method, path, body string, headers ...string) answer {
	t.Helper()
	a, err := c.send(method, path, body, headers...)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func (c client) send(method, path, body string, headers ...string) (answer, error) {
	r, err := http.NewRequest(method, c.url+path, strings.NewReader(body))
	if err != nil {
		return answer{}, err
	}
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	if c.token != "" {
		r.Header.Set("Authorization", "Bearer "+c.token)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	response, err := c.http.Do(r)
	if err != nil {
		return answer{}, err
	}
	defer response.Body.Close()
	data, err := io.ReadAll(response.Body)
	return answer{response.StatusCode, response.Header, string(data)}, err
}

// request sends one request without a token.
func request(t *testing.T, method, url, body string, headers ...string) answer {
	t.Helper()
	return client{http: http.DefaultClient, url: url}.request(t, method, "", body, headers...)
}
