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

// Place is what a request leads to.
type Place struct {
	HTTP   httpapi.Target    // of an HTTP API
	Socket *websocket.Target // of a WebSocket API; nil: HTTP is meant
}

// Locate finds what a request leads to: by domain name, by the host name of an
// API, by the prefix that every API has, else the root's API.
//
// The error is ErrHost for a host that is neither this machine nor an API's, so
// that no page of another site reaches what listens here by a name of its own
// that resolves to 127.0.0.1. It is ErrForbidden for a domain name that maps the
// path to nothing, as commonly reported of AWS, and for a path of a WebSocket
// API that leads to none of its stages (not recorded); else it is ErrNotFound,
// as for an API whose endpoint is disabled
// (https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-disable-default-endpoint.html;
// the status is not recorded).
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
		return Place{}, fmt.Errorf("%w: its endpoint is disabled, and its domain names are open", httpapi.ErrNotFound)
	default:
		return Place{HTTP: httpapi.Target{Host: api.host, Path: path, Stages: s.stages[id]}}, nil
	}
}

// FindHTTP is Locate for a request that an HTTP API answers.
func (a *APIs) FindHTTP(r *http.Request) (httpapi.Target, error) {
	place, err := a.Locate(r)
	if err == nil && place.Socket != nil {
		err = httpapi.ErrForbidden
	}
	return place.HTTP, err
}

// FindSocket is Locate for a request that a WebSocket API answers.
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

// isLocal reports whether a host is this machine's own. No resolver gives a name
// below localhost to another machine
// (https://datatracker.ietf.org/doc/html/rfc6761#section-6.3).
func isLocal(host string) bool {
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return true
	}
	ip, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return err == nil && ip.Unmap().IsLoopback()
}

// endpointOf returns the id of the API whose endpoint has a host name, such as
// ID.execute-api.REGION.amazonaws.com. Below localhost it has a name, too.
func endpointOf(host string) (id string, ok bool) {
	id, rest, _ := strings.Cut(host, ".")
	region, ok := strings.CutPrefix(rest, "execute-api.")
	if !ok {
		return "", false
	}
	_, domain, _ := strings.Cut(region, ".")
	return id, domain == "amazonaws.com" || domain == "localhost" || region == "localhost"
}

// hostName is a host without its port, as names are kept: in lower case, without
// a final dot.
func hostName(host string) string {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	return strings.TrimSuffix(strings.ToLower(host), ".")
}

// domain is the domain name that answers to a host: itself, or a wildcard one
// label up.
func (s *served) domain(host string) (name string, ok bool) {
	if s.domains[host] {
		return host, true
	}
	_, parent, isBelow := strings.Cut(host, ".")
	name = "*." + parent
	return name, isBelow && s.domains[name]
}

// mapped is what a domain name serves at a path. The path that functions see
// keeps the mapping's key, as events from AWS do
// (https://github.com/aws-powertools/powertools-lambda-python/pull/579,
// https://github.com/logandk/serverless-wsgi/pull/224). The documentation denies
// it: "rawPath won't provide the API mapping value"
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

// mapping is the one of a domain name with the longest key that an escaped path
// begins with, and what it takes of the path
// (https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-mappings.html).
// That it takes whole segments, and compares them decoded, is not recorded.
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

// socket is the stage of a WebSocket API that a path begins with.
func (s *served) socket(id, path string) (Place, error) {
	name, rest, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	stage, ok := s.sockets[id][httpapi.Decode(name)]
	if !ok {
		return Place{}, httpapi.ErrForbidden
	}
	return Place{Socket: &websocket.Target{Stage: stage, Rest: socketRest("/" + rest)}}, nil
}

func socketRest(path string) string { return strings.TrimSuffix(httpapi.Decode(path), "/") }
