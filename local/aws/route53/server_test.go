package route53

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/miekg/dns"
)

// ask sends one question and returns the answer.
func ask(t *testing.T, network, addr, name string, question uint16, change ...func(*dns.Msg)) *dns.Msg {
	t.Helper()
	m := new(dns.Msg)
	m.SetQuestion(dns.Fqdn(name), question)
	for _, c := range change {
		c(m)
	}
	client := dns.Client{Net: network}
	r, _, err := client.Exchange(m, addr)
	if err != nil {
		t.Fatalf("%s %s: %v", name, dns.TypeToString[question], err)
	}
	return r
}

// brief returns an answer in one line: its code, then the values of each
// section.
func brief(m *dns.Msg) string {
	text := dns.RcodeToString[m.Rcode]
	for _, section := range []struct {
		name    string
		records []dns.RR
	}{{"answer", m.Answer}, {"authority", m.Ns}} {
		var all []string
		for _, r := range section.records {
			value := strings.TrimPrefix(r.String(), r.Header().String())
			if soa, ok := r.(*dns.SOA); ok {
				value = soa.Hdr.Name
			}
			all = append(all, fmt.Sprintf("%s %s %s", r.Header().Name, dns.TypeToString[r.Header().Rrtype], value))
		}
		slices.Sort(all)
		if len(all) > 0 {
			text += " " + section.name + ": " + strings.Join(all, ", ")
		}
	}
	return text
}

func nsLines(zone string, servers []string) string {
	var all []string
	for _, s := range servers {
		all = append(all, zone+". NS "+s+".")
	}
	slices.Sort(all)
	return strings.Join(all, ", ")
}

