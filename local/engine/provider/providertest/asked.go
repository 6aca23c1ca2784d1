package providertest

import (
	"testing"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"

	"skiff/local/engine/provider"
	"skiff/local/store"
)

// Asked returns the actions that a role needs for each verb on a resource, in
// order. The resource is created with some inputs and updated to others. A line
// has an action, its resource and its service's condition keys. The verbs only
// store the record.
func Asked[In, Out any](t *testing.T, db *store.Store, kind *provider.Resource[In, Out], created, updated Inputs) map[provider.Verb][]string {
	t.Helper()
	kind.Create, kind.Update, kind.Updated, kind.Delete = nil, nil, nil, nil
	r := New(db)
	r.Add(kind)
	before, after, at := encode(t, created), encode(t, updated), urn(kind.Token)
	asked := map[provider.Verb][]string{}
	done := func(verb provider.Verb, err error) {
		t.Helper()
		if err != nil {
			t.Fatalf("%s %s: %v", verb, kind.Token, err)
		}
		asked[verb] = r.take()
	}
	id := r.Create(t, kind.Token, created)
	done(provider.Create, nil)
	_, err := r.Read(t.Context(), &pulumirpc.ReadRequest{Id: id, Type: kind.Token, Urn: at, Properties: before, Inputs: before})
	done(provider.Read, err)
	_, err = r.Update(t.Context(), &pulumirpc.UpdateRequest{Id: id, Type: kind.Token, Urn: at, Olds: before, News: after})
	done(provider.Update, err)
	_, err = r.Delete(t.Context(), &pulumirpc.DeleteRequest{Id: id, Type: kind.Token, Urn: at, Properties: after})
	done(provider.Delete, err)
	return asked
}
