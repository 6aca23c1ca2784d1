package provider

import (
	"context"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/protobuf/types/known/emptypb"

	"skiff/local/store"
)

func TestUnknownType(t *testing.T) {
	t.Parallel()
	c := newFixture(t).connect(t)
	_, err := c.Check(t.Context(), &pulumirpc.CheckRequest{Type: "test:index/sofa:Sofa", Urn: urn("s")})
	wantError(t, err, "test:index/sofa:Sofa", urn("s"), lampToken, bulbToken)
	_, err = c.Invoke(t.Context(), &pulumirpc.InvokeRequest{Tok: "test:index/when:when"})
	wantError(t, err, "test:index/when:when", "test:index/where:where")
}

func TestLife(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	c := f.connect(t)
	inputs := map[string]any{"name": "a", "colour": "red", "watts": 5.0, "extra": nil}
	created := mustCreate(t, c, lampToken, urn("a"), inputs)
	want := map[string]any{"name": "a", "colour": "red", "watts": 5.0, "extra": nil, "arn": "arn:a", "uses": "c", "tagsAll": map[string]any{}}
	if got := created.Properties.AsMap(); created.Id != "a" || !reflect.DeepEqual(got, want) {
		t.Fatalf("created %q %v, want %v", created.Id, got, want)
	}
	inputs["colour"] = "blue"
	updated, err := c.Update(t.Context(), &pulumirpc.UpdateRequest{Type: lampToken, Urn: urn("a"), Id: "a", News: properties(t, inputs)})
	if err != nil {
		t.Fatal(err)
	}
	if got := updated.Properties.AsMap(); got["colour"] != "blue" || got["uses"] != "cu" {
		t.Errorf("updated to %v", got)
	}
	read := &pulumirpc.ReadRequest{Type: lampToken, Urn: urn("a"), Id: "a"}
	found, err := c.Read(t.Context(), read)
	if err != nil || found.Id != "a" || found.Inputs.AsMap()["colour"] != "blue" || found.Properties.AsMap()["arn"] != "arn:a" {
		t.Errorf("read %v, %v", found, err)
	}
	gone := &pulumirpc.DeleteRequest{Type: lampToken, Urn: urn("a"), Id: "a", Properties: updated.Properties}
	for range 2 {
		if _, err := c.Delete(t.Context(), gone); err != nil {
			t.Fatal(err)
		}
	}
	if got := f.noted(&f.deleted); got != "a" {
		t.Errorf("deleted %q, want a once", got)
	}
	if found, err = c.Read(t.Context(), read); err != nil || found.Id != "" {
		t.Errorf("read of what is gone: %v, %v; want an empty id", found, err)
	}
	_, err = c.Update(t.Context(), &pulumirpc.UpdateRequest{Type: lampToken, Urn: urn("a"), Id: "a", News: properties(t, inputs)})
	wantError(t, err, `"a" is not found in the local cloud`, "pulumi refresh --stack dev")
}

