package acm

import (
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/protobuf/types/known/structpb"

	"skiff/local/aws/route53"
	"skiff/local/engine/provider"
	"skiff/local/store"
)

const (
	account = "111111111111"
	region  = "eu-west-1"
)

// A plane is the control plane of certificates and zones in one store: the
// provider, called as the engine calls it.
type plane struct {
	*Certificates
	db     *store.Store
	zones  *route53.Zones
	aws    *provider.Provider
	mu     sync.Mutex
	inUse  map[string]bool
	passed time.Duration // added to the real time
}

func newPlane(t *testing.T) *plane {
	t.Helper()
	return openPlane(t, t.TempDir())
}

// openPlane opens the plane stored in dir. A validation waits only for an
// instant, unless a test sets a limit.
func openPlane(t *testing.T, dir string) *plane {
	t.Helper()
	db, err := store.Open(dir, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	p := &plane{db: db, zones: route53.New(db), inUse: map[string]bool{}}
	p.Certificates, err = New(Options{Store: db, Dir: dir, Zones: p.zones, Wait: 100 * time.Millisecond, Now: p.now,
		InUse: func(arn string) bool { p.mu.Lock(); defer p.mu.Unlock(); return p.inUse[arn] }})
	if err != nil {
		t.Fatal(err)
	}
	p.aws = provider.New(provider.Options{Name: "aws", Store: db, Account: account, Region: region})
	p.aws.Add(p.zones.Types()...)
	p.aws.Add(p.Types()...)
	return p
}

func (p *plane) now() time.Time {
	p.mu.Lock()
	defer p.mu.Unlock()
	return time.Now().Add(p.passed)
}

func (p *plane) pass(d time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.passed += d
}

func (p *plane) use(arn string, used bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.inUse[arn] = used
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

func (p *plane) declare(t *testing.T, token, name string, in properties) (string, properties) {
	t.Helper()
	id, out, err := p.create(t, token, name, in)
	if err != nil {
		t.Fatal(err)
	}
	return id, out
}

// read returns the current outputs.
func (p *plane) read(t *testing.T, token, id string) properties {
	t.Helper()
	r, err := p.aws.Read(t.Context(), &pulumirpc.ReadRequest{Type: token, Id: id})
	if err != nil || r.Id == "" {
		t.Fatalf("read %s: %v, %v", id, r, err)
	}
	return r.Properties.AsMap()
}

func (p *plane) delete(t *testing.T, token, id string) error {
	t.Helper()
	_, err := p.aws.Delete(t.Context(), &pulumirpc.DeleteRequest{Type: token, Id: id})
	return err
}

// zone declares a zone and returns its id and name servers.
func (p *plane) zone(t *testing.T, name string) (string, []any) {
	t.Helper()
	id, out := p.declare(t, route53.ZoneToken, name, properties{"name": name})
	return id, out["nameServers"].([]any)
}

func (p *plane) record(t *testing.T, zone, name, recordType string, values ...any) string {
	t.Helper()
	id, _ := p.declare(t, route53.RecordToken, name+" "+recordType, properties{"zoneId": zone, "name": name, "type": recordType, "ttl": 60, "records": values})
	return id
}

// request declares a certificate for some names and returns its ARN and
// outputs. It uses the fastest key algorithm.
func (p *plane) request(t *testing.T, names ...string) (string, properties) {
	t.Helper()
	in := properties{"domainName": names[0], "validationMethod": "DNS", "keyAlgorithm": "EC_prime256v1"}
	var others []any
	for _, name := range names[1:] {
		others = append(others, name)
	}
	if others != nil {
		in["subjectAlternativeNames"] = others
	}
	return p.declare(t, CertificateToken, strings.Join(names, " "), in)
}

// prove declares the validation records of a certificate in a zone, without
// duplicates.
func (p *plane) prove(t *testing.T, zone string, certificate properties) (ids []string) {
	t.Helper()
	seen := map[any]bool{}
	for _, o := range certificate["domainValidationOptions"].([]any) {
		option := o.(properties)
		if name := option["resourceRecordName"]; !seen[name] {
			seen[name] = true
			ids = append(ids, p.record(t, zone, name.(string), "CNAME", option["resourceRecordValue"]))
		}
	}
	return ids
}

// obtain declares a zone, a certificate for names in it, its records and its
// validation.
func (p *plane) obtain(t *testing.T, zone string, names ...string) (arn string) {
	t.Helper()
	id, _ := p.zone(t, zone)
	arn, out := p.request(t, names...)
	p.prove(t, id, out)
	p.declare(t, ValidationToken, "validation "+zone, properties{"certificateArn": arn})
	return arn
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
