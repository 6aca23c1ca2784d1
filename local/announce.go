package main

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"

	"skiff/local/cloud"
)

// announce prints the URLs of the stack. Its last line, "ready URL", means that
// the stack is served.
func announce(stdout io.Writer, c *cloud.Cloud, url string) error {
	entries, err := c.Entries()
	if err != nil {
		return err
	}
	slices.SortFunc(entries, func(a, b cloud.Entry) int { return strings.Compare(a.Path+a.Key, b.Path+b.Key) })
	fmt.Fprintln(stdout)
	example, guarded := "", false
	for _, e := range entries {
		method, path, _ := strings.Cut(e.Key, " ")
		note := ""
		if e.Guarded {
			note, guarded = "  (token)", true
		}
		at := ""
		if e.Open {
			at = url + e.Path
		}
		fmt.Fprintf(stdout, "  %-7s %s%s%s\n", method, at, path, note)
		if example == "" && e.Open && method == http.MethodGet && !e.Guarded && !strings.Contains(path, "{") {
			example = at + path
		}
	}
	sockets, err := c.SocketURLs()
	if err != nil {
		return err
	}
	for _, socket := range sockets {
		fmt.Fprintf(stdout, "  connect %s?token=TOKEN\n", socket)
	}
	if err := announceDomains(stdout, c, url); err != nil {
		return err
	}
	if guarded {
		fmt.Fprintln(stdout, "\ntokens: go run ./local token")
	}
	if example != "" {
		fmt.Fprintf(stdout, "\ntry: curl -i %s\n", example)
	}
	fmt.Fprintf(stdout, "\nconsole: %s\n", c.ConsoleURL())
	fmt.Fprintf(stdout, "\nready %s\n", url)
	return nil
}

// seed fills the empty secrets of the stack, as an operator would, and prints
// their names.
func seed(stdout io.Writer, c *cloud.Cloud, project, stack string) error {
	names, err := c.Seed(project, stack)
	for _, name := range names {
		fmt.Fprintf(stdout, "secret %s had no value; it now has a random one\n", name)
	}
	if len(names) > 0 {
		fmt.Fprintln(stdout, "to set a value from a third party: go run ./local exec go run ./infra/key -replace -stdin SECRET")
	}
	return err
}

// announceDomains prints how to reach the domains from this machine, since
// public DNS does not resolve them to it.
func announceDomains(stdout io.Writer, c *cloud.Cloud, url string) error {
	names, err := c.DomainNames()
	if err != nil {
		return err
	}
	host, port, err := net.SplitHostPort(strings.TrimPrefix(url, "http://"))
	for _, name := range names {
		fmt.Fprintf(stdout, "  domain  https://%s:%s  (curl --cacert %s --resolve %[1]s:%[2]s:%[4]s)\n", name, port, c.CAFile(), host)
	}
	return err
}
