package provider

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/protobuf/types/known/structpb"

	"skiff/local/store"
)

const (
	lampToken = "test:index/lamp:Lamp"
	bulbToken = "test:index/bulb:Bulb"
	fuseToken = "test:index/fuse:Fuse"
	whoToken  = "test:index/who:who"
)

// A lamp is a resource type with all kinds of properties.
type lamp struct {
	Name    string            `json:"name" aws:"replace"`
	Colour  string            `json:"colour,omitempty" aws:"required"`
	Watts   int               `json:"watts,omitempty"`
	Ratio   float64           `json:"ratio,omitempty"`
	On      *bool             `json:"on,omitempty"`
	Socket  *socket           `json:"socket,omitempty"`
	Sockets []socket          `json:"sockets,omitempty"`
	Code    *Archive          `json:"code,omitempty"`
	Room    string            `json:"room,omitempty" aws:"replace"`
	Tags    map[string]string `json:"tags,omitempty"`
}

type socket struct {
	Volts int    `json:"volts" aws:"required"`
	Plug  string `json:"plug,omitempty"`
}

type lampOutputs struct {
	ARN    string `json:"arn"`
	Colour string `json:"colour"`
	Uses   string `json:"uses"`
}

// A bulb is a type whose id is unique only within its lamp.
type bulb struct {
	Lamp string `json:"lamp" aws:"required,replace"`
	Slot string `json:"slot" aws:"required,replace"`
	Code string `json:"code,omitempty"`
}

// A fuse is a type whose id is unique only in an account and region.
type fuse struct {
	Slot string `json:"slot" aws:"required,replace"`
	Amps int    `json:"amps,omitempty"`
}

// A fixture is a running provider and a record of the calls to its types.
type fixture struct {
	addr, roleAddr string // roleAddr is for a program with a role

	provider *Provider
	store    *store.Store
	dir      string

	// Each create of a lamp sends to entered, then receives from hold. Both are
	// nil if a test does not block creates.
	hold, entered chan struct{}

	mu      sync.Mutex
	regions []string
	owners  []string // account ids
	deleted []string
	files   []File

	denied string   // an action that every role lacks
	asked  []Action // the actions that roles needed
}

func newFixture(t *testing.T) *fixture {
	t.Helper()
	db, err := store.Open(t.TempDir(), 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	f := &fixture{store: db, dir: t.TempDir()}
	p := New(Options{Name: "test", Version: "1.2.3", Store: db, Account: "111111111111", Region: "eu-west-1", Config: []string{"region", "profile", "maxRetries", "allowedAccountIds", "defaultTags", "assumeRole", "assumeRoles", "skipRegionValidation"}, Permit: f.permit, Assume: assume})
	p.Add(f.lamps(), &Resource[bulb, struct{}]{
		Token: bulbToken,
		ID:    func(_ Call, in bulb) string { return in.Slot },
		Key:   func(id string, in bulb) string { return in.Lamp + "/" + id },
		Delete: func(_ context.Context, _ Call, r store.Record[bulb]) error {
			f.note(&f.deleted, r.Inputs.Lamp)
			return nil
		},
	}, &Resource[fuse, struct{}]{
		Token: fuseToken, Regional: true,
		ID: func(_ Call, in fuse) string { return in.Slot },
	})
	p.AddInvoke("test:index/where:where", func(c Call, args map[string]any) (map[string]any, error) {
		if args["fail"] == true {
			return nil, errors.New("nowhere")
		}
		return map[string]any{"region": c.Region, "account": c.Account}, nil
	})
	p.AddInvoke(whoToken, func(c Call, _ map[string]any) (map[string]any, error) {
		return map[string]any{"caller": c.Caller}, nil
	})
	f.provider = p
	f.addr = f.serve(t, p.For(f.dir, ""))
	f.roleAddr = f.serve(t, p.For(f.dir, "arn:aws:sts::111111111111:assumed-role/deploy/job"))
	return f
}

// serve serves the provider until the test ends, then stops before the store is
// closed.
func (f *fixture) serve(t *testing.T, p *Provider) (addr string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server, done := p.Server(), make(chan error)
	go func() { done <- server.Serve(l) }()
	t.Cleanup(func() {
		server.Stop()
		<-done
	})
	return l.Addr().String()
}

func (f *fixture) permit(caller string, a Action) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.asked = append(f.asked, a)
	if a.Name == f.denied {
		return fmt.Errorf("AccessDenied: %s may not %s on %s", caller, a.Name, a.Resource)
	}
	return nil
}

