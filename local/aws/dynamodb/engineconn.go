package dynamodb

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"sync"

	"skiff/local/process/peer"
)

// engineConns is a pool of idle connections to the engine. http.Transport also
// pools connections, but with two goroutines for each; waking these takes as
// long as the rest of a call.
type engineConns struct {
	mu   sync.Mutex
	idle []*engineConn // the most recently used last
}

// maxIdle is the most idle connections that are kept.
const maxIdle = 64

// engineConn is a connection to the engine.
type engineConn struct {
	net.Conn
	address string
	in      *bufio.Reader
	out     *bufio.Writer
}

// call sends a request to the engine and reads the whole response.
func (e *engineConns) call(r *http.Request) (answer *http.Response, body []byte, err error) {
	c, err := e.connection(r.Context(), r.URL.Host)
	if err != nil {
		return nil, nil, err
	}
	stop := context.AfterFunc(r.Context(), func() { c.Close() })
	answer, body, err = c.roundTrip(r)
	if unused := stop(); unused && err == nil && !answer.Close {
		e.keep(c)
	} else {
		c.Close()
	}
	return answer, body, err
}

func (c *engineConn) roundTrip(r *http.Request) (*http.Response, []byte, error) {
	if err := r.Write(c.out); err != nil {
		return nil, nil, err
	}
	if err := c.out.Flush(); err != nil {
		return nil, nil, err
	}
	answer, err := http.ReadResponse(c.in, r)
	if err != nil {
		return nil, nil, err
	}
	body, err := io.ReadAll(answer.Body)
	return answer, body, err
}

// connection returns a connection to address, an idle one if possible.
func (e *engineConns) connection(ctx context.Context, address string) (*engineConn, error) {
	for {
		c := e.take()
		if c == nil {
			break
		}
		if c.address == address && !peer.Gone(c.Conn) {
			return c, nil
		}
		c.Close() // the engine at its other end has stopped
	}
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, err
	}
	return &engineConn{conn, address, bufio.NewReader(conn), bufio.NewWriter(conn)}, nil
}

func (e *engineConns) take() *engineConn {
	e.mu.Lock()
	defer e.mu.Unlock()
	n := len(e.idle)
	if n == 0 {
		return nil
	}
	c := e.idle[n-1]
	e.idle = e.idle[:n-1]
	return c
}

func (e *engineConns) keep(c *engineConn) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if len(e.idle) == maxIdle {
		c.Close()
		return
	}
	e.idle = append(e.idle, c)
}
