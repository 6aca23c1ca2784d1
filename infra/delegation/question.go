package delegation

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/miekg/dns"
)

// Limits of one query: how long to wait for an answer, and how many servers to
// ask.
const (
	tryTimeout = 1200 * time.Millisecond
	maxServers = 4
)

// answer is the answer of one name server of a parent zone. It lists the name
// servers of the zone that is looked for. If closer is set, they belong to
// closer instead: a zone between the two.
type answer struct {
	closer  string
	servers []string
}

// askAll asks the first servers of a zone in parallel. It returns the first
// answer that lists the right name servers, because after a change some servers
// know it before others. If none does, it returns the answer of the first
// server in the list that gave one.
func (l *lookup) askAll(ctx context.Context, parent string, servers []string) (answer, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	servers = servers[:min(len(servers), maxServers)]
	type reply struct {
		i int
		answer
		err error
	}
	replies := make(chan reply, len(servers))
	for i, server := range servers {
		go func() {
			got, err := l.ask(ctx, parent, server)
			replies <- reply{i, got, err}
		}()
	}
	answers, failures := make([]*answer, len(servers)), make([]error, len(servers))
	for range servers {
		r := <-replies
		if r.err == nil && r.closer == "" && l.right(r.servers) {
			return r.answer, nil
		}
		if failures[r.i] = r.err; r.err == nil {
			answers[r.i] = &r.answer
		}
	}
	for _, got := range answers {
		if got != nil {
			return *got, nil
		}
	}
	return answer{}, errors.Join(failures...)
}

// ask asks one name server, at the first of its addresses that answers.
func (l *lookup) ask(ctx context.Context, parent, server string) (got answer, err error) {
	addresses, err := l.addresses(ctx, server)
	if err != nil {
		return got, err
	}
	var failures error
	for _, address := range addresses {
		m, err := exchange(ctx, address, l.zone)
		if err == nil {
			got, err = l.read(m, parent)
		}
		if err == nil {
			return got, nil
		}
		failures = errors.Join(failures, fmt.Errorf("%s, name server of %s: %w", plain(server), plain(parent), err))
	}
	return got, failures
}

// exchange asks for the name servers of a zone, without recursion: a server of
// the parent zone answers with a referral. It repeats a query over TCP if UDP
// gives no answer or a truncated one.
func exchange(ctx context.Context, address, zone string) (m *dns.Msg, err error) {
	q := new(dns.Msg).SetQuestion(zone, dns.TypeNS)
	q.RecursionDesired = false
	for _, network := range []string{"udp", "tcp"} {
		client := dns.Client{Net: network, Timeout: tryTimeout}
		m, _, err = client.ExchangeContext(ctx, q, address)
		if err == nil && !m.Truncated {
			return m, nil
		}
	}
	return m, err
}

// read returns the name servers in a response. It returns an error for a server
// that does not serve the parent zone: such a server refuses, or refers to an
// unrelated zone.
func (l *lookup) read(m *dns.Msg, parent string) (answer, error) {
	if m.Rcode != dns.RcodeSuccess && m.Rcode != dns.RcodeNameError {
		return answer{}, fmt.Errorf("it answers %s", dns.RcodeToString[m.Rcode])
	}
	knows := m.Authoritative
	byOwner := map[string][]string{}
	for _, record := range append(m.Answer, m.Ns...) {
		owner := dns.CanonicalName(record.Header().Name)
		switch record := record.(type) {
		case *dns.NS:
			byOwner[owner] = append(byOwner[owner], dns.CanonicalName(record.Ns))
		case *dns.SOA:
			knows = knows || dns.IsSubDomain(owner, l.zone)
		}
	}
	if servers := byOwner[l.zone]; len(servers) > 0 {
		return answer{servers: servers}, nil
	}
	for owner, servers := range byOwner {
		if owner != parent && dns.IsSubDomain(parent, owner) && dns.IsSubDomain(owner, l.zone) {
			return answer{closer: owner, servers: servers}, nil
		}
	}
	if !knows {
		return answer{}, errors.New("it does not have that zone")
	}
	return answer{}, nil
}