// assume appends the role to the caller. The role "none" trusts no caller.
func assume(caller, role, session string) (string, error) {
	name := role[strings.LastIndexByte(role, '/')+1:]
	if name == "none" {
		return "", errors.New("AccessDenied: no trust")
	}
	return caller + " " + name + "/" + session, nil
}

func (f *fixture) lamps() *Resource[lamp, lampOutputs] {
	return &Resource[lamp, lampOutputs]{
		Token: lampToken, Named: "name", MaxName: 20, Outside: true, Volatile: []string{"uses"},
		Check: func(in lamp) []Problem {
			if in.Colour == "black" {
				return []Problem{{"colour", "gives no light"}}
			}
			return nil
		},
		ID:      func(_ Call, in lamp) string { return in.Name },
		Create:  f.create,
		Actions: lampActions,
		Update: func(_ context.Context, _ Call, old store.Record[lamp], r *store.Record[lamp]) error {
			r.State["uses"] += "u"
			return nil
		},
		Delete: func(_ context.Context, _ Call, r store.Record[lamp]) error { f.note(&f.deleted, r.ID); return nil },
		Describe: func(r store.Record[lamp]) lampOutputs {
			return lampOutputs{ARN: "arn:" + r.ID, Colour: r.Inputs.Colour, Uses: r.State["uses"]}
		},
	}
}

func (f *fixture) create(ctx context.Context, c Call, r *store.Record[lamp]) error {
	if f.hold != nil {
		f.entered <- struct{}{}
		select {
		case <-f.hold:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	switch r.Inputs.Colour {
	case "panic":
		panic("a short circuit")
	case "fail":
		return errors.New("the bulb is broken")
	}
	f.note(&f.regions, c.Region)
	f.note(&f.owners, r.Account)
	c.Log("lit")
	if r.Inputs.Code != nil {
		files, err := r.Inputs.Code.Files(c.Dir)
		if err != nil {
			return err
		}
		f.files = files
	}
	r.State["uses"] = "c"
	return nil
}

func (f *fixture) note(list *[]string, s string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	*list = append(*list, s)
}

func (f *fixture) noted(list *[]string) string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return strings.Join(*list, " ")
}

// connect connects to the provider, as a provider resource of a program does.
func (f *fixture) connect(t *testing.T) pulumirpc.ResourceProviderClient {
	t.Helper()
	return dial(t, f.addr)
}

func dial(t *testing.T, addr string) pulumirpc.ResourceProviderClient {
	t.Helper()
	conn, err := grpc.NewClient(addr, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return pulumirpc.NewResourceProviderClient(conn)
}

func properties(t *testing.T, m map[string]any) *structpb.Struct {
	t.Helper()
	s, err := structpb.NewStruct(m)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func urn(name string) string { return "urn:pulumi:dev::test::" + lampToken + "::" + name }

func create(t *testing.T, c pulumirpc.ResourceProviderClient, token, urn string, inputs map[string]any) (*pulumirpc.CreateResponse, error) {
	t.Helper()
	return c.Create(t.Context(), &pulumirpc.CreateRequest{Type: token, Urn: urn, Properties: properties(t, inputs)})
}

func mustCreate(t *testing.T, c pulumirpc.ResourceProviderClient, token, urn string, inputs map[string]any) *pulumirpc.CreateResponse {
	t.Helper()
	r, err := create(t, c, token, urn, inputs)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// wantError checks that an error contains all parts.
func wantError(t *testing.T, err error, parts ...string) {
	t.Helper()
	if err == nil {
		t.Fatalf("no error; want one with %q", parts)
	}
	for _, part := range parts {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("error %q lacks %q", err, part)
		}
	}
}

func lampActions(o Operation[lamp]) []Action {
	tags := o.Tags(o.Record.ID, "test:Tag", "test:Untag")
	switch o.Verb {
	case Create:
		return append(When(On(o.Record.ID, "test:Make"), "test:Colour", o.Record.Inputs.Colour), tags...)
	case Update:
		if o.Changed("watts", "ratio") {
			tags = append(tags, On(o.Record.ID, "test:Power")...)
		}
		return tags
	case Delete:
		return On(o.Record.ID, "test:Break")
	}
	return On(o.Record.ID, "test:Look")
}
