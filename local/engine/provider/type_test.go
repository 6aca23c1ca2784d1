package provider

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestTypes(t *testing.T) {
	t.Parallel()
	p := New(Options{Name: "test"})
	p.Add(&Resource[shade, struct{}]{Token: "test:index/shade:Shade"}, &Resource[lamp, lampOutputs]{
		Token: lampToken, Actions: func(Operation[lamp]) []Action { return nil },
	})
	socket := []Property{{Name: "plug"}, {Name: "volts", Required: true}}
	want := []Type{
		{Token: lampToken, Judged: true, Inputs: []Property{
			{Name: "code"}, {Name: "colour", Required: true}, {Name: "name", Replaces: true}, {Name: "on"}, {Name: "ratio"},
			{Name: "room", Replaces: true}, {Name: "socket", Members: socket}, {Name: "sockets", Members: socket}, {Name: "tags"}, {Name: "watts"},
		}, Outputs: []Property{{Name: "arn"}, {Name: "colour"}, {Name: "uses"}}},
		{Token: "test:index/shade:Shade", Inputs: []Property{
			{Name: "folded", Replaces: true, Default: false}, {Name: "layers", Replaces: true, Idle: true}, {Name: "parts", Replaces: true, Set: true, Computed: true},
			{Name: "path", Replaces: true, Default: "/"}, {Name: "style", Replaces: true, Computed: true},
		}},
	}
	if diff := cmp.Diff(want, p.Types()); diff != "" {
		t.Errorf("types (-want +got)\n%s", diff)
	}
}
