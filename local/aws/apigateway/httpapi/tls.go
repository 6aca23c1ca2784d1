package httpapi

import (
	"cmp"
	"crypto/tls"
	"net"
	"sync"
	"time"
)

// recordHandshake is the first byte of a TLS connection. No HTTP/1 request
// begins with it (https://www.rfc-editor.org/rfc/rfc8446#section-5.1).
const recordHandshake = 0x16

// TLSOptions configure the TLS of a listener.
type TLSOptions struct {
	// Certificate returns the certificate for a server name. On an error the
	// client gets the alert unrecognized_name, which has no text.
	Certificate func(*tls.ClientHelloInfo) (*tls.Certificate, error)

	// Failed gets the errors of Certificate. It may be nil.
	Failed func(error)

	// FirstByte limits the time until a client's first byte; if zero, it is 10
	// s.
	FirstByte time.Duration
}

// Listen returns a listener for TLS and plain connections: domain names use TLS
// on the same port as APIs without a certificate. A connection uses TLS if its
// client begins with it. TLS is 1.2 or later, as in the security policy of
// domain names, and HTTP is only 1.1.
//
// A client that sends nothing is disconnected, and others do not wait for it.
// Closing the listener closes l and all connections not yet accepted.
func Listen(l net.Listener, o TLSOptions) net.Listener {
	s := &sniffing{
		Listener: l, limit: cmp.Or(o.FirstByte, 10*time.Second),
		ready: make(chan net.Conn), done: make(chan struct{}), waiting: map[net.Conn]bool{},
	}
	s.config = &tls.Config{
		MinVersion: tls.VersionTLS12,
		NextProtos: []string{"http/1.1"},
		GetCertificate: func(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
			certificate, err := o.Certificate(hello)
			if err != nil {
				if o.Failed != nil {
					o.Failed(err)
				}
				// An error here would send the alert internal_error.
				return nil, nil
			}
			return certificate, nil
		},
	}
	go s.accept()
	return s
}

// sniffing is a listener that reads the first byte of its connections.
type sniffing struct {
	net.Listener
	limit  time.Duration
	config *tls.Config
	ready  chan net.Conn
	done   chan struct{} // closed when the listener closes or fails

	mu      sync.Mutex
	err     error // why the listener ended
	waiting map[net.Conn]bool
	closed  bool
}

// Accept returns the next connection whose first byte has arrived.
func (s *sniffing) Accept() (net.Conn, error) {
	select {
	case c := <-s.ready:
		return c, nil
	case <-s.done:
		s.mu.Lock()
		defer s.mu.Unlock()
		return nil, s.err
	}
}

// Close closes the listener and the connections that Accept has not returned.
func (s *sniffing) Close() error {
	err := s.Listener.Close()
	s.end(net.ErrClosed)
	return err
}

func (s *sniffing) end(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return
	}
	s.closed, s.err = true, err
	close(s.done)
	for c := range s.waiting {
		_ = c.Close()
	}
}

func (s *sniffing) accept() {
	for {
		c, err := s.Listener.Accept()
		if temporary, ok := err.(interface{ Temporary() bool }); ok && temporary.Temporary() {
			// For example, too many open files. http.Server waits too.
			time.Sleep(10 * time.Millisecond)
			continue
		}
		if err != nil {
			s.end(err)
			return
		}
		s.mu.Lock()
		closed := s.closed
		if !closed {
			s.waiting[c] = true
		}
		s.mu.Unlock()
		if closed {
			_ = c.Close()
			return
		}
		go s.sniff(c)
	}
}

// sniff passes a connection to Accept once its first byte has arrived.
func (s *sniffing) sniff(c net.Conn) {
	first := make([]byte, 1)
	_ = c.SetReadDeadline(time.Now().Add(s.limit))
	_, err := c.Read(first)
	_ = c.SetReadDeadline(time.Time{})
	var out net.Conn = &line{Conn: c, first: first}
	if first[0] == recordHandshake {
		out = tls.Server(out, s.config)
	}
	if err == nil {
		select {
		case s.ready <- out:
		case <-s.done:
			err = net.ErrClosed
		}
	}
	s.mu.Lock()
	delete(s.waiting, c)
	s.mu.Unlock()
	if err != nil {
		_ = c.Close()
	}
}
