package main

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	sdkconfig "github.com/pulumi/pulumi/sdk/v3/go/common/resource/config"
	"github.com/pulumi/pulumi/sdk/v3/go/common/workspace"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"skiff/infra/build"
	"skiff/lambdas"
)

// throughAWS is the one provider that the program declares.
const throughAWS = "urn:pulumi:mock::skiff::pulumi:providers:aws::aws::pulumi-id of aws"

// recorded is one resource that the program registered.
type recorded struct {
	Type    string
	Name    string
	Parent  string         // type and name of the component it belongs to
	Through string         // the provider, "" for a component
	After   []string       // the resources it depends on
	Inputs  map[string]any // as JSON has them; archives as their path
	Outputs map[string]any

	Protected bool
}

// key is the resource's type and name, which are unique in this program.
func (r recorded) key() string { return r.Type + " " + r.Name }

// recording is every resource of one run, by key, and the stack's outputs. It
// stands for the engine and AWS: it invents what they would answer.
type recording struct {
	mu        sync.Mutex
	resources map[string]recorded
	outputs   map[string]any
	settings  map[string]string
	caller    string // account of the credentials
	refusal   error  // of the provider, for any call
}

// NewResource notes the resource and answers its inputs with ids, ARNs and
// names that show in the inputs of others where they were used.
func (r *recording) NewResource(args pulumi.MockResourceArgs) (string, resource.PropertyMap, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	last := args.TypeToken[strings.LastIndexByte(args.TypeToken, '/')+1:]
	kind, _, _ := strings.Cut(last, ":")
	service, _, _ := strings.Cut(strings.TrimPrefix(args.TypeToken, "aws:"), "/")
	arn := fmt.Sprintf("arn:aws:%s:mock:123456789012:%s/%s", service, kind, args.Name)
	invented := map[string]any{
		"name":         "skiff-mock-" + args.Name + "-0000000",
		"arn":          arn,
		"invokeArn":    arn + "/invocations",
		"executionArn": "arn:aws:execute-api:mock:123456789012:" + args.Name,
		"invokeUrl":    "https://" + args.Name + ".execute-api.mock.amazonaws.com/",
		"stdout":       "sha256 of " + args.Name,
	}
	outputs := args.Inputs.Copy()
	for name, value := range invented {
		if key := resource.PropertyKey(name); !outputs.HasValue(key) {
			outputs[key] = resource.NewPropertyValue(value)
		}
	}
	var after []string
	for _, urn := range args.RegisterRPC.GetDependencies() {
		after = append(after, keyOf(urn))
	}
	slices.Sort(after)
	res := recorded{
		Type: args.TypeToken, Name: args.Name, Parent: keyOf(args.RegisterRPC.GetParent()), After: after,
		Inputs: plain(args.Inputs), Outputs: plain(outputs), Protected: args.RegisterRPC.GetProtect(), Through: args.Provider,
	}
	if _, twice := r.resources[res.key()]; twice {
		return "", nil, fmt.Errorf("%s is registered twice", res.key())
	}
	r.resources[res.key()] = res
	if !args.Custom {
		return "", args.Inputs, nil
	}
	return kind + "-id of " + args.Name, outputs, nil
}

// Call tells whose the credentials are, through the stack's provider; the
// program calls nothing else.
func (r *recording) Call(args pulumi.MockCallArgs) (resource.PropertyMap, error) {
	if args.Token != "aws:index/getCallerIdentity:getCallerIdentity" || args.Provider != throughAWS {
		return nil, fmt.Errorf("call of %s through %q", args.Token, args.Provider)
	}
	return resource.NewPropertyMapFromMap(map[string]any{"accountId": r.caller}), r.refusal
}

// keyOf is the key of the resource with the URN; "" for the stack's.
func keyOf(urn string) string {
	if u := resource.URN(urn); urn != "" && u.Type() != resource.RootStackType {
		return string(u.Type()) + " " + u.Name()
	}
	return ""
}

// plain turns properties into what JSON has.
func plain(props resource.PropertyMap) map[string]any {
	return props.MapRepl(nil, func(v resource.PropertyValue) (any, bool) {
		if v.IsArchive() {
			path, _ := v.ArchiveValue().GetPath()
			return "archive " + path, true
		}
		return nil, false
	})
}

// of returns the resources of a type, by name.
func (r *recording) of(typ string) map[string]recorded {
	found := map[string]recorded{}
	for _, res := range r.resources {
		if res.Type == typ {
			found[res.Name] = res
		}
	}
	return found
}

// text is the recording as the golden files hold it.
func (r *recording) text() string {
	var s strings.Builder
	for _, key := range slices.Sorted(maps.Keys(r.resources)) {
		res := r.resources[key]
		fmt.Fprintln(&s, key)
		if res.Parent != "" {
			fmt.Fprintln(&s, "  part of", res.Parent)
		}
		for _, other := range res.After {
			fmt.Fprintln(&s, "  after", other)
		}
		if res.Protected {
			fmt.Fprintln(&s, "  protected")
		}
		writeMap(&s, "  ", res.Inputs)
		fmt.Fprintln(&s)
	}
	fmt.Fprintln(&s, "outputs")
	writeMap(&s, "  ", r.outputs)
	return s.String()
}

