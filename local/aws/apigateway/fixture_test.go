package apigateway

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"skiff/local/engine/provider"
	"skiff/local/store"
)

const (
	gatewayURL  = "http://127.0.0.1:8080"
	functionARN = "arn:aws:lambda:eu-west-1:111111111111:function:f"
)

// A plane is the control plane of APIs. It acts as the provider does: it calls
// a type's functions, then writes the record.
type plane struct {
	*APIs
	db    *store.Store
	clock time.Time
}

func newPlane(t *testing.T) *plane {
	t.Helper()
	db, err := store.Open(t.TempDir(), 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return &plane{APIs: NewAPIs(db, gatewayURL, Root{"project", "local"}, certificates{}), db: db, clock: time.Unix(1e9, 0)}
}

// declare creates a resource that is newer than all others.
func declare[In, Out any](t *testing.T, p *plane, k *provider.Resource[In, Out], id, urn string, in In) error {
	t.Helper()
	p.clock = p.clock.Add(time.Second)
	r := store.Record[In]{ID: id, URN: urn, Account: "111111111111", Region: "eu-west-1", Created: p.clock, Inputs: in, State: map[string]string{}}
	if k.Create != nil {
		if err := k.Create(context.Background(), provider.Call{}, &r); err != nil {
			return err
		}
	}
	key := id
	if k.Key != nil {
		key = k.Key(id, in)
	}
	return store.Put(p.db, k.Token, key, r)
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wantFailure(t *testing.T, what string, err error, part string) {
	t.Helper()
	if err == nil || !strings.Contains(err.Error(), part) {
		t.Errorf("%s: %v, want %q", what, err, part)
	}
}

func apiURN(stack, name string) string {
	return "urn:pulumi:" + stack + "::project::" + APIToken + "::" + name
}

// api declares an API with one integration and the route GET /items.
func (p *plane) declareAPI(t *testing.T, id string) {
	t.Helper()
	must(t, declare(t, p, apis(p.APIs), id, apiURN("local", id), APIInputs{Name: id, ProtocolType: "HTTP"}))
	must(t, declare(t, p, integrations(p.APIs), id+"i", "", IntegrationInputs{APIID: id, IntegrationURI: functionARN, TimeoutMilliseconds: 5000}))
	must(t, declare(t, p, routes(p.APIs), id+"r", "", RouteInputs{APIID: id, RouteKey: "GET /items", Target: "integrations/" + id + "i"}))
}

// keys returns the route keys of each stage of an API.
func (p *plane) keys(t *testing.T, api string) map[string]string {
	t.Helper()
	stages, err := p.Stages()
	must(t, err)
	all := map[string]string{}
	for _, s := range stages[api] {
		var keys []string
		for _, r := range s.Routes {
			keys = append(keys, r.Key)
		}
		slices.Sort(keys)
		all[s.Name] = strings.Join(keys, ",")
	}
	return all
}
