package ssm

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/protobuf/types/known/structpb"

	"skiff/local/engine/provider"
)

func TestPut(t *testing.T) {
	t.Parallel()
	f := newFixture(t, "ssm:PutParameter", "ssm:GetParameter", "ssm:DeleteParameter")
	for _, test := range []struct {
		name string
		in   object
		want string // error, or the new version
	}{
		{"no type", object{"Value": "1"}, "ValidationException A parameter type is required"},
		{"no value", object{"Type": "String"}, "ValidationException"},
		{"new", object{"Value": "1", "Type": "String", "Description": "d"}, "1"},
		{"again", object{"Value": "2", "Type": "String"}, "ParameterAlreadyExists The parameter already exists."},
		{"over it", object{"Value": "2", "Overwrite": true}, "2"},
		{"the same", object{"Value": "2", "Overwrite": true}, "3"},
		{"another type", object{"Value": "2", "Type": "SecureString", "Overwrite": true}, "HierarchyTypeMismatchException"},
		{"tags", object{"Value": "2", "Overwrite": true, "Tags": []any{object{"Key": "a", "Value": "b"}}}, "ValidationException Invalid request: tags and overwrite"},
		{"long", object{"Value": strings.Repeat("x", 4097), "Overwrite": true}, "ValidationException value has 4097 characters"},
		{"pattern", object{"Value": "x", "Overwrite": true, "AllowedPattern": "a"}, "ValidationException the local cloud does not support AllowedPattern"},
		{"elsewhere", object{"Name": "/other", "Value": "1", "Type": "String"}, "AccessDeniedException"},
		{"version", object{"Name": "/project/a:1", "Value": "1", "Overwrite": true}, "ValidationException PutParameter accepts no version"},
		{"name", object{"Name": "/project/a b", "Value": "1", "Type": "String"}, "ValidationException name"},
	} {
		if test.in["Name"] == nil {
			test.in["Name"] = "/project/a"
		}
		out, err := f.call(t, f.role, "PutParameter", test.in)
		if got := err + fmt.Sprint(out["Version"]); !strings.HasPrefix(got, test.want) {
			t.Errorf("%s: %q, want %q", test.name, got, test.want)
		}
	}
	r := f.lookUp(t, "/project/a")
	if r.Inputs.Value != "2" || r.Inputs.Description != "d" || r.Account != account || versionOf(r) != 3 {
		t.Errorf("held as %+v", r)
	}
	if _, err := f.call(t, f.role, "PutParameter", object{"Name": "/project/t", "Value": "1", "Type": "String", "Tags": []any{object{"Key": "a", "Value": "b"}}}); !strings.Contains(err, "not authorized to perform: ssm:AddTagsToResource") {
		t.Errorf("tags without the right to: %q", err)
	}
	f.must(t, f.role, "DeleteParameter", object{"Name": "/project/a"})
	if _, err := f.call(t, f.role, "DeleteParameter", object{"Name": "/project/a"}); !strings.HasPrefix(err, "ParameterNotFound") {
		t.Errorf("deleted twice: %q", err)
	}
}

// TestVersions selects versions by number and by label, and checks that the
// oldest is dropped.
func TestVersions(t *testing.T) {
	t.Parallel()
	f := newFixture(t, "ssm:*")
	put := func(value string) string {
		_, err := f.call(t, f.role, "PutParameter", object{"Name": "/project/a", "Value": value, "Type": "String", "Overwrite": true})
		return err
	}
	label := func(version int, labels ...string) any {
		return f.must(t, f.role, "LabelParameterVersion", object{"Name": "/project/a", "ParameterVersion": version, "Labels": labels})["InvalidLabels"]
	}
	for i := 1; i <= 100; i++ {
		if err := put(fmt.Sprint("v", i)); err != "" {
			t.Fatal(err)
		}
	}
	label(1, "live")
	if got := f.value(t, "/project/a:live") + f.value(t, "/project/a:2") + f.value(t, "/project/a"); got != "v1v2v100" {
		t.Errorf("read %s", got)
	}
	if err := put("v101"); !strings.HasPrefix(err, "ParameterMaxVersionLimitExceeded") {
		t.Errorf("the oldest has a label: %q", err)
	}
	if diff := cmp.Diff([]any{"1a", "AWSx", "a b"}, label(3, "live", "1a", "AWSx", "a b")); diff != "" {
		t.Errorf("labels that AWS refuses (-want +got)\n%s", diff)
	}
	if err := put("v101"); err != "" {
		t.Error(err)
	}
	if got := f.value(t, "/project/a:live"); got != "v3" {
		t.Errorf("the label has moved to %s", got)
	}
	if _, err := f.call(t, f.role, "GetParameter", object{"Name": "/project/a:1"}); !strings.HasPrefix(err, "ParameterVersionNotFound") {
		t.Errorf("the oldest version: %q", err)
	}
	many := []string{"a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k"}
	if _, err := f.call(t, f.role, "LabelParameterVersion", object{"Name": "/project/a", "Labels": many}); !strings.HasPrefix(err, "ParameterVersionLabelLimitExceeded") {
		t.Errorf("eleven labels: %q", err)
	}
}

