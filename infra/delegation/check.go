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

// defaultTimeout limits all queries of a check together.
const defaultTimeout = 5 * time.Second

// maxSteps limits the zones between the nearest one that a resolver knows and
// the zone that is looked for.
const maxSteps = 8

// Options of Check.
type Options struct {
	// Server, as host and port, receives every query if it is set. It replaces
	// the system's resolver and all name servers. Use it for a private DNS.
	Server string

	// Timeout limits all queries together; 0 means 5 seconds.
	Timeout time.Duration

	// Meanwhile is the hint of a NotDelegatedError: what people can do until
	// the zone is delegated. Skip is the hint of an UnreachableError: how to
	// skip the check. It follows the word "or". Both may be empty.
	Meanwhile, Skip string
}

// Check asks the parent zone for the delegation of zone. It returns nil if the
// parent lists at least one of nameServers and no other servers. Otherwise it
// returns a *NotDelegatedError, or an *UnreachableError if DNS gave no usable
// answer. It returns another error if zone or nameServers is not valid, or if
// ctx ends. It ignores case and a dot at the end of a name.
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
	// Package net stops a query at the deadline but not when the caller
	// cancels. So Check does not wait for it then.
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

// lookup is one check. All its names are canonical: in lower case, with the dot
// at the end.
type lookup struct {
	zone      string
	want      []string
	server    string // replaces the system's resolver unless it is empty
	resolver  *net.Resolver
	addresses func(ctx context.Context, server string) ([]string, error) // returns a name server's addresses, as host and port
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

// resolve returns the addresses of a name server. It prefers IPv4, because many
// machines have an IPv6 address without a route.
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

// delegation returns the parent zone, and the name servers that it lists for
// the zone. There may be none.
func (l *lookup) delegation(ctx context.Context) (parent string, have []string, err error) {
	parent, servers, err := l.nearestZone(ctx)
	for range maxSteps {
		if err != nil {
			break
		}
		var got answer
		if got, err = l.askAll(ctx, parent, servers); err == nil && got.closer == "" {
			return parent, got.servers, nil
		}
		parent, servers = got.closer, got.servers
	}
	if err == nil {
		err = fmt.Errorf("there are more than %d zones above it", maxSteps)
	}
	return "", nil, err
}

// nearestZone returns the nearest zone above that a resolver knows, and its
// name servers. Not every name above is a zone: the parent zone of
// api.eu.example.com may be example.com.
func (l *lookup) nearestZone(ctx context.Context) (parent string, servers []string, err error) {
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

// right reports whether the parent lists at least one server and only servers
// of the zone. With a wrong server, some resolvers would ask the wrong place.
func (l *lookup) right(have []string) bool {
	return len(have) > 0 && !slices.ContainsFunc(have, func(server string) bool { return !slices.Contains(l.want, server) })
}

// plain returns a name without the dot at its end.
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
