package httpapi

import (
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"os"
	"sync/atomic"
)

// line is a client's connection whose first byte has been read. It ends without
// an answer when the head of a request takes too long: http.Server takes the
// half of a request line for a whole one then, and answers 400 to what the
// client never sent. What AWS does is not recorded.
type line struct {
	net.Conn
	first []byte

	heading atomic.Bool // the server reads the head of a request
	late    atomic.Bool // which took too long
}

// Read gives back the first byte, then reads on.
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

// Write writes nothing to a client whose request has not come.
func (l *line) Write(p []byte) (int, error) {
	if l.late.Load() {
		return 0, os.ErrDeadlineExceeded
	}
	return l.Conn.Write(p)
}

// CloseWrite ends what is sent, by which http.Server lets a client read an
// answer to its end.
func (l *line) CloseWrite() error {
	if c, ok := l.Conn.(interface{ CloseWrite() error }); ok {
		return c.CloseWrite()
	}
	return l.Conn.Close()
}

// follow is an http.Server's ConnState: between requests a head is read, within
// one its body, which may take longer.
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