func TestServer(t *testing.T) {
	t.Parallel()
	p := newPlane(t)
	parent, _ := p.declareZone(t, "example.com")
	child, _ := p.declareZone(t, "api.example.com")
	lost, _ := p.declareZone(t, "lost.example.com")
	p.delegate(t, parent, child)
	p.declareRecord(t, "lost", record(lost, "www", "A", "192.0.2.9"))
	p.declareRecord(t, "elsewhere", record(parent, "elsewhere", "NS", "ns.example.net"))
	p.declareRecord(t, "www", record(parent, "www", "A", "192.0.2.1", "192.0.2.2", "192.0.2.1"))
	p.declareRecord(t, "blog", record(parent, "blog", "CNAME", "www.example.com"))
	p.declareRecord(t, "out", record(parent, "out", "CNAME", "www.example.net"))
	p.declareRecord(t, "loop", record(parent, "loop", "CNAME", "loop.example.com"))
	p.declareRecord(t, "wild", record(parent, "*", "TXT", "wild"))
	p.declareRecord(t, "deep", record(parent, "a.b", "A", "192.0.2.3"))
	gateway := "d-abc123.execute-api.eu-west-1.amazonaws.com"
	p.declareRecord(t, "api", alias(child, "", "A", gateway, "ZLY8HYME6SFDD"))
	p.declareRecord(t, "api6", alias(child, "", "AAAA", gateway, "ZLY8HYME6SFDD"))
	p.declareRecord(t, "same", alias(parent, "same", "A", "www.example.com", parent.ID))
	addr, stop, err := p.Listen()
	if err != nil {
		t.Fatal(err)
	}
	defer stop()
	own := record(parent, "", "NS", "ns.example.net")
	own["allowOverwrite"] = true
	p.declareRecord(t, "own", own) // the registrar does not have this zone
	referral := func(m *dns.Msg) { m.RecursionDesired = false }
	childServers, apexServers := nsLines("api.example.com", nameServers(child.ID)), nsLines("example.com", nameServers(parent.ID))
	const soa = " authority: example.com. SOA example.com."
	for _, test := range []struct {
		name   string
		qtype  uint16
		change func(*dns.Msg)
		want   string
	}{
		{"www.example.com", dns.TypeA, nil, "NOERROR answer: www.example.com. A 192.0.2.1, www.example.com. A 192.0.2.2"},
		{"WWW.Example.COM", dns.TypeAAAA, nil, "NOERROR" + soa},
		{"blog.example.com", dns.TypeA, nil, "NOERROR answer: blog.example.com. CNAME www.example.com., www.example.com. A 192.0.2.1, www.example.com. A 192.0.2.2"},
		{"blog.example.com", dns.TypeCNAME, nil, "NOERROR answer: blog.example.com. CNAME www.example.com."},
		{"out.example.com", dns.TypeA, nil, "NOERROR answer: out.example.com. CNAME www.example.net."},
		{"loop.example.com", dns.TypeA, nil, "SERVFAIL"},
		{"any.example.com", dns.TypeTXT, nil, `NOERROR answer: any.example.com. TXT "wild"`},
		{"any.example.com", dns.TypeA, nil, "NOERROR" + soa},
		{"b.example.com", dns.TypeTXT, nil, "NOERROR" + soa},
		{"c.b.example.com", dns.TypeTXT, nil, "NXDOMAIN" + soa},
		{"same.example.com", dns.TypeA, nil, "NOERROR answer: same.example.com. A 192.0.2.1, same.example.com. A 192.0.2.2"},
		{"api.example.com", dns.TypeA, nil, "NOERROR answer: api.example.com. A 127.0.0.1"},
		{"api.example.com", dns.TypeAAAA, nil, "NOERROR authority: api.example.com. SOA api.example.com."},
		{"api.example.com", dns.TypeNS, nil, "NOERROR answer: " + childServers},
		{"api.example.com", dns.TypeNS, referral, "NOERROR authority: " + childServers},
		{"api.example.com", dns.TypeDS, nil, "NOERROR" + soa},
		{"api.example.com", dns.TypeSOA, nil, "NOERROR answer: api.example.com. SOA api.example.com."},
		{"example.com", dns.TypeNS, nil, "NOERROR answer: " + apexServers},
		{"example.com", dns.TypeNS, referral, "NOERROR authority: " + apexServers},
		{"www.example.com", dns.TypeNS, nil, "NOERROR" + soa},
		{"lost.example.com", dns.TypeNS, nil, "NOERROR" + soa}, // by the wildcard
		{"www.lost.example.com", dns.TypeA, nil, "NOERROR" + soa},
		{"elsewhere.example.com", dns.TypeNS, nil, "NOERROR answer: elsewhere.example.com. NS ns.example.net."},
		{"elsewhere.example.com", dns.TypeA, nil, "SERVFAIL"},
		{"www.elsewhere.example.com", dns.TypeNS, nil, "SERVFAIL"},
		{"www.elsewhere.example.com", dns.TypeA, referral, "NOERROR authority: elsewhere.example.com. NS ns.example.net."},
		{nameServers(child.ID)[0], dns.TypeA, nil, "NOERROR answer: " + nameServers(child.ID)[0] + ". A 127.0.0.1"},
		{nameServers(child.ID)[0], dns.TypeAAAA, nil, "NOERROR authority: . SOA ."},
		{"com", dns.TypeNS, nil, "NOERROR authority: . SOA ."},
		{".", dns.TypeNS, nil, "NOERROR answer: . NS root.invalid."},
		{"www.example.net", dns.TypeA, nil, "NXDOMAIN authority: . SOA ."},
		{"myexample.com", dns.TypeNS, nil, "NXDOMAIN authority: . SOA ."},
		{"example.com", dns.TypeANY, nil, "REFUSED"},
		{"example.com", dns.TypeA, func(m *dns.Msg) { m.Question[0].Qclass = dns.ClassCHAOS }, "REFUSED"},
	} {
		var change []func(*dns.Msg)
		if test.change != nil {
			change = append(change, test.change)
		}
		for _, network := range []string{"udp", "tcp"} {
			if got := brief(ask(t, network, addr, test.name, test.qtype, change...)); got != test.want {
				t.Errorf("%s %s over %s:\n got %s\nwant %s", test.name, dns.TypeToString[test.qtype], network, got, test.want)
			}
		}
	}
}

