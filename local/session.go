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

// defaultAddr is the default address of the gateway.
const defaultAddr = "127.0.0.1:8080"

// session describes a running local cloud to commands in other terminals, and
// to its next start.
type session struct {
	PID     int
	Serving bool            // false if it runs one command only
	Addr    string          // of the gateway
	Stack   string          // whose API answers there
	Control inspect.Control `json:"At"` // how commands reach the cloud
	DNS     string          // address of the DNS server for the zones
	Inert   string          // its -inert flags, comma-separated

	// Operator is the environment of commands that a person runs: the endpoints
	// of the services, and keys for them.
	Operator []string
}

// use sets the addresses of an open cloud.
func (s *session) use(c *cloud.Cloud) {
	s.Control, s.DNS, s.Operator = c.Control, c.DNS, c.Operator
}

func (p project) sessionFile() string { return filepath.Join(p.state, "session.json") }

// lastSession returns the running or last session, or the defaults if there was
// none.
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

// engineURL checks the URL of an engine for the items. It must be on this
// machine, so that no item leaves it.
func engineURL(text string) (string, error) {
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "http" || u.Host == "" || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.User != nil {
		return "", fmt.Errorf("the URL must be http://HOST:PORT, such as http://127.0.0.1:8000")
	}
	if !isLoopback(u.Hostname()) {
		return "", fmt.Errorf("%s is not a loopback address: use http://127.0.0.1:%s", u.Host, cmp.Or(u.Port(), "8000"))
	}
	return "http://" + u.Host, nil
}

// listen listens at the gateway's address, which must be a loopback address.
func listen(addr string) (net.Listener, error) {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, fmt.Errorf("-addr %q is not HOST:PORT, such as %s", addr, defaultAddr)
	}
	if !isLoopback(host) {
		return nil, fmt.Errorf("-addr %q is not a loopback address: use 127.0.0.1:%s", addr, port)
	}
	l, err := net.Listen("tcp", strings.Replace(addr, "localhost", "127.0.0.1", 1))
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, fmt.Errorf("port %s of %s is in use: end the process that listens there, or use a free port: -addr %s:0", port, host, host)
	}
	if err != nil {
		return nil, fmt.Errorf("-addr %q: %w", addr, err)
	}
	return l, nil
}
