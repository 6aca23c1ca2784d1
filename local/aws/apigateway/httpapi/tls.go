package httpapi

import (
	"cmp"
	"crypto/tls"
	"net"
	"sync"
	"time"
)

// recordHandshake is the first byte of a TLS connection, which no request of
// HTTP/1 begins with
// (https://www.rfc-editor.org/rfc/rfc8446#section-5.1).
const recordHandshake = 0x16

// TLSOptions say how a listener speaks TLS.
type TLSOptions struct {
	// Certificate is that of the server name a client asks for. On an error the
	// client sees the alert unrecognized_name, which carries no text.
	Certificate func(*tls.ClientHelloInfo) (*tls.Certificate, error)

	// Failed is told the errors of Certificate. It may be nil.
	Failed func(error)

	// FirstByte is how long a client may take to send one; 10 s when zero.
	FirstByte time.Duration
}

// Listen returns a listener whose connections speak TLS where the client begins
// with it, and are as they come where it does not: domain names have their
// certificates on the very port of the APIs without one. TLS is 1.2 or later,
// as the security policy of domain names says, with HTTP/1.1 only.
//
// A client that sends nothing is hung up on, and keeps no other waiting. To close
// the listener closes l and every connection not yet accepted.
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
				// An error here would be the alert internal_error.
				return nil, nil
			}
			return certificate, nil
		},
	}
	go s.accept()
	return s
}

// sniffing is a listener that looks at the first byte of its connections.
type sniffing struct {
	net.Listener
	limit  time.Duration
	config *tls.Config
	ready  chan net.Conn
	done   chan struct{} // closed with the listener, or once it fails

	mu      sync.Mutex
	err     error // of the listener
	waiting map[net.Conn]bool
	closed  bool
}

// Accept returns the next connection that has said what it speaks.
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

// Close closes the listener and what it has not handed out.
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
			// Out of file descriptors, say. http.Server waits likewise.
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

// sniff hands out a connection once its first byte is there.
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
