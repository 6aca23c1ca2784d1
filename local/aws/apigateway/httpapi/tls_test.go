package httpapi

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"
)

// A port is a server behind Listen with a certificate for api.example.com.
type port struct {
	address string
	trusted *x509.CertPool
	server  *http.Server

	mu       sync.Mutex
	failures []error
}

func newPort(t *testing.T) *port {
	t.Helper()
	certificate, pool := selfSigned(t, "api.example.com")
	p := &port{trusted: pool}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	p.address = l.Addr().String()
	l = Listen(l, TLSOptions{
		Certificate: func(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
			if hello.ServerName != "api.example.com" {
				return nil, errors.New("no name " + hello.ServerName)
			}
			return certificate, nil
		},
		Failed: func(err error) {
			p.mu.Lock()
			defer p.mu.Unlock()
			p.failures = append(p.failures, err)
		},
	})
	p.server = &http.Server{ErrorLog: log.New(io.Discard, "", 0), Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		kind := "plain"
		if r.TLS != nil {
			kind = r.TLS.ServerName
		}
		body, _ := io.ReadAll(r.Body)
		io.WriteString(w, kind+" "+r.Proto+" "+string(body))
	})}
	done := make(chan struct{})
	go func() { defer close(done); _ = p.server.Serve(l) }()
	t.Cleanup(func() { _ = p.server.Close(); <-done })
	return p
}

// post sends a body over a new connection, with TLS if there is a config.
func (p *port) post(t *testing.T, config *tls.Config, body string) (string, error) {
	t.Helper()
	url := "http://" + p.address
	if config != nil {
		url = "https://" + p.address
	}
	client := http.Client{Timeout: 30 * time.Second, Transport: &http.Transport{TLSClientConfig: config, DisableKeepAlives: true, ForceAttemptHTTP2: true}}
	res, err := client.Post(url, "text/plain", strings.NewReader(body))
	if err != nil {
		return "", err
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	return string(text), err
}

func TestOnePortForBoth(t *testing.T) {
	t.Parallel()
	p := newPort(t)
	trusting := func() *tls.Config { return &tls.Config{ServerName: "api.example.com", RootCAs: p.trusted} }
	big := strings.Repeat("x", 1<<20)
	for _, body := range []string{"", "hi", big} {
		if got, err := p.post(t, nil, body); err != nil || got != "plain HTTP/1.1 "+body {
			t.Errorf("without TLS: %.40q, %v", got, err)
		}
		if got, err := p.post(t, trusting(), body); err != nil || got != "api.example.com HTTP/1.1 "+body {
			t.Errorf("with TLS: %.40q, %v", got, err)
		}
	}
	old := trusting()
	old.MaxVersion = tls.VersionTLS11
	old.MinVersion = tls.VersionTLS10
	if got, err := p.post(t, old, ""); err == nil {
		t.Errorf("TLS 1.1 answers %q", got)
	}
	newer := trusting()
	newer.MinVersion, newer.MaxVersion = tls.VersionTLS12, tls.VersionTLS12
	if _, err := p.post(t, newer, ""); err != nil {
		t.Errorf("TLS 1.2: %v", err)
	}
}

func TestUnknownName(t *testing.T) {
	t.Parallel()
	p := newPort(t)
	_, err := p.post(t, &tls.Config{ServerName: "other.example.com", RootCAs: p.trusted}, "")
	if err == nil || !strings.Contains(err.Error(), "unrecognized name") {
		t.Errorf("a foreign name: %v, want the alert unrecognized_name", err)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.failures) != 1 || p.failures[0].Error() != "no name other.example.com" {
		t.Errorf("failures %v", p.failures)
	}
}

// TestSilentClient checks that a client that sends nothing does not block
// others.
func TestSilentClient(t *testing.T) {
	t.Parallel()
	p := newPort(t)
	for range 3 {
		c, err := net.Dial("tcp", p.address)
		must(t, err)
		defer c.Close()
	}
	if got, err := p.post(t, nil, "hi"); err != nil || got != "plain HTTP/1.1 hi" {
		t.Errorf("%q, %v", got, err)
	}
}

// TestOneByte checks that a head may arrive byte by byte, and that the
// connection then takes more requests.
func TestOneByte(t *testing.T) {
	t.Parallel()
	p := newPort(t)
	c, err := net.Dial("tcp", p.address)
	must(t, err)
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(30 * time.Second))
	answers := bufio.NewReader(c)
	for range 2 {
		for _, b := range []byte("GET / HTTP/1.1\r\nHost: a\r\n\r\n") {
			_, err := c.Write([]byte{b})
			must(t, err)
		}
		res, err := http.ReadResponse(answers, nil)
		must(t, err)
		if body, err := io.ReadAll(res.Body); err != nil || string(body) != "plain HTTP/1.1 " {
			t.Fatalf("%q, %v", body, err)
		}
	}
}

// TestGarbage checks that an invalid TLS record is refused, and that other
// connections still work.
func TestGarbage(t *testing.T) {
	t.Parallel()
	p := newPort(t)
	c, err := net.Dial("tcp", p.address)
	must(t, err)
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(30 * time.Second))
	_, err = c.Write(append([]byte{recordHandshake}, "garbage, and more of it"...))
	must(t, err)
	if _, err := io.ReadAll(c); err != nil {
		t.Errorf("the connection stays open: %v", err)
	}
	if _, err := p.post(t, nil, ""); err != nil {
		t.Error(err)
	}
}

// listen returns a listener with a limit for the first byte, and a function
// that connects to it.
func listen(t *testing.T, limit time.Duration) (l net.Listener, dial func() net.Conn) {
	t.Helper()
	inner, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	l = Listen(inner, TLSOptions{FirstByte: limit})
	t.Cleanup(func() { _ = l.Close() })
	return l, func() net.Conn {
		c, err := net.Dial("tcp", inner.Addr().String())
		must(t, err)
		t.Cleanup(func() { _ = c.Close() })
		_ = c.SetDeadline(time.Now().Add(30 * time.Second))
		return c
	}
}

// wantEnd waits until the peer has closed the connection.
func wantEnd(t *testing.T, c net.Conn) {
	t.Helper()
	var network net.Error
	if _, err := c.Read(make([]byte, 1)); err == nil || errors.As(err, &network) && network.Timeout() {
		t.Errorf("a connection that was not accepted: %v, want its end", err)
	}
}

// TestFirstByte checks that the limit applies only to the first byte.
func TestFirstByte(t *testing.T) {
	t.Parallel()
	l, dial := listen(t, 50*time.Millisecond)
	client := dial()
	_, err := client.Write([]byte("a"))
	must(t, err)
	server, err := l.Accept()
	must(t, err)
	defer server.Close()
	wantEnd(t, dial()) // the limit for the connection above has passed too
	_, err = client.Write([]byte("b"))
	must(t, err)
	got := make([]byte, 2)
	if _, err := io.ReadFull(server, got); err != nil || string(got) != "ab" {
		t.Errorf("read %q, %v", got, err)
	}
}

func TestCloseListener(t *testing.T) {
	t.Parallel()
	l, dial := listen(t, time.Hour)
	silent, spoken := dial(), dial()
	_, err := spoken.Write([]byte("GET"))
	must(t, err)
	// Connections arrive in order, so the listener already has the silent one.
	accepted, err := l.Accept()
	must(t, err)
	defer accepted.Close()
	must(t, l.Close())
	if _, err := l.Accept(); !errors.Is(err, net.ErrClosed) {
		t.Errorf("accept after close: %v", err)
	}
	wantEnd(t, silent)
	_ = l.Close() // closing twice is safe
}
