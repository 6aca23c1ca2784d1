// Package providertest records what a program with a role is asked for.
package providertest

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/protobuf/types/known/structpb"

	"skiff/local/provider"
	"skiff/local/store"
)

// Where a program's resources are.
const (
	Account = "111111111111"
	Region  = "eu-west-1"
)

// Asked is the actions that a role needs for each verb on a resource that is
// created with some inputs and updated to others, as lines: the action, its
// resource, and the condition keys of its service. Nothing is done but to keep
// the record.
func Asked[In, Out any](t *testing.T, db *store.Store, kind *provider.Resource[In, Out], created, updated map[string]any) map[provider.Verb][]string {
	t.Helper()
	kind.Create, kind.Update, kind.Updated, kind.Delete = nil, nil, nil, nil
	var lines []string
	all := provider.New(provider.Options{
		Name: "aws", Store: db, Account: Account, Region: Region,
		Permit: func(_ string, a provider.Action) error { lines = append(lines, line(a)); return nil },
	})
	all.Add(kind)
	p := all.For("", "arn:aws:sts::"+Account+":assumed-role/deploy/job")
	urn := "urn:pulumi:dev::test::" + kind.Token + "::x"
	asked := map[provider.Verb][]string{}
	do := func(verb provider.Verb, call func() error) {
		t.Helper()
		lines = nil
		if err := call(); err != nil {
			t.Fatalf("%s %s: %v", verb, kind.Token, err)
		}
		asked[verb] = lines
	}
	var id string
	do(provider.Create, func() error {
		r, err := p.Create(t.Context(), &pulumirpc.CreateRequest{Type: kind.Token, Urn: urn, Properties: properties(t, created)})
		id = r.GetId()
		return err
	})
	do(provider.Read, func() error {
		_, err := p.Read(t.Context(), &pulumirpc.ReadRequest{Id: id, Type: kind.Token, Urn: urn, Properties: properties(t, created), Inputs: properties(t, created)})
		return err
	})
	do(provider.Update, func() error {
		_, err := p.Update(t.Context(), &pulumirpc.UpdateRequest{Id: id, Type: kind.Token, Urn: urn, Olds: properties(t, created), News: properties(t, updated)})
		return err
	})
	do(provider.Delete, func() error {
		_, err := p.Delete(t.Context(), &pulumirpc.DeleteRequest{Id: id, Type: kind.Token, Urn: urn, Properties: properties(t, updated)})
		return err
	})
	return asked
}

// line leaves out the region that every call has.
func line(a provider.Action) string {
	words := []string{a.Name, a.Resource}
	for _, key := range slices.Sorted(maps.Keys(a.Context)) {
		if values := a.Context[key]; key != "aws:RequestedRegion" || !slices.Equal(values, []string{Region}) {
			words = append(words, fmt.Sprintf("%s=%s", key, strings.Join(values, ",")))
		}
	}
	return strings.Join(words, " ")
}

func properties(t *testing.T, m map[string]any) *structpb.Struct {
	t.Helper()
	s, err := structpb.NewStruct(m)
	if err != nil {
		t.Fatal(err)
	}
	return s
}
