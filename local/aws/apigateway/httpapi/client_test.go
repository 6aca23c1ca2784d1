package httpapi

import (
	"io"
	"net"
	"net/http"
	"testing"
)

func dial(t testing.TB, address string) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

// A client uses one connection for a benchmark.
type client struct {
	http.Client
	base string
}

func newClient(t testing.TB, address string) *client {
	c := &client{base: "http://" + address}
	transport := &http.Transport{}
	c.Transport = transport
	t.Cleanup(transport.CloseIdleConnections)
	return c
}

func (c *client) do(t testing.TB, method, path string) int {
	req, err := http.NewRequest(method, c.base+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := c.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if _, err := io.Copy(io.Discard, res.Body); err != nil {
		t.Fatal(err)
	}
	return res.StatusCode
}
