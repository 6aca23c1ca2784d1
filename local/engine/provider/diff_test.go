package provider

import (
	"maps"
	"reflect"
	"slices"
	"testing"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
)

func TestDiff(t *testing.T) {
	t.Parallel()
	c := newFixture(t).connect(t)
	archive := func(hash string, more map[string]any) map[string]any {
		a := map[string]any{signatureKey: archiveMark, "hash": hash}
		maps.Copy(a, more)
		return a
	}
	path := map[string]any{"path": "x.zip"}
	tests := []struct {
		name       string
		olds, news map[string]any
		want       map[string]string // kinds, by property
	}{
		{"equal", map[string]any{"watts": 1.0, "tags": map[string]any{"a": "b"}}, map[string]any{"watts": 1.0, "tags": map[string]any{"a": "b"}}, nil},
		{"no inputs at all", nil, nil, nil},
		{"update", map[string]any{"watts": 1.0}, map[string]any{"watts": 2.0}, map[string]string{"watts": "UPDATE"}},
		{"add", map[string]any{}, map[string]any{"watts": 2.0}, map[string]string{"watts": "ADD"}},
		{"delete", map[string]any{"watts": 2.0}, map[string]any{}, map[string]string{"watts": "DELETE"}},
		{"update that replaces", map[string]any{"room": "a"}, map[string]any{"room": "b"}, map[string]string{"room": "UPDATE_REPLACE"}},
		{"add that replaces", map[string]any{}, map[string]any{"room": "b"}, map[string]string{"room": "ADD_REPLACE"}},
		{"delete that replaces", map[string]any{"room": "b"}, map[string]any{}, map[string]string{"room": "DELETE_REPLACE"}},
		{"not known yet", map[string]any{"room": "b"}, map[string]any{"room": unknownValue}, map[string]string{"room": "UPDATE_REPLACE"}},
		{"archive of the same hash", map[string]any{"code": archive("1", nil)}, map[string]any{"code": archive("1", path)}, nil},
		{"archive of another hash", map[string]any{"code": archive("1", nil)}, map[string]any{"code": archive("2", path)}, map[string]string{"code": "UPDATE"}},
		{"archive for something else", map[string]any{"code": "x"}, map[string]any{"code": archive("2", path)}, map[string]string{"code": "UPDATE"}},
		{"the list of defaults", map[string]any{"name": "a"}, map[string]any{"name": "a", defaultsKey: []any{"name"}}, nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			response := diff(t, c, test.olds, test.news)
			got := map[string]string{}
			var replaces []string
			for name, d := range response.DetailedDiff {
				got[name] = d.Kind.String()
				if d.Kind == pulumirpc.PropertyDiff_UPDATE_REPLACE || d.Kind == pulumirpc.PropertyDiff_ADD_REPLACE || d.Kind == pulumirpc.PropertyDiff_DELETE_REPLACE {
					replaces = append(replaces, name)
				}
			}
			if !maps.Equal(got, test.want) || !slices.Equal(response.Replaces, replaces) {
				t.Errorf("diff %v, replaces %v; want %v", got, response.Replaces, test.want)
			}
			if changed := response.Changes == pulumirpc.DiffResponse_DIFF_SOME; changed != (len(test.want) > 0) {
				t.Errorf("changes %v", response.Changes)
			}
		})
	}
}

func diff(t *testing.T, c pulumirpc.ResourceProviderClient, olds, news map[string]any) *pulumirpc.DiffResponse {
	t.Helper()
	outputs := map[string]any{tagsAllKey: olds[tagsKey]} // as after the last update
	response, err := c.Diff(t.Context(), &pulumirpc.DiffRequest{Type: lampToken, Urn: urn("a"), OldInputs: properties(t, olds), Olds: properties(t, outputs), News: properties(t, news)})
	if err != nil {
		t.Fatal(err)
	}
	return response
}

