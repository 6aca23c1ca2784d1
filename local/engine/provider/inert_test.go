package provider

import (
	"net"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc"

	"skiff/local/store"
)

// newInert returns an AWS provider with only lamps, which keeps the names
// without effect. Its program has a role without rights.
func newInert(t *testing.T, f *fixture, names ...string) (pulumirpc.ResourceProviderClient, *engine) {
	t.Helper()
	p := New(Options{Name: "aws", Store: f.store, Account: "111111111111", Region: "eu-west-1", Permit: func(string, Action) error { return errDenied }})
	lamps := f.lamps()
	lamps.Token = "aws:index/lamp:Lamp"
	lamps.Actions = func(Operation[lamp]) []Action { return nil }
	p.Add(lamps)
	q, err := p.For(f.dir, "arn:aws:sts::111111111111:assumed-role/deploy/job").WithInert(names)
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	e := &engine{lines: make(chan string, 10)}
	s := grpc.NewServer()
	pulumirpc.RegisterEngineServer(s, e)
	go s.Serve(l)
	t.Cleanup(s.Stop)
	c := dial(t, f.serve(t, q))
	if _, err := c.Attach(t.Context(), &pulumirpc.PluginAttach{Address: l.Addr().String()}); err != nil {
		t.Fatal(err)
	}
	return c, e
}

var errDenied = &Problem{Reason: "AccessDenied"}

// TestInertType creates, reads, updates and deletes a resource of an unknown
// type.
func TestInertType(t *testing.T) {
	t.Parallel()
	c, e := newInert(t, newFixture(t), userPool, "aws:x/y:Z", "command:local:Other")
	at := "urn:pulumi:dev::test::" + userPool + "::users"
	given := map[string]any{"schemas": []any{map[string]any{"name": "a", "required": true}}, "tags": map[string]any{"a": "b"}}
	checked, err := c.Check(t.Context(), &pulumirpc.CheckRequest{Type: userPool, Urn: at, Name: "users", News: properties(t, given)})
	if err != nil || len(checked.Failures) > 0 {
		t.Fatalf("refused: %v, %v", checked, err)
	}
	if got := <-e.lines; !strings.HasPrefix(got, at+" "+userPool+" is kept as settings without effect (-inert): the local cloud checks neither its properties nor rights on it") {
		t.Errorf("warned %q", got)
	}
	inputs := checked.Inputs
	preview, err := c.Create(t.Context(), &pulumirpc.CreateRequest{Type: userPool, Urn: at, Properties: inputs, Preview: true})
	if out := preview.GetProperties().AsMap(); err != nil || out["arn"] != unknownValue || out["endpoint"] != unknownValue {
		t.Errorf("previewed %v, %v", out, err)
	}
	made, err := c.Create(t.Context(), &pulumirpc.CreateRequest{Type: userPool, Urn: at, Properties: inputs})
	if err != nil {
		t.Fatal(err)
	}
	if !regexp.MustCompile(`^eu-west-1_[a-z0-9]{9}$`).MatchString(made.Id) {
		t.Errorf("id %s", made.Id)
	}
	out := made.Properties.AsMap()
	want := map[string]any{
		"schemas": given["schemas"], "tags": given["tags"], "name": out["name"],
		"arn": "arn:aws:cognito-idp:eu-west-1:111111111111:userpool/" + made.Id, "endpoint": "cognito-idp.eu-west-1.amazonaws.com/" + made.Id,
	}
	if diff := cmp.Diff(want, out); diff != "" || !strings.HasPrefix(out["name"].(string), "users-") {
		t.Errorf("outputs (-want +got)\n%s", diff)
	}
	read, err := c.Read(t.Context(), &pulumirpc.ReadRequest{Id: made.Id, Type: userPool, Urn: at, Properties: made.Properties, Inputs: inputs})
	if diff := cmp.Diff(want, read.GetProperties().AsMap()); err != nil || diff != "" {
		t.Errorf("read %v (-want +got)\n%s", err, diff)
	}
	changed := inputs.AsMap()
	changed["mfaConfiguration"] = "ON"
	difference, err := c.Diff(t.Context(), &pulumirpc.DiffRequest{Id: made.Id, Type: userPool, Urn: at, OldInputs: inputs, Olds: made.Properties, News: properties(t, changed)})
	if err != nil || len(difference.Replaces) > 0 || !cmp.Equal(difference.Diffs, []string{"mfaConfiguration"}) {
		t.Errorf("difference %v, %v", difference, err)
	}
	updated, err := c.Update(t.Context(), &pulumirpc.UpdateRequest{Id: made.Id, Type: userPool, Urn: at, OldInputs: inputs, Olds: made.Properties, News: properties(t, changed)})
	if out := updated.GetProperties().AsMap(); err != nil || out["mfaConfiguration"] != "ON" || out["arn"] != want["arn"] {
		t.Errorf("updated %v, %v", out, err)
	}
	if _, err := c.Delete(t.Context(), &pulumirpc.DeleteRequest{Id: made.Id, Type: userPool, Urn: at, Properties: made.Properties}); err != nil {
		t.Error(err)
	}
	// An input with the name of an output keeps its value.
	other, err := c.Create(t.Context(), &pulumirpc.CreateRequest{Type: "aws:x/y:Z", Urn: at, Properties: properties(t, map[string]any{"endpoint": "mine"})})
	if out := other.GetProperties().AsMap(); err != nil || out["arn"] != "arn:aws:x:eu-west-1:111111111111:z/"+other.Id || out["endpoint"] != "mine" {
		t.Errorf("another type: %v, %v", out, err)
	}
	_, err = c.Check(t.Context(), &pulumirpc.CheckRequest{Type: "aws:x/y:Other", Urn: at})
	wantError(t, err, "does not know the resource type aws:x/y:Other", "to keep it as settings without effect: go run ./local -inert aws:x/y:Other")
}

