package route53

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/miekg/dns"

	"skiff/local/store"
)

// tree is a snapshot of this cloud's DNS: the zones of all accounts, below a
// root that knows no other zones.
type tree struct {
	zones map[string][]hosted // by name, the oldest first
}

// hosted is a zone with its records.
type hosted struct {
	store.Record[Zone]
	name    string
	servers []string
	sets    map[string]map[string]set // by name and type
}

// set is a record set: its records, or the target of its alias.
type set struct {
	values []dns.RR
	alias  *Alias
}

func (z *Zones) tree() (*tree, error) {
	zones, err := store.List[Zone](z.db, ZoneToken)
	if err != nil {
		return nil, err
	}
	records, err := store.List[Record](z.db, RecordToken)
	if err != nil {
		return nil, err
	}
	t := &tree{zones: map[string][]hosted{}}
	byID := map[string]hosted{}
	for _, r := range zones {
		h := newHosted(r)
		byID[r.ID] = h
		t.zones[h.name] = append(t.zones[h.name], h)
	}
	for _, all := range t.zones {
		slices.SortFunc(all, func(a, b hosted) int { return cmp.Or(a.Created.Compare(b.Created), cmp.Compare(a.ID, b.ID)) })
	}
	for _, r := range records {
		if h, ok := byID[r.Inputs.ZoneID]; ok {
			h.add(r.State[fqdnKey], r.Inputs)
		}
	}
	return t, nil
}

// newHosted returns a zone with the two record sets that AWS creates in it
// (https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/SOA-NSrecords.html).
func newHosted(r store.Record[Zone]) hosted {
	h := hosted{Record: r, name: normal(r.Inputs.Name), servers: nameServers(r.ID), sets: map[string]map[string]set{}}
	day := 86400
	ns := Record{Type: "NS", TTL: new(2 * day)}
	for _, server := range h.servers {
		ns.Records = append(ns.Records, server+".")
	}
	h.add(h.name, ns)
	h.add(h.name, Record{Type: "SOA", TTL: new(900), Records: []string{h.servers[0] + ". awsdns-hostmaster.amazon.com. 1 7200 900 1209600 86400"}})
	return h
}

func (h hosted) add(name string, in Record) {
	if h.sets[name] == nil {
		h.sets[name] = map[string]set{}
	}
	var s set
	if len(in.Aliases) > 0 {
		s.alias = &in.Aliases[0]
	}
	for _, value := range in.Records {
		// Check has refused a value that does not parse, unless a preview did
		// not know it.
		if record, err := rr(name, in.Type, *in.TTL, value); err == nil && !slices.ContainsFunc(s.values, func(o dns.RR) bool { return dns.IsDuplicate(o, record) }) {
			s.values = append(s.values, record)
		}
	}
	h.sets[name][in.Type] = s
}

// targets returns the servers that a set of NS records names.
func (s set) targets() []string {
	var all []string
	for _, value := range s.values {
		if ns, ok := value.(*dns.NS); ok {
			all = append(all, normal(ns.Ns))
		}
	}
	return all
}

// registered returns the zone to which the registrar delegates a name: the
// first zone of that name. Its replacement, with the same URN, takes its place,
// because no one can reconfigure the registrar of this cloud.
func (t *tree) registered(name string) *hosted {
	all := t.zones[name]
	if len(all) == 0 {
		return nil
	}
	found := &all[0]
	for i := range all {
		if all[i].URN == found.URN {
			found = &all[i]
		}
	}
	return found
}

// top returns the zone nearest to the root that contains a name, or nil if
// there is none.
func (t *tree) top(name string) *hosted {
	ways := append([]string{name}, parents(name)...)
	for _, way := range slices.Backward(ways) {
		if h := t.registered(way); h != nil {
			return h
		}
	}
	return nil
}

// cut returns the name at which a zone delegates a name to other servers, and
// these servers. cut is "" if the zone does not delegate the name.
func (h *hosted) cut(name string) (cut string, servers []string) {
	ways := append([]string{name}, parents(name)...)
	for _, way := range slices.Backward(ways) {
		if way == h.name || !within(way, h.name) {
			continue
		}
		if ns, ok := h.sets[way]["NS"]; ok {
			return way, ns.targets()
		}
	}
	return "", nil
}

// find returns the zone that answers for a name, or nil for the root. If cut is
// not "", the zone delegates the name to servers that no zone here has. With
// parentSide, a zone's own name belongs to the zone above.
func (t *tree) find(name string, parentSide bool) (at *hosted, cut string, servers []string) {
	at = t.top(name)
	if parentSide && at != nil && at.name == name {
		return nil, "", nil
	}
	for at != nil {
		cut, servers := at.cut(name)
		if cut == "" {
			return at, "", nil
		}
		child := t.child(cut, servers)
		if child == nil || parentSide && cut == name {
			return at, cut, servers
		}
		at = child
	}
	return nil, "", nil
}

// child returns the zone that has all the servers which its parent names.
func (t *tree) child(name string, servers []string) *hosted {
	if len(servers) == 0 {
		return nil
	}
	for i, h := range t.zones[name] {
		if !slices.ContainsFunc(servers, func(s string) bool { return !slices.Contains(h.servers, s) }) {
			return &t.zones[name][i]
		}
	}
	return nil
}

// Delegated reports whether DNS leads to a zone: every zone above it in this
// cloud must name the servers of the next one.
func (z *Zones) Delegated(zone store.Record[Zone]) bool {
	reached, err := z.Reach(normal(zone.Inputs.Name))
	return err == nil && reached.ID == zone.ID
}

// Reach returns the zone that answers for a name. It also returns an error if a
// closer zone exists but is not delegated; the error names both zones. If no
// zone exists, the error wraps store.ErrNotFound.
func (z *Zones) Reach(name string) (store.Record[Zone], error) {
	t, err := z.tree()
	if err != nil {
		return store.Record[Zone]{}, err
	}
	name = normal(name)
	at, cut, servers := t.find(name, false)
	if at == nil {
		return store.Record[Zone]{}, fmt.Errorf("there is no hosted zone for %s: %w", name, store.ErrNotFound)
	}
	if cut != "" {
		return at.Record, fmt.Errorf("the zone %s delegates %s to %s, which are not the name servers of a zone here", at.name, cut, strings.Join(servers, ", "))
	}
	for _, way := range append([]string{name}, parents(name)...) {
		if way == at.name {
			break
		}
		if closer := t.registered(way); closer != nil {
			return at.Record, fmt.Errorf("the zone %s is not delegated: the zone %s has no NS records %s with the values %s",
				closer.name, at.name, closer.name, strings.Join(closer.servers, ", "))
		}
	}
	return at.Record, nil
}
