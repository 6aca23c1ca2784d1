package apigateway

import (
	"cmp"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"

	"skiff/local/store"
)

// Find tells which HTTP API a request is for, and what of its path is the API's
// own: by domain name, by host name, by the prefix that every API has, else the
// root's. The error is ErrForbidden for a domain name that maps the path to
// nothing, as commonly reported of AWS, and for a path of a WebSocket API that
// leads to none of its stages (not recorded); else it is ErrNotFound, as for an
// API whose endpoint is disabled
// (https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-disable-default-endpoint.html;
// the status is not recorded).
func (a *APIs) Find(r *http.Request) (Target, error) {
	served, err := a.served()
	if err != nil {
		return Target{}, fmt.Errorf("%w: %w", ErrNotFound, err)
	}
	w := a.locate(r)
	if w.domain != "" {
		return served.mappedTarget(w)
	}
	if w.api == "" {
		w.api = a.rootID()
	}
	api, err := store.Get[APIInputs](a.db, APIToken, w.api)
	switch {
	case err != nil:
		return Target{}, fmt.Errorf("%w as %s", ErrNotFound, w.api)
	case api.Inputs.ProtocolType == protocolSocket:
		return Target{}, ErrForbidden
	case api.Inputs.DisableEndpoint:
		return Target{}, fmt.Errorf("%w: its endpoint is disabled, and its domain names are open", ErrNotFound)
	}
	return Target{Host: api.ID + ".execute-api." + api.Region + ".amazonaws.com", Path: w.path, Stages: served.byAPI[api.ID]}, nil
}

// mappedTarget is what a domain name serves at a path. The path that functions
// see keeps the mapping's key, as
// https://github.com/aws-powertools/powertools-lambda-python/pull/579 and
// https://github.com/logandk/serverless-wsgi/pull/224 have it from AWS; the page
// of the payload does not say.
func (s served) mappedTarget(w whereabouts) (Target, error) {
	m, base, found := s.mapping(w.domain, w.path)
	if !found {
		return Target{}, ErrForbidden
	}
	i := slices.IndexFunc(s.byAPI[m.APIID], func(stage Stage) bool { return stage.Name == m.Stage })
	if i < 0 {
		return Target{}, ErrForbidden
	}
	return Target{Host: w.host, Path: w.path, Stages: s.byAPI[m.APIID][i : i+1], Mapped: true, Base: base}, nil
}

// whereabouts is what the address of a request names: a domain name, or an API.
type whereabouts struct {
	host   string // as it was asked for
	domain string // of which host is, if any
	api    string // else the API's id; "": the address names none, and the root is meant
	path   string // escaped, without the local prefix
}

func (a *APIs) locate(r *http.Request) whereabouts {
	w := whereabouts{host: hostName(r.Host), path: r.URL.EscapedPath()}
	if domain, ok := a.domain(w.host); ok {
		w.domain = domain.ID
		return w
	}
	if name, rest, isHost := strings.Cut(w.host, "."); isHost && strings.HasPrefix(rest, "execute-api.") {
		w.api = name
	} else if rest, isPrefix := strings.CutPrefix(w.path, prefix); isPrefix {
		w.api, w.path, _ = strings.Cut(rest, "/")
		w.path = "/" + w.path
	}
	return w
}

// hostName is a host without its port, as names are kept: in lower case, without
// a final dot.
func hostName(host string) string {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	return strings.TrimSuffix(strings.ToLower(host), ".")
}

// mapped are the mappings of each domain name, the longest keys first.
func (a *APIs) mapped() (map[string][]MappingInputs, error) {
	records, err := store.List[MappingInputs](a.db, MappingToken)
	if err != nil {
		return nil, err
	}
	domains := map[string][]MappingInputs{}
	for _, r := range records {
		domains[r.Inputs.DomainName] = append(domains[r.Inputs.DomainName], r.Inputs)
	}
	for _, mappings := range domains {
		slices.SortFunc(mappings, func(m, n MappingInputs) int { return cmp.Compare(len(n.Key), len(m.Key)) })
	}
	return domains, nil
}

// mapping is the one of a domain name with the longest key that an escaped path
// begins with, and what it takes of the path
// (https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-mappings.html).
// That it takes whole segments, and compares them decoded, is not recorded.
func (s served) mapping(domain, path string) (m MappingInputs, base string, found bool) {
	segments := strings.Split(path, "/")[1:]
	for _, m := range s.domains[domain] {
		if m.Key == "" {
			return m, "", true
		}
		key := strings.Split(m.Key, "/")
		if len(key) > len(segments) || !slices.EqualFunc(key, segments[:len(key)], func(a, b string) bool { return a == decode(b) }) {
			continue
		}
		return m, "/" + strings.Join(segments[:len(key)], "/"), true
	}
	return m, "", false
}
