package route53

import (
	"context"
	"errors"
	"strings"
	"testing"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/protobuf/types/known/structpb"

	"skiff/local/engine/provider"
	"skiff/local/store"
)

const (
	account = "111111111111"
	other   = "222222222222"
)

// A plane is the control plane: the provider, called as the engine calls it.
type plane struct {
	*Zones
	db  *store.Store
	aws *provider.Provider
}

func newPlane(t *testing.T) *plane {
	t.Helper()
	return openPlane(t, t.TempDir())
}

func openPlane(t *testing.T, dir string) *plane {
	t.Helper()
	db, err := store.Open(dir, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	p := &plane{Zones: New(db), db: db}
	p.aws = provider.New(provider.Options{Name: "aws", Store: db, Account: account, Region: "eu-west-1"})
	zones, records := resourceTypes(p.Zones)
	p.aws.Add(zones, records)
	return p
}

type properties = map[string]any

func encode(t *testing.T, m properties) *structpb.Struct {
	t.Helper()
	s, err := structpb.NewStruct(m)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func urnOf(token, name string) string { return "urn:pulumi:local::project::" + token + "::" + name }

// create checks and creates a resource, and returns its id and outputs. It
// returns Check's problems as an error.
func (p *plane) create(t *testing.T, token, name string, in properties) (string, properties, error) {
	t.Helper()
	urn := urnOf(token, name)
	checked, err := p.aws.Check(t.Context(), &pulumirpc.CheckRequest{Type: token, Urn: urn, News: encode(t, in), Name: name})
	if err != nil {
		return "", nil, err
	}
	var refused error
	for _, f := range checked.Failures {
		refused = errors.Join(refused, errors.New(f.Property+": "+f.Reason))
	}
	if refused != nil {
		return "", nil, refused
	}
	r, err := p.aws.Create(t.Context(), &pulumirpc.CreateRequest{Type: token, Urn: urn, Properties: checked.Inputs})
	if err != nil {
		return "", nil, err
	}
	return r.Id, r.Properties.AsMap(), nil
}

func (p *plane) update(t *testing.T, token, name, id string, in properties) (properties, error) {
	t.Helper()
	r, err := p.aws.Update(t.Context(), &pulumirpc.UpdateRequest{Type: token, Urn: urnOf(token, name), Id: id, News: encode(t, in)})
	if err != nil {
		return nil, err
	}
	return r.Properties.AsMap(), nil
}

func (p *plane) delete(t *testing.T, token, name, id string, in properties) error {
	t.Helper()
	_, err := p.aws.Delete(context.Background(), &pulumirpc.DeleteRequest{Type: token, Urn: urnOf(token, name), Id: id, Properties: encode(t, in)})
	return err
}

// zone declares a zone. Its logical name is its domain name, unless another
// name is given.
func (p *plane) declareZone(t *testing.T, name string, logical ...string) (store.Record[Zone], properties) {
	t.Helper()
	logical = append(logical, name)
	id, out, err := p.create(t, ZoneToken, logical[0], properties{"name": name})
	if err != nil {
		t.Fatal(err)
	}
	r, err := store.Get[Zone](p.db, ZoneToken, id)
	if err != nil {
		t.Fatal(err)
	}
	return r, out
}

// record returns the inputs of a record.
func record(zone store.Record[Zone], name, recordType string, values ...any) properties {
	return properties{"zoneId": zone.ID, "name": name, "type": recordType, "ttl": 60, "records": values}
}

func alias(zone store.Record[Zone], name, recordType, target, targetZone string) properties {
	return properties{"zoneId": zone.ID, "name": name, "type": recordType, "aliases": []any{
		properties{"name": target, "zoneId": targetZone, "evaluateTargetHealth": false},
	}}
}

func (p *plane) declareRecord(t *testing.T, logical string, in properties) string {
	t.Helper()
	id, _, err := p.create(t, RecordToken, logical, in)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// delegate declares the NS records of a zone in the zone above it.
func (p *plane) delegate(t *testing.T, parent, child store.Record[Zone]) {
	t.Helper()
	p.declareRecord(t, "delegate "+child.ID, record(parent, child.Inputs.Name, "NS", anys(nameServers(child.ID))...))
}

func anys(texts []string) []any {
	var all []any
	for _, text := range texts {
		all = append(all, text)
	}
	return all
}

func wantFailure(t *testing.T, what string, err error, parts ...string) {
	t.Helper()
	if err == nil {
		t.Errorf("%s: no error, want %q", what, parts)
		return
	}
	for _, part := range parts {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("%s: %v, want %q", what, err, part)
		}
	}
}
