package provider

import (
	"testing"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
)

func TestRegions(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	var clients []pulumirpc.ResourceProviderClient
	for _, args := range []map[string]any{{"region": "us-west-1"}, {"region": "ap-south-1"}, {}} {
		c := f.connect(t)
		if _, err := c.Configure(t.Context(), &pulumirpc.ConfigureRequest{Args: properties(t, args)}); err != nil {
			t.Fatal(err)
		}
		clients = append(clients, c)
	}
	for i, c := range clients {
		name := string(rune('a' + i))
		mustCreate(t, c, lampToken, urn(name), map[string]any{"name": name, "colour": "red"})
	}
	if got := f.noted(&f.regions); got != "us-west-1 ap-south-1 eu-west-1" {
		t.Errorf("created in %s", got)
	}
}

// TestRegionalIDs uses one id in two regions.
func TestRegionalIDs(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	at := func(region string) pulumirpc.ResourceProviderClient {
		c := f.connect(t)
		if _, err := c.Configure(t.Context(), &pulumirpc.ConfigureRequest{Args: properties(t, map[string]any{"region": region})}); err != nil {
			t.Fatal(err)
		}
		return c
	}
	west, south := at("us-west-1"), at("ap-south-1")
	slot := func(amps float64) map[string]any { return map[string]any{"slot": "1", "amps": amps} }
	mustCreate(t, west, fuseToken, urn("a"), slot(10))
	if r := mustCreate(t, south, fuseToken, urn("b"), slot(20)); r.Id != "1" {
		t.Errorf("the id is %s", r.Id)
	}
	_, err := create(t, west, fuseToken, urn("c"), slot(30))
	wantError(t, err, `"1" already exists`, urn("a"))
	if _, err := south.Update(t.Context(), &pulumirpc.UpdateRequest{Type: fuseToken, Urn: urn("b"), Id: "1", News: properties(t, slot(25))}); err != nil {
		t.Error(err)
	}
	amps := func(c pulumirpc.ResourceProviderClient) any {
		found, err := c.Read(t.Context(), &pulumirpc.ReadRequest{Type: fuseToken, Id: "1"})
		if err != nil {
			t.Fatal(err)
		}
		return found.Inputs.AsMap()["amps"]
	}
	if amps(west) != 10.0 || amps(south) != 25.0 {
		t.Errorf("they have %v and %v", amps(west), amps(south))
	}
	if _, err := west.Delete(t.Context(), &pulumirpc.DeleteRequest{Type: fuseToken, Id: "1", Properties: properties(t, slot(10))}); err != nil {
		t.Fatal(err)
	}
	if amps(west) != nil || amps(south) != 25.0 {
		t.Errorf("after a delete they have %v and %v", amps(west), amps(south))
	}
}
