package route53

import (
	"net"
	"slices"
	"strings"

	"github.com/miekg/dns"
)

// maxChain limits how many CNAME and alias records are followed.
const maxChain = 8

// answer is the DNS answer to one question. In a referral the answer section is
// empty and the authority section names the servers to ask next.
type answer struct {
	code              int
	authoritative     bool
	answer, authority []dns.RR
}

// rootName is the name of this cloud's only root server. It does not exist on
// the Internet.
const rootName = "root.invalid"

// answer returns the DNS answer for a name. A resolver gets the records; anyone
// else gets a referral if a parent zone delegates the name.
func (t *tree) answer(name string, question uint16, resolver bool) answer {
	return t.follow(name, question, resolver, maxChain)
}

func (t *tree) follow(name string, question uint16, resolver bool, left int) answer {
	if serverForm.MatchString(name) || name == rootName {
		return serverAddress(name, question)
	}
	// The parent zone answers for NS and DS records.
	parentSide := question == dns.TypeNS || question == dns.TypeDS
	at, cut, _ := t.find(name, parentSide)
	switch {
	case at == nil:
		return t.atRoot(name, question, resolver)
	case cut == "", parentSide && cut == name && question == dns.TypeDS:
		return t.inZone(at, name, question, left)
	case resolver && !(parentSide && cut == name):
		// A resolver cannot ask servers that are not in this cloud.
		return answer{code: dns.RcodeServerFailure}
	}
	return referral(at.sets[cut]["NS"].values, resolver)
}

func referral(ns []dns.RR, resolver bool) answer {
	if resolver {
		return answer{answer: ns}
	}
	return answer{authority: ns}
}

// serverAddress returns the address of a name server. All name servers are on
// this machine.
func serverAddress(name string, question uint16) answer {
	a := answer{authoritative: true, authority: []dns.RR{rootSOA()}}
	if question == dns.TypeA {
		a.answer, a.authority = []dns.RR{localAddress(name)}, nil
	}
	return a
}

func localAddress(name string) dns.RR {
	return &dns.A{Hdr: dns.RR_Header{Name: dns.Fqdn(name), Rrtype: dns.TypeA, Class: dns.ClassINET, Ttl: 60}, A: net.IPv4(127, 0, 0, 1)}
}

func rootSOA() dns.RR {
	return &dns.SOA{
		Hdr: dns.RR_Header{Name: ".", Rrtype: dns.TypeSOA, Class: dns.ClassINET, Ttl: 60},
		Ns:  rootName + ".", Mbox: "hostmaster.invalid.", Serial: 1, Refresh: 1800, Retry: 900, Expire: 604800, Minttl: 60,
	}
}

// atRoot answers for names above all zones. The root plays registry and
// registrar: it delegates the top zones to their servers.
func (t *tree) atRoot(name string, question uint16, resolver bool) answer {
	if name == "" && question == dns.TypeNS {
		root := &dns.NS{Hdr: dns.RR_Header{Name: ".", Rrtype: dns.TypeNS, Class: dns.ClassINET, Ttl: 60}, Ns: rootName + "."}
		return answer{authoritative: true, answer: []dns.RR{root}}
	}
	if h := t.registered(name); h != nil && question == dns.TypeNS {
		// A program may have overwritten the zone's NS records, but not the
		// registrar's.
		return referral(newHosted(h.Record).sets[name]["NS"].values, resolver)
	}
	a := answer{authoritative: true, authority: []dns.RR{rootSOA()}, code: dns.RcodeNameError}
	for zone := range t.zones {
		if name == "" || within(zone, name) {
			a.code = dns.RcodeSuccess
		}
	}
	return a
}

// inZone answers from the records of the zone that contains a name.
func (t *tree) inZone(h *hosted, name string, question uint16, left int) answer {
	sets, exists := h.lookup(name)
	if cname, ok := sets["CNAME"]; ok && question != dns.TypeCNAME {
		return t.chase(h, name, cname, question, left)
	}
	s := sets[dns.TypeToString[question]]
	a := answer{authoritative: true, answer: renamed(s.values, name)}
	if s.alias != nil && left > 0 {
		a.answer = t.ofAlias(h, name, *s.alias, question, left-1)
	}
	if len(a.answer) > 0 {
		return a
	}
	a.authority = h.sets[h.name]["SOA"].values
	if !exists {
		a.code = dns.RcodeNameError
	}
	return a
}

// chase appends the answer for the target of a CNAME record.
func (t *tree) chase(h *hosted, name string, s set, question uint16, left int) answer {
	if left == 0 {
		return answer{code: dns.RcodeServerFailure}
	}
	if s.alias != nil {
		sets, _ := h.lookup(normal(s.alias.Name))
		return t.chase(h, name, sets["CNAME"], question, left-1)
	}
	a := answer{authoritative: true, answer: renamed(s.values, name)}
	if len(a.answer) == 0 {
		return answer{code: dns.RcodeServerFailure}
	}
	target := normal(a.answer[0].(*dns.CNAME).Target)
	next := t.follow(target, question, true, left-1)
	switch {
	case next.code == dns.RcodeServerFailure:
		return next
	case next.code == dns.RcodeNameError && t.top(target) == nil:
		// The target is outside this cloud, so only the CNAME record is known.
		return a
	}
	a.code, a.answer, a.authority = next.code, append(a.answer, next.answer...), next.authority
	return a
}

// ofAlias returns the records that an alias resolves to. A domain name of API
// Gateway has no IPv6 address here, because the gateway listens only on
// 127.0.0.1. On AWS it has one only with the address type dualstack.
func (t *tree) ofAlias(h *hosted, name string, alias Alias, question uint16, left int) []dns.RR {
	if alias.ZoneID == h.ID {
		return renamed(t.inZone(h, normal(alias.Name), question, left).answer, name)
	}
	if question != dns.TypeA {
		return nil
	}
	return []dns.RR{localAddress(name)}
}

// lookup returns the record sets of a name, or of the wildcard that matches it.
// exists is also true for a name that only has names below it.
func (h *hosted) lookup(name string) (sets map[string]set, exists bool) {
	if h.exists(name) {
		return h.sets[name], true
	}
	for _, above := range parents(name) {
		if !within(above, h.name) {
			break
		}
		if sets, ok := h.sets["*."+above]; ok {
			return sets, true
		}
		if h.exists(above) {
			break
		}
	}
	return nil, false
}

func (h *hosted) exists(name string) bool {
	for owner := range h.sets {
		if within(owner, name) {
			return true
		}
	}
	return false
}

// renamed returns the records of a wildcard or an alias with another name.
func renamed(records []dns.RR, name string) []dns.RR {
	var all []dns.RR
	for _, record := range records {
		record = dns.Copy(record)
		record.Header().Name = dns.Fqdn(name)
		all = append(all, record)
	}
	return all
}

// Lookup returns the values that a resolver finds for a name and a type such as
// "CNAME". Domain names have no trailing dot. It returns nil if DNS finds
// nothing.
func (z *Zones) Lookup(name, recordType string) []string {
	question, ok := dns.StringToType[recordType]
	t, err := z.tree()
	if err != nil || !ok {
		return nil
	}
	var values []string
	for _, record := range t.answer(normal(name), question, true).answer {
		if record.Header().Rrtype != question {
			continue
		}
		value := strings.TrimPrefix(record.String(), record.Header().String())
		if slices.Contains([]uint16{dns.TypeCNAME, dns.TypeNS, dns.TypePTR}, question) {
			value = normal(value)
		}
		values = append(values, value)
	}
	return values
}