// writeMap writes a line for each value, nested ones indented. A policy, which
// is JSON in a string, is laid out as what it holds.
func writeMap(s *strings.Builder, indent string, m map[string]any) {
	for _, name := range slices.Sorted(maps.Keys(m)) {
		writeValue(s, indent, name+":", m[name])
	}
}

func writeValue(s *strings.Builder, indent, label string, value any) {
	if text, ok := value.(string); ok && strings.HasPrefix(text, "{") {
		var document map[string]any
		if json.Unmarshal([]byte(text), &document) == nil {
			value = document
		}
	}
	switch v := value.(type) {
	case map[string]any:
		fmt.Fprintf(s, "%s%s\n", indent, label)
		writeMap(s, indent+"  ", v)
	case []any:
		fmt.Fprintf(s, "%s%s\n", indent, label)
		for _, item := range v {
			writeValue(s, indent+"  ", "-", item)
		}
	default:
		fmt.Fprintf(s, "%s%s %v\n", indent, label, v)
	}
}

// prebuilt is a builder that compiles nothing. A digest is the name it stands
// for, so the goldens change with the program and not with the handlers.
type prebuilt struct {
	*build.Builder
	names []string
}

func (p prebuilt) Digests(context.Context) (map[string]string, error) {
	digests := map[string]string{}
	for _, name := range p.names {
		digests[name] = "digest of " + name
	}
	return digests, nil
}

func (p prebuilt) Ensure(_ context.Context, function, sha256 string) (string, error) {
	if sha256 != "sha256 of "+function {
		return "", fmt.Errorf("%s gets the zip with %s", function, sha256)
	}
	return p.Zip(function), nil
}

// settingsOf is what the engine hands over for a stack: its file, and the
// defaults of Pulumi.yaml for what the file leaves out.
func settingsOf(t *testing.T, stack string) map[string]string {
	t.Helper()
	return settingsIn(t, filepath.Join("..", "Pulumi."+stack+".yaml"))
}

// settingsIn is what the engine hands over for a stack with the file.
func settingsIn(t *testing.T, path string) map[string]string {
	t.Helper()
	project, err := workspace.LoadProject("../Pulumi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	file, err := workspace.LoadProjectStack(nil, project, path)
	if err != nil {
		t.Fatal(err)
	}
	settings := map[string]string{}
	for key, declared := range project.Config {
		if declared.Default != nil {
			settings[key] = settingText(t, declared.Default)
		}
	}
	values, err := file.Config.Decrypt(sdkconfig.NopDecrypter)
	if err != nil {
		t.Fatal(err)
	}
	for key, value := range values {
		settings[key.String()] = value
	}
	return settings
}

// settingText is a default as the engine hands it over: parts as JSON.
func settingText(t *testing.T, value any) string {
	t.Helper()
	if text, ok := value.(string); ok {
		return text
	}
	text, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// deployWith runs the whole program against a recording.
func deployWith(t *testing.T, functions []lambdas.Function, settings map[string]string) (*recording, error) {
	t.Helper()
	rec := &recording{caller: settings["skiff:account"]}
	return rec, rec.deploy(t, functions, settings)
}

// deploy runs the whole program against the recording.
func (r *recording) deploy(t *testing.T, functions []lambdas.Function, settings map[string]string) error {
	t.Helper()
	all, err := json.Marshal(settings)
	if err != nil {
		t.Fatal(err)
	}
	r.resources, r.outputs, r.settings = map[string]recorded{}, map[string]any{}, settings
	p := program{functions: functions, settings: string(all), builder: func(target build.Target, names []string) builder {
		return prebuilt{build.New(root, target, names), names}
	}}
	return pulumi.RunErr(func(ctx *pulumi.Context) error {
		outputs, err := p.deploy(ctx)
		pulumi.JSONMarshal(outputs).ApplyT(func(text string) error {
			r.mu.Lock()
			defer r.mu.Unlock()
			return json.Unmarshal([]byte(text), &r.outputs)
		})
		return err
	}, pulumi.WithMocks("skiff", "mock", r), func(info *pulumi.RunInfo) { info.Config = settings })
}

// record runs the program for a stack as it stands.
func record(t *testing.T, stack string) *recording {
	t.Helper()
	rec, err := deployWith(t, lambdas.Functions(), settingsOf(t, stack))
	if err != nil {
		t.Fatal(err)
	}
	return rec
}

// clone is a recording of its own, to be spoilt.
func (r *recording) clone(t *testing.T) *recording {
	t.Helper()
	text, err := json.Marshal(r.resources)
	if err != nil {
		t.Fatal(err)
	}
	c := &recording{outputs: r.outputs, settings: maps.Clone(r.settings)}
	if err := json.Unmarshal(text, &c.resources); err != nil {
		t.Fatal(err)
	}
	return c
}
