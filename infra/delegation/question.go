package delegation

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/miekg/dns"
)

// A question that is lost is not worth more than these.
const (
	tryTimeout = 1200 * time.Millisecond
	maxServers = 4
)

// answer is what one server of a zone above says: the servers that it hands
// on to, and the zone that is closer to the one looked for, if these are not
// that one's.
type answer struct {
	closer  string
	servers []string
}

// askAll asks some servers of a zone at once, and takes the first answer that
// is all right: after a change, some know it before the others. Else it is
// that of the first server in the list that gives one.
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
			told, err := l.ask(ctx, parent, server)
			replies <- reply{i, told, err}
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
	for _, told := range answers {
		if told != nil {
			return *told, nil
		}
	}
	return answer{}, errors.Join(failures...)
}

// ask asks one server of a zone, at the first of its addresses that answers.
func (l *lookup) ask(ctx context.Context, parent, server string) (told answer, err error) {
	addresses, err := l.addresses(ctx, server)
	if err != nil {
		return told, err
	}
	var failures error
	for _, address := range addresses {
		m, err := exchange(ctx, address, l.zone)
		if err == nil {
			told, err = l.read(m, parent)
		}
		if err == nil {
			return told, nil
		}
		failures = errors.Join(failures, fmt.Errorf("%s, name server of %s: %w", plain(server), plain(parent), err))
	}
	return told, failures
}

// exchange asks for the name servers of a zone, without recursion: of who has
// the zone above, that is its referral. What gets no answer over UDP, or not a
// whole one, is asked again over TCP.
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

// read takes a server's answer apart. A server that does not have the zone
// above refuses, or refers to somewhere else: that tells nothing.
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
