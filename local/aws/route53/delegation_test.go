package route53

import (
	"errors"
	"slices"
	"testing"

	"skiff/local/store"
)

func (p *plane) wantDelegated(t *testing.T, what string, zone store.Record[Zone], want bool) {
	t.Helper()
	if got := p.Delegated(zone); got != want {
		_, err := p.Reach(zone.Inputs.Name)
		t.Errorf("%s: zone %s %s delegated %v, want %v (%v)", what, zone.Inputs.Name, zone.ID, got, want, err)
	}
}

func TestDelegated(t *testing.T) {
	t.Parallel()
	p := newPlane(t)
	grandchild, _ := p.declareZone(t, "v1.api.example.com")
	p.wantDelegated(t, "alone, by its registrar", grandchild, true)
	parent, _ := p.declareZone(t, "example.com")
	child, _ := p.declareZone(t, "api.example.com")
	p.wantDelegated(t, "nearest to the root", parent, true)
	p.wantDelegated(t, "below a zone that does not know it", child, false)
	p.delegate(t, child, grandchild)
	p.wantDelegated(t, "below one that is not delegated", grandchild, false)
	_, err := p.Reach("_x.v1.api.example.com.")
	wantFailure(t, "reach", err, "the zone v1.api.example.com is not delegated: the zone example.com has no NS records v1.api.example.com", nameServers(grandchild.ID)[0])
	p.delegate(t, parent, child)
	p.wantDelegated(t, "by its parent", child, true)
	p.wantDelegated(t, "by its parent's parent", grandchild, true)
	if zone, err := p.Reach("_X.v1.api.example.com."); err != nil || zone.ID != grandchild.ID {
		t.Errorf("reached %v, %v", zone, err)
	}
	if zone, err := p.Reach("www.example.com"); err != nil || zone.ID != parent.ID {
		t.Errorf("reached %v, %v", zone, err)
	}
	_, err = p.Reach("myexample.com")
	if !errors.Is(err, store.ErrNotFound) {
		t.Errorf("reached a missing zone: %v", err)
	}
}

// TestDelegatedElsewhere checks that one wrong server is enough to break the
// delegation: some resolvers would ask it.
func TestDelegatedElsewhere(t *testing.T) {
	t.Parallel()
	for name, servers := range map[string]func(own []string) []string{
		"others":      func([]string) []string { return []string{"ns1.example.net", "ns2.example.net"} },
		"one wrong":   func(own []string) []string { return append(slices.Clone(own), "ns1.example.net") },
		"another's":   func([]string) []string { return nameServers("ZOTHER") },
		"upper case":  func(own []string) []string { return []string{"NS" + own[0][2:] + ".", own[1]} },
		"only one":    func(own []string) []string { return own[:1] },
		"all of them": func(own []string) []string { return own },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPlane(t)
			parent, _ := p.declareZone(t, "example.com")
			child, _ := p.declareZone(t, "api.example.com")
			p.declareRecord(t, "delegate", record(parent, "api", "NS", anys(servers(nameServers(child.ID)))...))
			want := name == "upper case" || name == "only one" || name == "all of them"
			p.wantDelegated(t, name, child, want)
			if _, err := p.Reach("www.api.example.com"); !want {
				wantFailure(t, name, err, "the zone example.com delegates api.example.com to", "which are not the name servers of a zone here")
			}
		})
	}
}

func TestNoServers(t *testing.T) {
	t.Parallel()
	tree := tree{zones: map[string][]hosted{"example.com": {{name: "example.com"}}}}
	if h := tree.child("example.com", nil); h != nil {
		t.Error("no server leads to a zone")
	}
}

// TestRegistered checks that the registrar delegates to the first zone of a
// name, then to its replacement with the same URN.
func TestRegistered(t *testing.T) {
	t.Parallel()
	p := newPlane(t)
	first, _ := p.declareZone(t, "example.com", "one")
	second, _ := p.declareZone(t, "example.com", "two")
	p.wantDelegated(t, "the first", first, true)
	p.wantDelegated(t, "the second", second, false)
	successor, _ := p.declareZone(t, "example.com", "one")
	p.wantDelegated(t, "the first, whose replacement exists", first, false)
	p.wantDelegated(t, "its successor", successor, true)
}