// TestDeleteBeforeReplace checks when the old resource is deleted first. The
// program must give the name, because two resources cannot share it. As in the
// AWS provider, this also holds for a new name.
func TestDeleteBeforeReplace(t *testing.T) {
	t.Parallel()
	c := newFixture(t).connect(t)
	tests := []struct {
		name, room string
		defaults   []any
		want       bool
	}{
		{"old", "b", []any{}, true},
		{"old", "b", []any{"name"}, false},
		{"new", "b", []any{}, true},
		{"new", "b", []any{"name"}, false},
		{"old", "a", []any{}, false},
	}
	for _, test := range tests {
		response := diff(t, c, map[string]any{"name": "old", "room": "a"}, map[string]any{"name": test.name, "room": test.room, defaultsKey: test.defaults})
		if response.DeleteBeforeReplace != test.want {
			t.Errorf("%v: delete before replace is %v", test, response.DeleteBeforeReplace)
		}
	}
}

// shade has one property of each kind that may be left out.
type shade struct {
	Parts  []string `json:"parts,omitempty" aws:"replace,set,computed"`
	Style  string   `json:"style,omitempty" aws:"replace,computed"`
	Path   string   `json:"path,omitempty" aws:"replace,default=/"`
	Folded bool     `json:"folded,omitempty" aws:"replace,default=false"`
	Layers []string `json:"layers,omitempty" aws:"replace,idle"`
}

// TestLeftOut compares inputs of which only one program gives a property. As in
// the AWS provider, the state or a default decides.
func TestLeftOut(t *testing.T) {
	t.Parallel()
	k := (&Resource[shade, struct{}]{Token: "test:index/shade:Shade"}).kind()
	type object = map[string]any
	state := object{"style": "plain", "parts": []any{"a"}}
	tests := []struct {
		name       string
		olds, news object
		replaces   []string
	}{
		{"another order of a set", object{"parts": []any{"a", "b"}}, object{"parts": []any{"b", "a"}}, nil},
		{"another element of a set", object{"parts": []any{"a", "b"}}, object{"parts": []any{"b", "c"}}, []string{"parts"}},
		{"one element more", object{"parts": []any{"a"}}, object{"parts": []any{"a", "a"}}, []string{"parts"}},
		{"another order of a list", object{"layers": []any{"a", "b"}}, object{"layers": []any{"b", "a"}}, []string{"layers"}},
		{"computed, left out now", object{"style": "fine", "parts": []any{"a"}}, object{}, nil},
		{"computed, none now", object{"parts": []any{"a"}}, object{"parts": []any{}}, []string{"parts"}},
		{"computed, given as it is", object{}, object{"style": "plain"}, nil},
		{"computed, given otherwise", object{}, object{"style": "fine"}, []string{"style"}},
		{"no list and none in it", object{}, object{"layers": []any{}, "parts": []any{}}, nil},
		{"none in a list and no list", object{"layers": []any{}}, object{}, nil},
		{"the default given", object{}, object{"path": "/", "folded": false}, nil},
		{"the default left out", object{"path": "/", "folded": false}, object{}, nil},
		{"another than the default", object{"path": "/a/"}, object{"folded": true}, []string{"folded", "path"}},
	}
	for _, test := range tests {
		unify(k, test.olds, state, test.news)
		got := compare(test.olds, test.news, k.properties.replaces).Replaces
		if !slices.Equal(got, test.replaces) {
			t.Errorf("%s: replaces %v, want %v", test.name, got, test.replaces)
		}
	}
	held, err := k.kept(object{"path": "/b/"}, shade{Path: "/b/"}, shade{Parts: []string{"a"}, Style: "fine", Path: "/a/"})
	if want := (shade{Parts: []string{"a"}, Style: "fine", Path: "/b/"}); err != nil || !reflect.DeepEqual(held, want) {
		t.Errorf("an update keeps %+v, %v; want %+v", held, err, want)
	}
	difference, _, err := k.compareHeld(shade{Style: "fine", Path: "/"}, shade{})
	if err != nil || len(difference.Diffs) > 0 {
		t.Errorf("a value that AWS keeps and the program omits has drifted: %v, %v", difference, err)
	}
}

func TestDeletedFirst(t *testing.T) {
	t.Parallel()
	k := (&Resource[shade, struct{}]{DeletedFirst: true}).kind()
	if !k.deletedFirst(nil) {
		t.Error("the new one comes first")
	}
	if r := k.Replacement(); r.DeletedFirst != "always" || !slices.Equal(r.Replaces, []string{"folded,default=false", "layers", "parts,set,computed", "path,default=/", "style,computed"}) || len(r.Updates) > 0 {
		t.Errorf("%+v", r)
	}
}
