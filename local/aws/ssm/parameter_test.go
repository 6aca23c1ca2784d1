package ssm

import (
	"maps"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/types/known/structpb"

	"skiff/local/aws/iam"
	"skiff/local/engine/provider"
	"skiff/local/store"
)

var _ provider.Invoke = (*Parameters)(nil).GetParameter

func TestCheckParameter(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		in   Parameter
		want string
	}{
		{Parameter{}, ""}, // nothing is known in a preview
		{Parameter{Name: "/project/local/api.id_1-a", Type: "String", Value: strings.Repeat("é", 4096), Tier: "Standard", DataType: "text", Description: strings.Repeat("é", 1024)}, ""},
		{Parameter{Name: "plain", Type: "StringList", Value: "a,b"}, ""},
		{Parameter{Name: strings.Repeat("/a", 15)}, ""},
		{Parameter{Name: "/" + strings.Repeat("a", 1010)}, ""},
		{Parameter{Name: "/" + strings.Repeat("a", 1011)}, "name"},
		{Parameter{Name: strings.Repeat("/a", 16)}, "name"},
		{Parameter{Name: "project/local"}, "name"},
		{Parameter{Name: "/project/"}, "name"},
		{Parameter{Name: "/project//a"}, "name"},
		{Parameter{Name: "/"}, "name"},
		{Parameter{Name: "/a b"}, "name"},
		{Parameter{Name: "/aws/a"}, "name"},
		{Parameter{Name: "/AWSome"}, "name"},
		{Parameter{Name: "ssm-a"}, "name"},
		{Parameter{Type: "SecureString", Value: "s3cret"}, ""},
		{Parameter{Type: "Text"}, "type"},
		{Parameter{Value: strings.Repeat("é", 4097)}, "value"},
		{Parameter{Value: "{{ssm:a}}"}, "value"},
		{Parameter{DataType: "aws:ec2:image"}, "dataType"},
		{Parameter{Description: strings.Repeat("é", 1025)}, "description"},
		{Parameter{Tier: "Advanced"}, "tier"},
	} {
		problems := checkParameter(test.in)
		if test.want == "" && len(problems) > 0 || test.want != "" && (len(problems) != 1 || problems[0].Property != test.want) {
			t.Errorf("%+v: problems %v, want %q", test.in, problems, test.want)
		}
	}
}

func newParameters(t *testing.T) *Parameters {
	t.Helper()
	db, err := store.Open(t.TempDir(), 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return New(Options{Store: db, Authority: iam.NewAuthority(db, nil), Account: account})
}

func TestVersion(t *testing.T) {
	t.Parallel()
	kind := resourceType(newParameters(t))
	in := Parameter{Name: "/project/local/api-id", Type: "String", Value: "a"}
	r := store.Record[Parameter]{ID: kind.ID(provider.Call{}, in), Account: "111111111111", Region: "eu-west-1", Inputs: in, State: map[string]string{}}
	if err := kind.Create(t.Context(), provider.Call{}, &r); err != nil {
		t.Fatal(err)
	}
	want := ParameterOutputs{ARN: "arn:aws:ssm:eu-west-1:111111111111:parameter/project/local/api-id", DataType: "text", Tier: "Standard", Version: 1}
	if diff := cmp.Diff(want, kind.Describe(r)); diff != "" {
		t.Errorf("outputs (-want +got):\n%s", diff)
	}
	for _, test := range []struct {
		name   string
		change func(*Parameter)
		want   int
	}{
		{"tags", func(in *Parameter) { in.Tags = map[string]string{"a": "b"} }, 1},
		{"value", func(in *Parameter) { in.Value = "b" }, 2},
		{"nothing", func(in *Parameter) {}, 2},
		{"description", func(in *Parameter) { in.Description = "new" }, 3},
	} {
		old := r
		r.State = maps.Clone(old.State)
		test.change(&r.Inputs)
		if err := kind.Update(t.Context(), provider.Call{}, old, &r); err != nil {
			t.Fatal(err)
		}
		if got := kind.Describe(r).Version; got != test.want {
			t.Errorf("after a change of %s the version is %d, want %d", test.name, got, test.want)
		}
	}
	old := r
	r.Inputs.Type = "StringList"
	if err := kind.Update(t.Context(), provider.Call{}, old, &r); err == nil || !strings.HasPrefix(err.Error(), "HierarchyTypeMismatchException: parameter /project/local/api-id is a String") {
		t.Errorf("another type: %v", err)
	}
	r.ID = "plain"
	if got := kind.Describe(r).ARN; got != "arn:aws:ssm:eu-west-1:111111111111:parameter/plain" {
		t.Errorf("the ARN of a name without a path is %s", got)
	}
}

func TestGetParameter(t *testing.T) {
	t.Parallel()
	p := newParameters(t)
	const name = "/project/local/api-id"
	r := store.Record[Parameter]{ID: name, Account: "111111111111", Region: "eu-west-1", Inputs: Parameter{Name: name, Type: "String", Value: "abc"}, State: map[string]string{version: "2"}}
	if err := store.Put(p.db, Token, name, r); err != nil {
		t.Fatal(err)
	}
	here := provider.Call{Account: "111111111111", Region: "eu-west-1"}
	got, err := p.GetParameter(here, map[string]any{"name": name, "withDecryption": true})
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]any{
		"arn": "arn:aws:ssm:eu-west-1:111111111111:parameter/project/local/api-id", "id": name, "name": name,
		"value": "abc", "insecureValue": "abc", "type": "String", "version": 2, "withDecryption": true,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("by GetParameter (-want +got):\n%s", diff)
	}
	if _, err := structpb.NewStruct(got); err != nil {
		t.Errorf("no answer to the engine: %v", err)
	}
	const missing = "): couldn't find resource"
	for _, test := range []struct {
		name string
		call provider.Call
		args map[string]any
		want string
	}{
		{"missing", here, map[string]any{"name": "/none"}, "reading SSM Parameter (/none" + missing},
		{"another account's", provider.Call{Account: "222222222222", Region: "eu-west-1"}, map[string]any{"name": name}, "reading SSM Parameter (" + name + missing},
		{"another region's", provider.Call{Account: "111111111111", Region: "us-east-1"}, map[string]any{"name": name}, "reading SSM Parameter (" + name + missing},
		{"no name", here, map[string]any{}, "name is required"},
		{"no text", here, map[string]any{"name": 1.0}, "name is required"},
		{"argument", here, map[string]any{"name": name, "region": "x"}, "does not know the argument region"},
	} {
		if _, err := p.GetParameter(test.call, test.args); err == nil || !strings.HasSuffix(err.Error(), test.want) && !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v, want %q", test.name, err, test.want)
		}
	}
}
