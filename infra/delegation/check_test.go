package delegation

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/miekg/dns"
)

const (
	zone   = "api.example.com"
	atTop  = "NS example.com."                   // a query to the resolver
	atZone = "no recursion NS api.example.com."  // a query to the parent zone
	deep   = "no recursion NS v1.api.eu.a.test." // a query to zones in between
)

func own() []string { return []string{"ns-1.awsdns-01.com", "ns-2.awsdns-02.net"} }

func TestDelegated(t *testing.T) {
	t.Parallel()
	top := answered("example.com.", "a.ns.example.com.")
	for name, test := range map[string]struct {
		zone    string
		servers []string
		answers map[string]reply
	}{
		"by referral":                 {zone, own(), map[string]reply{atTop: top, atZone: referred("api.example.com.", "ns-1.awsdns-01.com.", "ns-2.awsdns-02.net.")}},
		"by an answer":                {zone, own(), map[string]reply{atTop: top, atZone: answered("api.example.com.", "ns-2.awsdns-02.net.", "ns-1.awsdns-01.com.")}},
		"by some of its servers":      {zone, own(), map[string]reply{atTop: top, atZone: referred("api.example.com.", "ns-2.awsdns-02.net.")}},
		"in other letters, with dots": {"Api.Example.com.", []string{"NS-1.awsdns-01.com."}, map[string]reply{atTop: top, atZone: referred("API.example.com.", "ns-1.AWSDNS-01.com.")}},
		"truncated over UDP":          {zone, own(), map[string]reply{atTop: top, atZone: truncated(referred("api.example.com.", "ns-1.awsdns-01.com."))}},
		"no answer over UDP":          {zone, own(), map[string]reply{atTop: top, atZone: overTCP(referred("api.example.com.", "ns-1.awsdns-01.com."))}},
		"two labels below": {"api.eu.example.com", own(), map[string]reply{
			atTop: top, "NS eu.example.com.": nodata("example.com."),
			"no recursion NS api.eu.example.com.": referred("api.eu.example.com.", "ns-1.awsdns-01.com."),
		}},
		"below the root": {"example", own(), map[string]reply{
			"NS .": answered(".", "a.root-servers.test."), "no recursion NS example.": referred("example.", "ns-1.awsdns-01.com."),
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFake(t, test.answers)
			if err := Check(t.Context(), test.zone, test.servers, Options{Server: f.addr}); err != nil {
				t.Errorf("%v; asked %q", err, f.asked)
			}
			if asked := f.questions("tcp no recursion"); strings.Contains(name, "UDP") != (len(asked) > 0) {
				t.Errorf("asked over TCP: %q", asked)
			}
		})
	}
}

// TestBetween checks that a referral to a zone in between is followed, which
// the resolver does not know yet.
func TestBetween(t *testing.T) {
	t.Parallel()
	top := newFake(t, map[string]reply{"NS a.test.": answered("a.test.", "top."), deep: referred("eu.a.test.", "between.")})
	between := newFake(t, map[string]reply{deep: referred("v1.api.eu.a.test.", "ns-9.test.")})
	l := newLookup(Options{Server: top.addr})
	l.zone, l.want = "v1.api.eu.a.test.", []string{"ns-1.test."}
	l.addresses = func(_ context.Context, server string) ([]string, error) {
		return []string{map[string]string{"top.": top.addr, "between.": between.addr}[server]}, nil
	}
	parent, have, err := l.delegation(t.Context())
	if err != nil || parent != "eu.a.test." || !cmp.Equal(have, []string{"ns-9.test."}) {
		t.Errorf("delegated by %q to %q, %v", parent, have, err)
	}
}

func TestNotDelegated(t *testing.T) {
	t.Parallel()
	top := answered("example.com.", "a.ns.example.com.")
	others := []string{"ns1.other.net.", "ns-1.awsdns-01.com."}
	const missing = `zone api.example.com is not delegated yet: add these NS records to example.com (the parent zone, or your registrar), then run up again:
  api.example.com. NS ns-1.awsdns-01.com.
  api.example.com. NS ns-2.awsdns-02.net.`
	const wrong = `zone api.example.com is delegated to other name servers (ns-1.awsdns-01.com, ns1.other.net): in example.com (the parent zone, or your registrar), replace its NS records with these, then run up again:
  api.example.com. NS ns-1.awsdns-01.com.
  api.example.com. NS ns-2.awsdns-02.net.`
	for name, test := range map[string]struct {
		answers map[string]reply
		have    []string
		message string
	}{
		"no such name":     {map[string]reply{atTop: top, atZone: nxdomain}, nil, missing},
		"no such records":  {map[string]reply{atTop: top, atZone: nodata("example.com.")}, nil, missing},
		"others":           {map[string]reply{atTop: top, atZone: referred("api.example.com.", others...)}, []string{"ns-1.awsdns-01.com", "ns1.other.net"}, wrong},
		"truncated others": {map[string]reply{atTop: top, atZone: truncated(answered("api.example.com.", others...))}, []string{"ns-1.awsdns-01.com", "ns1.other.net"}, wrong},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFake(t, test.answers)
			err := Check(t.Context(), "Api.example.com.", []string{"ns-2.awsdns-02.net.", "NS-1.awsdns-01.com"}, Options{Server: f.addr})
			failed, ok := errors.AsType[*NotDelegatedError](err)
			if !ok {
				t.Fatalf("error %v; asked %q", err, f.asked)
			}
			want := &NotDelegatedError{Zone: zone, Parent: "example.com", Want: own(), Have: test.have}
			if diff := cmp.Diff(want, failed); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if failed.Error() != test.message {
				t.Errorf("message\n%s\nwant\n%s", failed, test.message)
			}
		})
	}
}

