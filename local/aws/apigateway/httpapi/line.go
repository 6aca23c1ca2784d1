package httpapi

import (
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"os"
	"sync/atomic"
)

// line is a client connection whose first byte has been read. If the head of a
// request takes too long, the connection ends without an answer. Without that,
// http.Server would treat a partial request line as complete and answer 400.
// What AWS does is not recorded.
type line struct {
	net.Conn
	first []byte

	heading atomic.Bool // the server is reading the head of a request
	late    atomic.Bool // reading the head took too long
}

// Read returns the first byte, then reads from the connection.
func (l *line) Read(p []byte) (int, error) {
	if len(l.first) > 0 && len(p) > 0 {
		p[0] = l.first[0]
		l.first = nil
		return 1, nil
	}
	n, err := l.Conn.Read(p)
	if errors.Is(err, os.ErrDeadlineExceeded) && l.heading.Load() {
		l.late.Store(true)
	}
	return n, err
}

// Write writes nothing if the head of the request came too late.
func (l *line) Write(p []byte) (int, error) {
	if l.late.Load() {
		return 0, os.ErrDeadlineExceeded
	}
	return l.Conn.Write(p)
}

// CloseWrite ends the sending side. http.Server calls it so that the client can
// read the whole answer.
func (l *line) CloseWrite() error {
	if c, ok := l.Conn.(interface{ CloseWrite() error }); ok {
		return c.CloseWrite()
	}
	return l.Conn.Close()
}

// follow is the http.Server's ConnState. It marks whether the server reads the
// head of a request or is past it: only a late head ends the connection.
func follow(c net.Conn, state http.ConnState) {
	if t, ok := c.(*tls.Conn); ok {
		c = t.NetConn()
	}
	l, ok := c.(*line)
	if !ok {
		return
	}
	switch state {
	case http.StateNew, http.StateIdle:
		l.heading.Store(true)
	default:
		l.heading.Store(false)
	}
}
