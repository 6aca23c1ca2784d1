package main

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"skiff/local/cloud"
	"skiff/local/inspect"
)

// defaultAddr is where the gateway listens unless the command line says.
const defaultAddr = "127.0.0.1:8080"

// session is what a running local cloud tells the commands of other terminals,
// and a later one of itself.
type session struct {
	PID     int
	Serving bool            // false while it lives for one command
	Addr    string          // of the gateway
	Stack   string          // whose API answers there
	Control inspect.Control `json:"At"` // where its commands reach the cloud
	DNS     string          // address of the server that knows the zones
	Inert   string          // what its -inert says

	// Operator is the environment of a person's commands: where the services of
	// the cloud are, and keys that they take.
	Operator []string
}

// use notes where the services of an open cloud are.
func (s *session) use(c *cloud.Cloud) {
	s.Control, s.DNS, s.Operator = c.Control, c.DNS, c.Operator
}

func (p project) sessionFile() string { return filepath.Join(p.state, "session.json") }

// lastSession is the session that runs, or the last one that did; one that
// never was has the default address.
func (p project) lastSession() (session, error) {
	s := session{Addr: defaultAddr, Stack: defaultStack}
	data, err := os.ReadFile(p.sessionFile())
	if errors.Is(err, fs.ErrNotExist) {
		return s, nil
	}
	if err != nil {
		return s, err
	}
	return s, json.Unmarshal(data, &s)
}

func (p project) writeSession(s session) error {
	data, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return err
	}
	tmp := p.sessionFile() + ".tmp"
	if err := os.WriteFile(tmp, data, 0o600); err != nil {
		return err
	}
	return os.Rename(tmp, p.sessionFile())
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// engineURL is where an engine for the items is on this machine: no item is to
// leave it.
func engineURL(text string) (string, error) {
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "http" || u.Host == "" || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.User != nil {
		return "", fmt.Errorf("it is not http://HOST:PORT, such as http://127.0.0.1:8000")
	}
	if !isLoopback(u.Hostname()) {
		return "", fmt.Errorf("%s is not an address of this machine alone: use http://127.0.0.1:%s", u.Host, cmp.Or(u.Port(), "8000"))
	}
	return "http://" + u.Host, nil
}

// listen opens the gateway's address, which must be this machine's own.
func listen(addr string) (net.Listener, error) {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, fmt.Errorf("-addr %q is not HOST:PORT, such as %s", addr, defaultAddr)
	}
	if !isLoopback(host) {
		return nil, fmt.Errorf("-addr %q is not an address of this machine alone: use 127.0.0.1:%s", addr, port)
	}
	l, err := net.Listen("tcp", strings.Replace(addr, "localhost", "127.0.0.1", 1))
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, fmt.Errorf("port %s of %s is in use: end what listens there, or choose another with -addr %s:0", port, host, host)
	}
	if err != nil {
		return nil, fmt.Errorf("-addr %q: %w", addr, err)
	}
	return l, nil
}