func TestUnreachable(t *testing.T) {
	t.Parallel()
	top := answered("example.com.", "a.ns.example.com.")
	for name, test := range map[string]struct {
		answers map[string]reply
		want    string
	}{
		"the resolver fails":         {map[string]reply{atTop: failing(dns.RcodeServerFailure)}, "lookup example.com. on SERVER: server misbehaving"},
		"the resolver is silent":     {map[string]reply{atTop: silent}, "timeout"},
		"the resolver knows nothing": {nil, "knows no zone above api.example.com"},
		"the parent zone fails": {map[string]reply{atTop: answered("example.com.", "a.ns.example.com.", "b.ns.example.com."), atZone: failing(dns.RcodeServerFailure)},
			"a.ns.example.com, name server of example.com: it answers SERVFAIL; b.ns.example.com, name server of example.com: it answers SERVFAIL"},
		"the parent zone is elsewhere": {map[string]reply{atTop: top, atZone: failing(dns.RcodeRefused)}, "it answers REFUSED"},
		"it refers upwards":            {map[string]reply{atTop: top, atZone: referred(".", "a.root-servers.test.")}, "it does not have that zone"},
		"it refers to itself":          {map[string]reply{atTop: top, atZone: referred("example.com.", "a.ns.example.com.")}, "it does not have that zone"},
		"it says nothing":              {map[string]reply{atTop: top, atZone: answered("api.example.com.")}, "it does not have that zone"},
		"it is silent":                 {map[string]reply{atTop: top, atZone: silent}, "timeout"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFake(t, test.answers)
			began := time.Now()
			err := Check(t.Context(), zone, own(), Options{Server: f.addr, Timeout: 500 * time.Millisecond, Skip: "set project:checkDelegation to false"})
			if took := time.Since(began); took > 4*time.Second {
				t.Errorf("it took %v", took)
			}
			failed, ok := errors.AsType[*UnreachableError](err)
			if !ok || failed.Zone != zone || errors.Unwrap(failed) == nil {
				t.Fatalf("error %#v; asked %q", err, f.asked)
			}
			const begin = "cannot check the delegation of zone api.example.com, because DNS gives no answer: check the network, or set project:checkDelegation to false: "
			if asked := f.questions("udp no recursion"); name == "it refers upwards" && len(asked) != 1 {
				t.Errorf("asked %q", asked)
			}
			if text := strings.ReplaceAll(err.Error(), f.addr, "SERVER"); !strings.HasPrefix(text, begin) || !strings.Contains(text, test.want) || strings.Contains(text, "\n") {
				t.Errorf("message %q, want %q", text, test.want)
			}
		})
	}
}

// TestServers checks that one server with the right answer is enough, and that
// servers without an answer do not matter.
func TestServers(t *testing.T) {
	t.Parallel()
	resolver := newFake(t, map[string]reply{atTop: answered("example.com.", "lame.", "old.", "new.", "gone.")})
	addresses := map[string]string{"gone.": "127.0.0.1:0"}
	for name, answer := range map[string]reply{
		"lame.": failing(dns.RcodeRefused), "old.": nodata("example.com."), "new.": referred("api.example.com.", "ns-1.awsdns-01.com."),
	} {
		addresses[name] = newFake(t, map[string]reply{atZone: answer}).addr
	}
	l := newLookup(Options{Server: resolver.addr})
	l.zone, l.want = "api.example.com.", []string{"ns-1.awsdns-01.com."}
	l.addresses = func(_ context.Context, server string) ([]string, error) {
		if server == "gone." {
			return nil, errors.New("no such host")
		}
		return []string{"127.0.0.1:0", addresses[server]}, nil // the first does not answer
	}
	parent, have, err := l.delegation(t.Context())
	if err != nil || parent != "example.com." || !l.right(have) {
		t.Errorf("delegated by %q to %q, %v", parent, have, err)
	}
	l.want = []string{"ns-9.awsdns-09.com."}
	if _, have, err = l.delegation(t.Context()); err != nil || len(have) != 0 {
		t.Errorf("the first answer is not used: %q, %v", have, err)
	}
}

// TestCanceled checks that after a cancellation the error does not advise to
// check the network.
func TestCanceled(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancelCause(t.Context())
	stopped := errors.New("stopped")
	f := newFake(t, map[string]reply{atTop: func(dns.ResponseWriter, *dns.Msg) { cancel(stopped) }})
	began := time.Now()
	err := Check(ctx, zone, own(), Options{Server: f.addr, Timeout: time.Minute})
	if took := time.Since(began); took > 10*time.Second {
		t.Errorf("it continued for %v", took)
	}
	if _, unreachable := errors.AsType[*UnreachableError](err); unreachable || !errors.Is(err, stopped) {
		t.Errorf("error %v", err)
	}
}

func TestBadInput(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		zone    string
		servers []string
		want    string
	}{
		{"", own(), `"": it is not the name of a zone`},
		{".", own(), `".": it is not the name of a zone`},
		{"a..b", own(), `"a..b": it is not the name of a zone`},
		{strings.Repeat("a", 64) + ".com", own(), "it is not the name of a zone"},
		{zone, nil, "zone api.example.com: it has no name servers"},
	} {
		err := Check(t.Context(), test.zone, test.servers, Options{Server: "127.0.0.1:0"})
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%q: %v, want %q", test.zone, err, test.want)
		}
	}
}