// TestOperatorsValue checks that a value that an operator changed stays until
// the program itself changes the parameter.
func TestOperatorsValue(t *testing.T) {
	t.Parallel()
	f := newFixture(t, "ssm:GetParameter")
	p := provider.New(provider.Options{Name: "aws", Store: f.db, Account: account, Region: region})
	p.Add(resourceType(f.Parameters))
	const urn = "urn:pulumi:local::project::" + Token + "::a"
	inputs := func(in object) *structpb.Struct {
		in["name"], in["type"] = "/project/a", "String"
		s, err := structpb.NewStruct(in)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	first := inputs(object{"value": "program"})
	if _, err := p.Create(t.Context(), &pulumirpc.CreateRequest{Type: Token, Urn: urn, Properties: first}); err != nil {
		t.Fatal(err)
	}
	f.must(t, f.admin, "PutParameter", object{"Name": "/project/a", "Value": "operator", "Overwrite": true})
	read, err := p.Read(t.Context(), &pulumirpc.ReadRequest{Id: "/project/a", Type: Token, Urn: urn, Properties: first, Inputs: first})
	if err != nil || read.Inputs.AsMap()["value"] != "operator" || read.Properties.AsMap()["version"] != 2.0 {
		t.Errorf("a refresh reads %v, %v", read, err)
	}
	tagged := inputs(object{"value": "program", "tags": object{"a": "b"}})
	update := func(old, in *structpb.Struct) {
		t.Helper()
		if _, err := p.Update(t.Context(), &pulumirpc.UpdateRequest{Id: "/project/a", Type: Token, Urn: urn, OldInputs: old, News: in}); err != nil {
			t.Fatal(err)
		}
	}
	// With ignoreChanges the engine sends the value that it knows.
	update(first, tagged)
	if got := f.value(t, "/project/a"); got != "operator" {
		t.Errorf("after a change of tags the value is %q", got)
	}
	if r := f.lookUp(t, "/project/a"); r.Inputs.Tags["a"] != "b" || versionOf(r) != 2 {
		t.Errorf("after a change of tags: %+v", r)
	}
	update(tagged, inputs(object{"value": "new"}))
	if got := f.value(t, "/project/a"); got != "new" {
		t.Errorf("after the program has changed it, the value is %q", got)
	}
}

// TestTakenOver checks that a program with overwrite takes over a parameter
// that a call created, with its versions.
func TestTakenOver(t *testing.T) {
	t.Parallel()
	f := newFixture(t, "ssm:GetParameter")
	p := provider.New(provider.Options{Name: "aws", Store: f.db, Account: account, Region: region})
	p.Add(resourceType(f.Parameters))
	f.must(t, f.admin, "PutParameter", object{"Name": form + "project/a", "Value": "call", "Type": "String"})
	create := func(overwrite bool) error {
		s, err := structpb.NewStruct(object{"name": "/project/a", "type": "String", "value": "program", "overwrite": overwrite})
		if err != nil {
			t.Fatal(err)
		}
		_, err = p.Create(t.Context(), &pulumirpc.CreateRequest{Type: Token, Urn: "urn:pulumi:local::project::" + Token + "::a", Properties: s})
		return err
	}
	if err := create(false); err == nil || !strings.Contains(err.Error(), "already exists (an AWS API call created it)") {
		t.Errorf("without overwrite: %v", err)
	}
	if err := create(true); err != nil {
		t.Fatal(err)
	}
	if r := f.lookUp(t, "/project/a"); r.Inputs.Value != "program" || versionOf(r) != 2 || f.value(t, "/project/a:1") != "call" {
		t.Errorf("taken over as %+v", r)
	}
}
