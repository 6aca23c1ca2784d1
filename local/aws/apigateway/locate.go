package apigateway

import (
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"

	"skiff/local/aws/apigateway/httpapi"
	"skiff/local/aws/apigateway/websocket"
)

// Place is the target of a request.
type Place struct {
	HTTP   httpapi.Target    // of an HTTP API
	Socket *websocket.Target // of a WebSocket API; nil for an HTTP API
}

// Locate finds the target of a request: by domain name, by the host name of an
// API's endpoint, by the path prefix of an API, or else the API at the root.
// Its errors are:
//
//   - ErrHost for a host that is neither this machine nor an API's. Otherwise a page of another site could reach this machine through its own name that resolves to 127.0.0.1.
//   - ErrForbidden for a path that no mapping of its domain name covers, as commonly reported of AWS. The same for a path that names no stage of a WebSocket API (not recorded).
//   - ErrNotFound for everything else, such as an API whose endpoint is disabled (https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-disable-default-endpoint.html; the status is not recorded).
func (a *APIs) Locate(r *http.Request) (Place, error) {
	s, err := a.served()
	if err != nil {
		return Place{}, fmt.Errorf("%w: %w", httpapi.ErrNotFound, err)
	}
	host, path := hostName(r.Host), r.URL.EscapedPath()
	if domain, ok := s.domain(host); ok {
		return s.mapped(domain, host, path)
	}
	id, isEndpoint := endpointOf(host)
	if !isEndpoint && !isLocal(host) {
		return Place{}, fmt.Errorf("%w: %q", httpapi.ErrHost, host)
	}
	if rest, ok := strings.CutPrefix(path, prefix); ok && !isEndpoint {
		id, path, _ = strings.Cut(rest, "/")
		path = "/" + path
	} else if !isEndpoint {
		id = s.root
	}
	switch api, ok := s.apis[id]; {
	case !ok:
		return Place{}, fmt.Errorf("%w as %s", httpapi.ErrNotFound, id)
	case api.isSocket:
		return s.socket(id, path)
	case api.disabled:
		return Place{}, fmt.Errorf("%w: its endpoint is disabled; use one of its domain names", httpapi.ErrNotFound)
	default:
		return Place{HTTP: httpapi.Target{Host: api.host, Path: path, Stages: s.stages[id]}}, nil
	}
}

// FindHTTP returns the target of a request to an HTTP API.
func (a *APIs) FindHTTP(r *http.Request) (httpapi.Target, error) {
	place, err := a.Locate(r)
	if err == nil && place.Socket != nil {
		err = httpapi.ErrForbidden
	}
	return place.HTTP, err
}

// FindSocket returns the target of a request to a WebSocket API.
func (a *APIs) FindSocket(r *http.Request) (websocket.Target, error) {
	place, err := a.Locate(r)
	if err == nil && place.Socket == nil {
		err = httpapi.ErrForbidden
	}
	if err != nil {
		return websocket.Target{}, err
	}
	return *place.Socket, nil
}

// isLocal reports whether a host is this machine. Resolvers give names below
// localhost to no other machine
// (https://datatracker.ietf.org/doc/html/rfc6761#section-6.3).
func isLocal(host string) bool {
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return true
	}
	ip, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return err == nil && ip.Unmap().IsLoopback()
}

// endpointOf returns the id of the API whose endpoint has a host name, such as
// ID.execute-api.REGION.amazonaws.com. The endpoint also has a name below
// localhost.
func endpointOf(host string) (id string, ok bool) {
	id, rest, _ := strings.Cut(host, ".")
	region, ok := strings.CutPrefix(rest, "execute-api.")
	if !ok {
		return "", false
	}
	_, domain, _ := strings.Cut(region, ".")
	return id, domain == "amazonaws.com" || domain == "localhost" || region == "localhost"
}

// hostName returns a host without its port, in lower case and without a
// trailing dot.
func hostName(host string) string {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	return strings.TrimSuffix(strings.ToLower(host), ".")
}

// domain returns the domain name for a host: the same name, or a wildcard one
// label up.
func (s *served) domain(host string) (name string, ok bool) {
	if s.domains[host] {
		return host, true
	}
	_, parent, isBelow := strings.Cut(host, ".")
	name = "*." + parent
	return name, isBelow && s.domains[name]
}

// mapped returns the target of a path of a domain name. The path that functions
// see keeps the mapping's key, as in recorded events from AWS
// (https://github.com/aws-powertools/powertools-lambda-python/pull/579,
// https://github.com/logandk/serverless-wsgi/pull/224). AWS documents the
// opposite: "rawPath won't provide the API mapping value"
// (https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html).
func (s *served) mapped(domain, host, path string) (Place, error) {
	m, base, found := s.mapping(domain, path)
	if !found {
		return Place{}, httpapi.ErrForbidden
	}
	if stage, ok := s.sockets[m.APIID][m.Stage]; ok {
		return Place{Socket: &websocket.Target{Stage: stage, Rest: socketRest(path[len(base):])}}, nil
	}
	stages := s.stages[m.APIID]
	i := slices.IndexFunc(stages, func(stage httpapi.Stage) bool { return stage.Name == m.Stage })
	if i < 0 {
		return Place{}, httpapi.ErrForbidden
	}
	return Place{HTTP: httpapi.Target{Host: host, Path: path, Stages: stages[i : i+1], Mapped: true, Base: base}}, nil
}

// mapping returns the mapping of a domain name with the longest key that
// matches the beginning of an escaped path. base is that beginning
// (https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-mappings.html).
// It compares whole segments, decoded; both are not recorded.
func (s *served) mapping(domain, path string) (m MappingInputs, base string, found bool) {
	segments := strings.Split(path, "/")[1:]
	for _, m := range s.mappings[domain] {
		if m.Key == "" {
			return m, "", true
		}
		key := strings.Split(m.Key, "/")
		if len(key) > len(segments) || !slices.EqualFunc(key, segments[:len(key)], func(a, b string) bool { return a == httpapi.Decode(b) }) {
			continue
		}
		return m, "/" + strings.Join(segments[:len(key)], "/"), true
	}
	return m, "", false
}

// socket returns the stage of a WebSocket API with which a path begins.
func (s *served) socket(id, path string) (Place, error) {
	name, rest, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	stage, ok := s.sockets[id][httpapi.Decode(name)]
	if !ok {
		return Place{}, httpapi.ErrForbidden
	}
	return Place{Socket: &websocket.Target{Stage: stage, Rest: socketRest("/" + rest)}}, nil
}

func socketRest(path string) string { return strings.TrimSuffix(httpapi.Decode(path), "/") }
