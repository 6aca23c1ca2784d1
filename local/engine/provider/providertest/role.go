package providertest

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/protobuf/types/known/structpb"

	"skiff/local/engine/provider"
	"skiff/local/store"
)

// Account and Region hold all resources.
const (
	Account = "111111111111"
	Region  = "eu-west-1"
)

// Inputs are the inputs of a resource or the arguments of a function, by Pulumi
// name.
type Inputs = map[string]any

// Role is a program whose role may do everything. It records the actions that
// the role needs. Add adds types.
type Role struct {
	*provider.Provider
	mu    sync.Mutex
	asked []string
}

// New returns a program whose resources are in db.
func New(db *store.Store) *Role {
	r := &Role{}
	r.Provider = provider.New(provider.Options{Name: "aws", Store: db, Account: Account, Region: Region, Permit: r.permit}).
		For("", "arn:aws:sts::"+Account+":assumed-role/deploy/job")
	return r
}

func (r *Role) permit(_ string, a provider.Action) error {
	words := []string{a.Name, a.Resource}
	for _, key := range slices.Sorted(maps.Keys(a.Context)) {
		if values := a.Context[key]; key != "aws:RequestedRegion" || !slices.Equal(values, []string{Region}) {
			words = append(words, key+"="+strings.Join(a.Context[key], ","))
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.asked = append(r.asked, strings.Join(words, " "))
	return nil
}

// Asked returns the actions that the role needed since the last call, sorted. A
// line has an action, its resource and its condition keys.
func (r *Role) Asked() []string { return slices.Compact(slices.Sorted(slices.Values(r.take()))) }

// take returns the actions that the role needed since the last call, in order.
func (r *Role) take() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	asked := r.asked
	r.asked = nil
	return asked
}

// Create makes a resource and returns its id.
func (r *Role) Create(t *testing.T, token string, in Inputs) (id string) {
	t.Helper()
	made, err := r.Provider.Create(t.Context(), &pulumirpc.CreateRequest{Type: token, Urn: urn(token), Properties: encode(t, in)})
	if err != nil {
		t.Fatalf("create %s: %v", token, err)
	}
	return made.Id
}

// Step is one verb on a resource, and the actions it needs. In Want, {id} means
// the resource's id.
type Step struct {
	Verb provider.Verb
	In   Inputs // for a create and an update
	Want []string
}

// Run applies the steps to one resource; the first step creates it. It compares
// the actions without the reads that end a create and an update.
func (r *Role) Run(t *testing.T, token string, steps ...Step) {
	t.Helper()
	id, held := "", Inputs{}
	for i, s := range steps {
		r.Asked()
		if s.In != nil {
			held = s.In
		}
		reads := r.step(t, token, &id, s, held)
		var want []string
		for _, line := range s.Want {
			want = append(want, strings.ReplaceAll(line, "{id}", id))
		}
		slices.Sort(want)
		got := slices.DeleteFunc(r.Asked(), func(line string) bool { return slices.Contains(reads, line) && !slices.Contains(want, line) })
		if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%s, step %d, %s (-want +got)\n%s", token, i, s.Verb, diff)
		}
	}
}

// step runs one step. For a create and an update it returns the actions of a
// read.
func (r *Role) step(t *testing.T, token string, id *string, s Step, held Inputs) (reads []string) {
	t.Helper()
	var err error
	properties := encode(t, held)
	switch s.Verb {
	case provider.Create:
		*id = r.Create(t, token, held)
	case provider.Update:
		_, err = r.Update(t.Context(), &pulumirpc.UpdateRequest{Id: *id, Type: token, Urn: urn(token), News: properties})
	case provider.Read:
		_, err = r.Read(t.Context(), &pulumirpc.ReadRequest{Id: *id, Type: token, Urn: urn(token), Properties: properties, Inputs: properties})
	case provider.Delete:
		_, err = r.Delete(t.Context(), &pulumirpc.DeleteRequest{Id: *id, Type: token, Urn: urn(token), Properties: properties})
	default:
		err = fmt.Errorf("no such verb")
	}
	if err != nil {
		t.Fatalf("%s %s: %v", s.Verb, token, err)
	}
	if s.Verb != provider.Create && s.Verb != provider.Update {
		return nil
	}
	asked := r.Asked()
	r.step(t, token, id, Step{Verb: provider.Read}, held)
	reads = r.Asked()
	r.mu.Lock()
	defer r.mu.Unlock()
	r.asked = asked
	for _, line := range reads {
		if !slices.Contains(asked, line) {
			t.Errorf("%s %s: its final read needs %s, which it does not ask for", s.Verb, token, line)
		}
	}
	return reads
}

func urn(token string) string { return "urn:pulumi:local::project::" + token + "::a" }

func encode(t *testing.T, in Inputs) *structpb.Struct {
	t.Helper()
	s, err := structpb.NewStruct(in)
	if err != nil {
		t.Fatal(err)
	}
	return s
}
