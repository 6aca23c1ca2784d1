package route53

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"github.com/miekg/dns"
)

// maxDatagram is the largest answer over UDP, in bytes, that fits every network
// (https://www.dnsflagday.net/2020/).
const maxDatagram = 1232

// ServeDNS answers for all of DNS, whichever name server the client wants to
// reach. Names that no zone here contains do not exist; it never asks other
// servers.
func (z *Zones) ServeDNS(w dns.ResponseWriter, q *dns.Msg) {
	size := dns.MinMsgSize
	m := new(dns.Msg)
	m.SetReply(q)
	if opt := q.IsEdns0(); opt != nil {
		size = min(max(int(opt.UDPSize()), dns.MinMsgSize), maxDatagram)
		m.SetEdns0(maxDatagram, false)
	}
	z.fill(m, q)
	if w.LocalAddr().Network() == "udp" {
		m.Truncate(size)
	}
	// A client that gets no answer asks again.
	_ = w.WriteMsg(m)
}

func (z *Zones) fill(m, q *dns.Msg) {
	if len(q.Question) != 1 {
		m.Rcode = dns.RcodeFormatError
		return
	}
	question := q.Question[0]
	if question.Qclass != dns.ClassINET || question.Qtype >= dns.TypeIXFR && question.Qtype <= dns.TypeANY {
		m.Rcode = dns.RcodeRefused
		return
	}
	t, err := z.tree()
	if err != nil {
		m.Rcode = dns.RcodeServerFailure
		return
	}
	a := t.answer(normal(question.Name), question.Qtype, q.RecursionDesired)
	m.Rcode, m.Answer, m.Ns, m.Authoritative = a.code, a.answer, a.authority, a.authoritative
	m.RecursionAvailable = true
}

// Listen serves DNS on a free port of 127.0.0.1, over UDP and TCP, until close
// is called. addr is host and port.
func (z *Zones) Listen() (addr string, close func(), err error) {
	udp, tcp, err := listen()
	if err != nil {
		return "", nil, fmt.Errorf("listen for DNS on 127.0.0.1: %w", err)
	}
	var running sync.WaitGroup
	servers := []*dns.Server{{PacketConn: udp, Handler: z}, {Listener: tcp, Handler: z}}
	for _, s := range servers {
		started := make(chan struct{})
		s.NotifyStartedFunc = func() { started <- struct{}{} }
		failed := make(chan error, 1)
		running.Go(func() { failed <- s.ActivateAndServe() })
		// A server can be shut down only after it has started.
		select {
		case <-started:
		case err = <-failed:
		}
	}
	close = func() {
		// Do not wait for clients that keep their connections open.
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		for _, s := range servers {
			_ = s.ShutdownContext(ctx)
		}
		running.Wait()
	}
	if err != nil {
		close()
		return "", nil, fmt.Errorf("serve DNS on %s: %w", tcp.Addr(), err)
	}
	return tcp.Addr().String(), close, nil
}

// listen finds a port that is free for both protocols. A port that is free for
// TCP may be in use for UDP.
func listen() (net.PacketConn, net.Listener, error) {
	var failures error
	for range 10 {
		tcp, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, nil, err
		}
		udp, err := net.ListenPacket("udp", tcp.Addr().String())
		if err == nil {
			return udp, tcp, nil
		}
		failures = errors.Join(failures, err, tcp.Close())
	}
	return nil, nil, failures
}