// TestInertProperty keeps unknown properties without effect, also in lists.
// Other unknown properties are refused.
func TestInertProperty(t *testing.T) {
	t.Parallel()
	const token = "aws:index/lamp:Lamp"
	f := newFixture(t)
	c, e := newInert(t, f, token+".dimmer", token+".sockets.amps")
	in := map[string]any{"name": "a", "colour": "red", "dimmer": map[string]any{"steps": 3.0}, "sockets": []any{map[string]any{"volts": 1.0, "amps": 2.0}}}
	checked, err := c.Check(t.Context(), &pulumirpc.CheckRequest{Type: token, Urn: urn("a"), Name: "a", News: properties(t, in)})
	if err != nil || len(checked.Failures) > 0 {
		t.Fatalf("refused: %v, %v", checked, err)
	}
	for _, name := range []string{"dimmer", "sockets.amps"} {
		if got, want := <-e.lines, urn("a")+" "+token+"."+name+" is kept as a setting without effect (-inert)"; got != want {
			t.Errorf("warned %q, want %q", got, want)
		}
	}
	made, err := c.Create(t.Context(), &pulumirpc.CreateRequest{Type: token, Urn: urn("a"), Properties: checked.Inputs})
	if err != nil {
		t.Fatal(err)
	}
	out := made.Properties.AsMap()
	if diff := cmp.Diff([]any{in["dimmer"], in["sockets"]}, []any{out["dimmer"], out["sockets"]}); diff != "" {
		t.Errorf("outputs (-want +got)\n%s", diff)
	}
	held, err := store.Get[lamp](f.store, token, "a")
	if err != nil || held.Inputs.Colour != "red" {
		t.Errorf("held %+v, %v", held, err)
	}
	in["switch"] = true
	checked, err = c.Check(t.Context(), &pulumirpc.CheckRequest{Type: token, Urn: urn("a"), Name: "a", News: properties(t, in)})
	if err != nil || len(checked.Failures) != 1 || checked.Failures[0].Property != "switch" || !strings.HasSuffix(checked.Failures[0].Reason, "; to keep it without effect: -inert "+token+".switch") {
		t.Errorf("another property: %v, %v", checked, err)
	}
}

func TestWithInert(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	p := New(Options{Name: "test"})
	p.Add(f.lamps())
	for name, want := range map[string]string{
		"test:x/y:Z": "", lampToken + ".dimmer": "", lampToken + ".socket.amps": "", lampToken + ".sockets.amps": "", "aws:x/y:Z.colour": "",
		lampToken:               "knows this type, so it has an effect",
		lampToken + ".colour":   "knows this property",
		lampToken + ".tags.any": "knows this property", lampToken + ".sockets.volts": "knows this property",
		"test:x/y:Z.colour": "does not know the type: name only the type, test:x/y:Z",
		"UserPool":          "is neither a resource type", "test:x/y:Z.": "is neither", "": "is neither",
	} {
		_, err := p.WithInert([]string{name})
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%q: %v, want %q", name, err, want)
		}
	}
	if _, known := p.kinds["test:x/y:Z"]; known {
		t.Error("the provider of other programs also knows the type")
	}
}