// TestTruncated checks that an answer too large for a datagram is truncated,
// and complete over TCP.
func TestTruncated(t *testing.T) {
	t.Parallel()
	p := newPlane(t)
	zone, _ := p.declareZone(t, "example.com")
	var values []any
	for i := range 10 {
		values = append(values, strings.Repeat(string(rune('a'+i)), 200))
	}
	p.declareRecord(t, "long", record(zone, "long", "TXT", values...))
	addr, stop, err := p.Listen()
	if err != nil {
		t.Fatal(err)
	}
	defer stop()
	if m := ask(t, "udp", addr, "long.example.com", dns.TypeTXT); !m.Truncated || m.Len() > dns.MinMsgSize {
		t.Errorf("over UDP: truncated %v, %d bytes", m.Truncated, m.Len())
	}
	large := ask(t, "udp", addr, "long.example.com", dns.TypeTXT, func(m *dns.Msg) { m.SetEdns0(4096, false) })
	if !large.Truncated || large.Len() <= dns.MinMsgSize || large.Len() > maxDatagram {
		t.Errorf("over UDP with a larger limit: truncated %v, %d bytes", large.Truncated, large.Len())
	}
	if m := ask(t, "tcp", addr, "long.example.com", dns.TypeTXT); m.Truncated || len(m.Answer) != 10 {
		t.Errorf("over TCP: truncated %v, %d records", m.Truncated, len(m.Answer))
	}
}

func TestMalformed(t *testing.T) {
	t.Parallel()
	p := newPlane(t)
	for _, q := range []*dns.Msg{{}, {Question: make([]dns.Question, 2)}} {
		m := new(dns.Msg)
		if p.fill(m, q); m.Rcode != dns.RcodeFormatError {
			t.Errorf("%d questions: %s", len(q.Question), dns.RcodeToString[m.Rcode])
		}
	}
}

func TestClosed(t *testing.T) {
	t.Parallel()
	p := newPlane(t)
	addr, stop, err := p.Listen()
	if err != nil {
		t.Fatal(err)
	}
	ask(t, "tcp", addr, "example.com", dns.TypeA)
	stop()
	client := dns.Client{Net: "tcp"}
	if _, _, err := client.Exchange(new(dns.Msg).SetQuestion("example.com.", dns.TypeA), addr); err == nil {
		t.Error("it answers after it was closed")
	}
}

func TestLookup(t *testing.T) {
	t.Parallel()
	p := newPlane(t)
	parent, _ := p.declareZone(t, "example.com")
	child, _ := p.declareZone(t, "api.example.com")
	p.declareRecord(t, "cname", record(child, "_x", "CNAME", "_Y.acm-validations.aws."))
	if got := p.Lookup("_x.api.example.com", "CNAME"); got != nil {
		t.Errorf("found in a zone that is not delegated: %v", got)
	}
	p.delegate(t, parent, child)
	p.declareRecord(t, "text", record(child, "", "TXT", "a b"))
	for _, test := range []struct{ name, recordType, want string }{
		{"_x.api.example.com", "CNAME", "[_y.acm-validations.aws]"},
		{"_X.API.example.com.", "CNAME", "[_y.acm-validations.aws]"},
		{"_x.api.example.com", "A", "[]"}, // a CNAME record is not an A record
		{"api.example.com", "TXT", `["a b"]`},
		{"api.example.com", "NS", fmt.Sprint(nameServers(child.ID))},
		{"api.example.com", "NOPE", "[]"},
		{"absent.api.example.com", "CNAME", "[]"},
	} {
		if got := fmt.Sprint(p.Lookup(test.name, test.recordType)); got != test.want {
			t.Errorf("%s %s: %s, want %s", test.name, test.recordType, got, test.want)
		}
	}
}