// TestReadDrifted reads a lamp whose inputs the engine knows in an older
// version. Differing values come from the store; equal values keep the engine's
// form.
func TestReadDrifted(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	c := f.connect(t)
	if err := os.WriteFile(filepath.Join(f.dir, "new.txt"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	archive := func(path string) map[string]any {
		return map[string]any{"4dabf18193072939515e22adb298388d": assetMark, "hash": "1", "path": path}
	}
	made := map[string]any{"name": "a", "colour": "red", "watts": 5.0, "code": archive("new.txt"), "tags": map[string]any{"a": "b"}}
	mustCreate(t, c, lampToken, urn("a"), made)
	for _, test := range []struct{ known, want map[string]any }{
		{map[string]any{"watts": 5.0, "extra": nil, "code": archive("old.txt")}, map[string]any{"watts": 5.0, "extra": nil, "code": archive("old.txt")}},
		{map[string]any{"watts": 6.0, "ratio": 0.5}, map[string]any{"watts": 5.0, "code": archive("new.txt")}},
	} {
		known, want := maps.Clone(test.known), maps.Clone(test.want)
		for _, name := range []string{"name", "colour", "tags"} {
			known[name], want[name] = made[name], made[name]
		}
		found, err := c.Read(t.Context(), &pulumirpc.ReadRequest{Type: lampToken, Urn: urn("a"), Id: "a", Inputs: properties(t, known)})
		if err != nil || !reflect.DeepEqual(found.Inputs.AsMap(), want) || found.Properties.AsMap()["watts"] != 5.0 {
			t.Errorf("read %v, %v; want the inputs %v", found, err, want)
		}
	}
}

func TestFailedCreateLeavesNothing(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	_, err := create(t, f.connect(t), lampToken, urn("a"), map[string]any{"name": "a", "colour": "fail"})
	wantError(t, err, lampToken, "the bulb is broken")
	if _, err := store.Get[lamp](f.store, lampToken, "a"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("record: %v", err)
	}
}

func TestPreview(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	c := f.connect(t)
	inputs := map[string]any{"name": "a", "colour": "red", "watts": unknownValue}
	created, err := c.Create(t.Context(), &pulumirpc.CreateRequest{Type: lampToken, Urn: urn("a"), Properties: properties(t, inputs), Preview: true})
	if err != nil {
		t.Fatal(err)
	}
	// The output colour is known in the preview, because it equals the input.
	want := map[string]any{"name": "a", "colour": "red", "watts": unknownValue, "arn": unknownValue, "uses": unknownValue, "tagsAll": map[string]any{}}
	if got := created.Properties.AsMap(); created.Id != "" || !reflect.DeepEqual(got, want) {
		t.Errorf("preview of a create: %q %v, want %v", created.Id, got, want)
	}
	olds := map[string]any{"name": "a", "colour": "red", "arn": "arn:a", "uses": "c"}
	updated, err := c.Update(t.Context(), &pulumirpc.UpdateRequest{Type: lampToken, Urn: urn("a"), Id: "a", Olds: properties(t, olds), News: properties(t, map[string]any{"name": "a", "colour": "blue"}), Preview: true})
	if err != nil {
		t.Fatal(err)
	}
	want = map[string]any{"name": "a", "colour": "blue", "arn": "arn:a", "uses": unknownValue, "tagsAll": map[string]any{}}
	if got := updated.Properties.AsMap(); !reflect.DeepEqual(got, want) {
		t.Errorf("preview of an update: %v, want %v", got, want)
	}
	if held, err := f.store.Count(); err != nil || len(held) > 0 {
		t.Errorf("a preview left %v, %v", held, err)
	}
}

func TestNameIsTaken(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	c := f.connect(t)
	mustCreate(t, c, lampToken, urn("a"), map[string]any{"name": "x", "colour": "red"})
	_, err := create(t, c, lampToken, urn("b"), map[string]any{"name": "x", "colour": "red"})
	wantError(t, err, `"x" already exists`, urn("a"), "another name")
	// A record with the same URN is a creation that a crash hid from the
	// engine.
	again := mustCreate(t, c, lampToken, urn("a"), map[string]any{"name": "x", "colour": "blue"})
	if again.Id != "x" || again.Properties.AsMap()["colour"] != "blue" {
		t.Errorf("taken over as %v", again)
	}
	// It is not adopted if a changed input replaces it: the delete that ends
	// the replacement would delete the new resource too.
	_, err = create(t, c, lampToken, urn("a"), map[string]any{"name": "x", "colour": "blue", "room": "attic"})
	wantError(t, err, `"x" already exists, but its room differs`)
}

func TestNameIsTakenMeanwhile(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.hold, f.entered = make(chan struct{}), make(chan struct{})
	c := f.connect(t)
	first := make(chan error, 1)
	go func() {
		_, err := create(t, c, lampToken, urn("a"), map[string]any{"name": "x", "colour": "red"})
		first <- err
	}()
	<-f.entered
	_, err := create(t, c, lampToken, urn("b"), map[string]any{"name": "x", "colour": "red"})
	close(f.hold)
	wantError(t, err, `"x" already exists`, urn("a"))
	if err := <-first; err != nil {
		t.Error(err)
	}
}

func TestKeyedIDs(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	c := f.connect(t)
	for _, lamp := range []string{"a", "b"} {
		mustCreate(t, c, bulbToken, urn("bulb-"+lamp), map[string]any{"lamp": lamp, "slot": "1", "code": "of " + lamp})
	}
	for _, lamp := range []string{"a", "b"} {
		found, err := c.Read(t.Context(), &pulumirpc.ReadRequest{Type: bulbToken, Id: "1", Properties: properties(t, map[string]any{"lamp": lamp, "slot": "1"})})
		if err != nil || found.Inputs.AsMap()["code"] != "of "+lamp {
			t.Errorf("bulb of %s: %v, %v", lamp, found, err)
		}
	}
	if _, err := c.Delete(t.Context(), &pulumirpc.DeleteRequest{Type: bulbToken, Id: "1", Properties: properties(t, map[string]any{"lamp": "b", "slot": "1"})}); err != nil {
		t.Fatal(err)
	}
	if got := f.noted(&f.deleted); got != "b" {
		t.Errorf("deleted the bulb of %q, want b's", got)
	}
}

func TestInvoke(t *testing.T) {
	t.Parallel()
	c := newFixture(t).connect(t)
	r, err := c.Invoke(t.Context(), &pulumirpc.InvokeRequest{Tok: "test:index/where:where"})
	if err != nil || !maps.Equal(r.Return.AsMap(), map[string]any{"region": "eu-west-1", "account": "111111111111"}) {
		t.Errorf("where: %v, %v", r, err)
	}
	_, err = c.Invoke(t.Context(), &pulumirpc.InvokeRequest{Tok: "test:index/where:where", Args: properties(t, map[string]any{"fail": true})})
	wantError(t, err, "nowhere")
}

func TestPanicIsOneRequests(t *testing.T) {
	t.Parallel()
	c := newFixture(t).connect(t)
	_, err := create(t, c, lampToken, urn("a"), map[string]any{"name": "a", "colour": "panic"})
	wantError(t, err, "a short circuit", "Create")
	mustCreate(t, c, lampToken, urn("a"), map[string]any{"name": "a", "colour": "red"})
}

func TestCancel(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.hold, f.entered = make(chan struct{}), make(chan struct{})
	c, other := f.connect(t), f.connect(t)
	failed := make(chan error, 1)
	for i, client := range []pulumirpc.ResourceProviderClient{c, other} {
		name := string(rune('a' + i))
		go func() {
			_, err := create(t, client, lampToken, urn(name), map[string]any{"name": name, "colour": "red"})
			failed <- err
		}()
		<-f.entered
	}
	if _, err := c.Cancel(t.Context(), &emptypb.Empty{}); err != nil {
		t.Fatal(err)
	}
	wantError(t, <-failed, context.Canceled.Error())
	close(f.hold)
	if err := <-failed; err != nil {
		t.Errorf("the create of another engine: %v", err)
	}
	go func() { <-f.entered }()
	mustCreate(t, c, lampToken, urn("c"), map[string]any{"name": "c", "colour": "red"})
}

func TestPluginInfo(t *testing.T) {
	t.Parallel()
	c := newFixture(t).connect(t)
	info, err := c.GetPluginInfo(t.Context(), &emptypb.Empty{})
	if err != nil || info.Version != "1.2.3" {
		t.Errorf("version %v, %v", info, err)
	}
	configured, err := c.Configure(t.Context(), &pulumirpc.ConfigureRequest{})
	if err != nil || !configured.SupportsPreview || configured.AcceptSecrets || configured.AcceptResources {
		t.Errorf("configured %v, %v: want previews, and plain values", configured, err)
	}
}

func TestRandomID(t *testing.T) {
	t.Parallel()
	id := randomID()
	if len(id) != 10 || strings.Trim(id, "abcdefghijklmnopqrstuvwxyz0123456789") != "" || strings.ContainsRune("0123456789", rune(id[0])) {
		t.Errorf("id %q is not ten letters and digits, the first a letter", id)
	}
	if slices.Contains([]string{randomID(), randomID()}, id) {
		t.Error("ids repeat")
	}
}
