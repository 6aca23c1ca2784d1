package delegation

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"time"

	"github.com/miekg/dns"
)

// defaultTimeout is for all questions together.
const defaultTimeout = 5 * time.Second

// maxSteps is how many zones may lie between the nearest one that a resolver
// knows and the one that is looked for.
const maxSteps = 8

// Options say whom to ask, and how long.
type Options struct {
	// Server, host and port, gets every question instead of the system's
	// resolver and the name servers it leads to. It is for a DNS of one's own,
	// which stands for all of them.
	Server string

	// Timeout is for all questions together; 0 means 5 seconds.
	Timeout time.Duration

	// Meanwhile says what people can do until the zone is delegated, and Skip, in
	// words that follow an "or", how to go on without the check where DNS is out
	// of reach. Each may be empty.
	Meanwhile, Skip string
}

// Check asks the zone above zone for its delegation. It is nil if that names
// one of nameServers or more, and no others. Else it is a *NotDelegatedError,
// or an *UnreachableError if DNS gave no answer to judge by. Upper and lower
// case are the same, and so are names with and without a dot at their end.
func Check(ctx context.Context, zone string, nameServers []string, o Options) error {
	name := dns.CanonicalName(zone)
	if _, ok := dns.IsDomainName(name); !ok || name == "." {
		return fmt.Errorf("check the delegation of %q: it is not the name of a zone", zone)
	}
	if len(nameServers) == 0 {
		return fmt.Errorf("check the delegation of zone %s: it has no name servers", zone)
	}
	if o.Timeout <= 0 {
		o.Timeout = defaultTimeout
	}
	within, cancel := context.WithTimeout(ctx, o.Timeout)
	defer cancel()
	l := newLookup(o)
	l.zone = name
	for _, server := range nameServers {
		l.want = append(l.want, dns.CanonicalName(server))
	}
	// Package net heeds the deadline of a question that is under way, not that
	// its caller gives up.
	judged := make(chan error, 1)
	go func() { judged <- l.judge(within, o) }()
	select {
	case err := <-judged:
		if err == nil || ctx.Err() == nil {
			return err
		}
	case <-ctx.Done():
	}
	return fmt.Errorf("check the delegation of zone %s: %w", plain(name), context.Cause(ctx))
}

func (l *lookup) judge(ctx context.Context, o Options) error {
	parent, have, err := l.delegation(ctx)
	switch {
	case err != nil:
		return &UnreachableError{Zone: plain(l.zone), Hint: o.Skip, Err: err}
	case l.right(have):
		return nil
	}
	return &NotDelegatedError{Zone: plain(l.zone), Parent: plain(parent), Hint: o.Meanwhile, Want: plains(l.want), Have: plains(have)}
}

// lookup is one check. All names in it are canonical: lower case, with the dot
// at the end.
type lookup struct {
	zone      string
	want      []string
	server    string // instead of the system's resolver, "" for that
	resolver  *net.Resolver
	addresses func(ctx context.Context, server string) ([]string, error) // of a name server, host and port
}

func newLookup(o Options) *lookup {
	if o.Server == "" {
		l := &lookup{resolver: net.DefaultResolver}
		l.addresses = l.resolve
		return l
	}
	resolver := &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, network, o.Server)
	}}
	return &lookup{server: o.Server, resolver: resolver, addresses: func(context.Context, string) ([]string, error) { return []string{o.Server}, nil }}
}

// resolve finds a name server, by IPv4 where it has that: many machines have
// an IPv6 address and no way to use it.
func (l *lookup) resolve(ctx context.Context, server string) ([]string, error) {
	var failures error
	for _, network := range []string{"ip4", "ip6"} {
		found, err := l.resolver.LookupNetIP(ctx, network, server)
		if err != nil {
			failures = errors.Join(failures, err)
			continue
		}
		var all []string
		for _, address := range found {
			all = append(all, net.JoinHostPort(address.String(), "53"))
		}
		return all, nil
	}
	return nil, failures
}

// delegation is the zone above and the name servers it names, none if it names
// none.
func (l *lookup) delegation(ctx context.Context) (parent string, have []string, err error) {
	parent, servers, err := l.above(ctx)
	for range maxSteps {
		if err != nil {
			break
		}
		var told answer
		if told, err = l.askAll(ctx, parent, servers); err == nil && told.closer == "" {
			return parent, told.servers, nil
		}
		parent, servers = told.closer, told.servers
	}
	if err == nil {
		err = fmt.Errorf("more than %d zones lie above it", maxSteps)
	}
	return "", nil, err
}

// above is the nearest zone above that a resolver knows, and its name servers.
// A name above need not be a zone: that of api.eu.example.com may be
// example.com.
func (l *lookup) above(ctx context.Context) (parent string, servers []string, err error) {
	parent = l.zone
	for parent != "." {
		if _, parent, _ = strings.Cut(parent, "."); parent == "" {
			parent = "."
		}
		found, err := l.resolver.LookupNS(ctx, parent)
		for _, ns := range found {
			servers = append(servers, dns.CanonicalName(ns.Host))
		}
		if len(servers) > 0 {
			return parent, servers, nil
		}
		failed, ok := errors.AsType[*net.DNSError](err)
		if ok && l.server != "" {
			failed.Server = l.server // package net names the system's
		}
		if err != nil && !(ok && failed.IsNotFound) {
			return "", nil, err
		}
	}
	return "", nil, fmt.Errorf("the resolver knows no zone above %s, not even the root", plain(l.zone))
}

// right tells whether the servers that a zone above names are all the zone's
// own. One that is not would have some resolvers look in the wrong place.
func (l *lookup) right(have []string) bool {
	return len(have) > 0 && !slices.ContainsFunc(have, func(server string) bool { return !slices.Contains(l.want, server) })
}

// plain is a name as people write it.
func plain(name string) string {
	if name == "." {
		return "the root zone"
	}
	return strings.TrimSuffix(name, ".")
}

func plains(names []string) []string {
	var all []string
	for _, name := range names {
		all = append(all, plain(name))
	}
	slices.Sort(all)
	return slices.Compact(all)
}
