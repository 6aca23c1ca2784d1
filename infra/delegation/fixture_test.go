package delegation

import (
	"net"
	"strings"
	"sync"
	"testing"

	"github.com/miekg/dns"
)

// fake is a DNS server that answers from a table. A key is a type and a name,
// such as "NS example.com.", after "no recursion" if the query does not desire
// recursion. For a query that is not in the table it answers NXDOMAIN with the
// root's SOA.
type fake struct {
	addr    string
	mu      sync.Mutex
	asked   []string
	answers map[string]func(w dns.ResponseWriter, m *dns.Msg)
}

func newFake(t *testing.T, answers map[string]func(w dns.ResponseWriter, m *dns.Msg)) *fake {
	t.Helper()
	f := &fake{answers: answers}
	var udp net.PacketConn
	var tcp net.Listener
	for udp == nil {
		var err error
		if tcp, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
			t.Fatal(err)
		}
		if udp, err = net.ListenPacket("udp", tcp.Addr().String()); err != nil {
			tcp.Close() // another process uses the port for UDP
		}
	}
	f.addr = tcp.Addr().String()
	for _, s := range []*dns.Server{{PacketConn: udp, Handler: f}, {Listener: tcp, Handler: f}} {
		started, done := make(chan struct{}), make(chan struct{})
		s.NotifyStartedFunc = func() { close(started) }
		go func() { defer close(done); _ = s.ActivateAndServe() }()
		<-started
		t.Cleanup(func() { _ = s.Shutdown(); <-done })
	}
	return f
}

func (f *fake) ServeDNS(w dns.ResponseWriter, q *dns.Msg) {
	key := dns.TypeToString[q.Question[0].Qtype] + " " + q.Question[0].Name
	if !q.RecursionDesired {
		key = "no recursion " + key
	}
	f.mu.Lock()
	f.asked = append(f.asked, w.LocalAddr().Network()+" "+key)
	f.mu.Unlock()
	m := new(dns.Msg).SetReply(q)
	if answer := f.answers[key]; answer != nil {
		answer(w, m)
		return
	}
	nxdomain(w, m)
}

// questions returns the queries so far with this prefix, in order.
func (f *fake) questions(prefix string) []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	var all []string
	for _, q := range f.asked {
		if strings.HasPrefix(q, prefix) {
			all = append(all, q)
		}
	}
	return all
}

type reply = func(w dns.ResponseWriter, m *dns.Msg)

func records(owner string, servers []string) []dns.RR {
	var all []dns.RR
	for _, s := range servers {
		all = append(all, &dns.NS{Hdr: dns.RR_Header{Name: owner, Rrtype: dns.TypeNS, Class: dns.ClassINET, Ttl: 60}, Ns: s})
	}
	return all
}

func soa(owner string) dns.RR {
	return &dns.SOA{Hdr: dns.RR_Header{Name: owner, Rrtype: dns.TypeSOA, Class: dns.ClassINET}, Ns: "ns.", Mbox: "h."}
}

// answered answers like a resolver. referred answers like a parent zone.
func answered(owner string, servers ...string) reply {
	return func(w dns.ResponseWriter, m *dns.Msg) {
		m.Answer = records(owner, servers)
		_ = w.WriteMsg(m)
	}
}

func referred(owner string, servers ...string) reply {
	return func(w dns.ResponseWriter, m *dns.Msg) {
		m.Ns = records(owner, servers)
		_ = w.WriteMsg(m)
	}
}

// nodata answers that the name has no such records.
func nodata(zone string) reply {
	return func(w dns.ResponseWriter, m *dns.Msg) {
		m.Authoritative, m.Ns = true, []dns.RR{soa(zone)}
		_ = w.WriteMsg(m)
	}
}

func failing(code int) reply {
	return func(w dns.ResponseWriter, m *dns.Msg) {
		m.Rcode = code
		_ = w.WriteMsg(m)
	}
}

func nxdomain(w dns.ResponseWriter, m *dns.Msg) {
	m.Rcode, m.Ns = dns.RcodeNameError, []dns.RR{soa(".")}
	_ = w.WriteMsg(m)
}

func silent(dns.ResponseWriter, *dns.Msg) {}

// truncated answers over UDP that the answer is too long.
func truncated(whole reply) reply {
	return func(w dns.ResponseWriter, m *dns.Msg) {
		if w.LocalAddr().Network() == "udp" {
			m.Truncated = true
			_ = w.WriteMsg(m)
			return
		}
		whole(w, m)
	}
}

// overTCP does not answer over UDP, as behind some firewalls.
func overTCP(whole reply) reply {
	return func(w dns.ResponseWriter, m *dns.Msg) {
		if w.LocalAddr().Network() == "tcp" {
			whole(w, m)
		}
	}
}
