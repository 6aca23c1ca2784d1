package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	sdkconfig "github.com/pulumi/pulumi/sdk/v3/go/common/resource/config"
	"github.com/pulumi/pulumi/sdk/v3/go/common/workspace"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// recorded is one resource that the program registered.
type recorded struct {
	Type     string
	Name     string
	After    []string // the resources it depends on
	Provider string   // the name of the explicit one; "" is the default one
	Kept     bool     // protected, and retained when it is deleted
	Guarded  bool     // protected
	Inputs   map[string]any
	Outputs  map[string]any
}

// key is the resource's type and name, which are unique in this program.
func (r recorded) key() string { return r.Type + " " + r.Name }

// recording is every resource of one run, by key, and the stack's outputs. It
// stands for the engine and AWS: it invents what they would answer.
type recording struct {
	caller    string   // the account of the credentials
	audiences []string // of the provider that the account has; nil is none

	mu        sync.Mutex
	resources map[string]recorded
	outputs   map[string]any
}

// NewResource notes the resource and answers its inputs with the ids and ARNs
// that AWS would give it.
func (r *recording) NewResource(args pulumi.MockResourceArgs) (string, resource.PropertyMap, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	outputs := args.Inputs.Copy()
	for name, value := range r.invent(args) {
		if key := resource.PropertyKey(name); !outputs.HasValue(key) {
			outputs[key] = resource.NewPropertyValue(value)
		}
	}
	rpc := args.RegisterRPC
	var after []string
	for _, urn := range rpc.GetDependencies() {
		u := resource.URN(urn)
		after = append(after, string(u.Type())+" "+u.Name())
	}
	slices.Sort(after)
	provider := ""
	if urn, _, ok := strings.Cut(args.Provider, "::account::"); ok || strings.HasSuffix(urn, "::account") {
		provider = "account"
	}
	res := recorded{
		Type: args.TypeToken, Name: args.Name, After: after, Provider: provider,
		Kept: rpc.GetProtect() && rpc.GetRetainOnDelete(), Guarded: rpc.GetProtect(),
		Inputs: args.Inputs.Mappable(), Outputs: outputs.Mappable(),
	}
	if _, twice := r.resources[res.key()]; twice {
		return "", nil, fmt.Errorf("%s is registered twice", res.key())
	}
	r.resources[res.key()] = res
	id := fmt.Sprintf("id of %s", args.Name)
	if args.TypeToken == bucketType {
		id = "skiff-bootstrap-mock-state-0000000"
	}
	return id, outputs, nil
}

// invent is what AWS answers to a resource's inputs.
func (r *recording) invent(args pulumi.MockResourceArgs) map[string]any {
	text := func(name string) string { return fmt.Sprint(args.Inputs[resource.PropertyKey(name)].V) }
	arn := "arn:aws:iam::" + r.caller + ":"
	switch args.TypeToken {
	case roleType:
		return map[string]any{"arn": arn + "role" + text("path") + text("name")}
	case policyType:
		return map[string]any{"arn": arn + "policy" + text("path") + text("name")}
	case providerType:
		return map[string]any{"arn": arn + "oidc-provider/" + strings.TrimPrefix(text("url"), "https://")}
	case bucketType:
		return map[string]any{"arn": stateBucket}
	case keyType:
		return map[string]any{"arn": "arn:aws:kms:eu-central-1:" + r.caller + ":key/mock", "keyId": "00000000-mock"}
	}
	return nil
}

// Call answers who calls, and for the provider that the account has.
func (r *recording) Call(args pulumi.MockCallArgs) (resource.PropertyMap, error) {
	switch args.Token {
	case "aws:index/getCallerIdentity:getCallerIdentity":
		if r.caller == "" {
			return nil, fmt.Errorf("no valid credential sources found")
		}
		return resource.NewPropertyMapFromMap(map[string]any{"accountId": r.caller}), nil
	case "aws:iam/getOpenIdConnectProvider:getOpenIdConnectProvider":
		if r.audiences == nil {
			return nil, fmt.Errorf("NoSuchEntity: %s", args.Args["arn"].StringValue())
		}
		return resource.NewPropertyMapFromMap(map[string]any{
			"arn": args.Args["arn"].StringValue(), "clientIdLists": anySlice(r.audiences),
		}), nil
	}
	return nil, fmt.Errorf("call of %s", args.Token)
}

func anySlice(texts []string) []any {
	var all []any
	for _, text := range texts {
		all = append(all, text)
	}
	return all
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
		switch {
		case res.Kept:
			fmt.Fprintln(&s, "  protected and retained")
		case res.Guarded:
			fmt.Fprintln(&s, "  protected")
		}
		for _, other := range res.After {
			fmt.Fprintln(&s, "  after", other)
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

// settingsOf is what the engine hands over for a stack: its file, and the
// defaults of Pulumi.yaml for what the file leaves out.
func settingsOf(t *testing.T, stack string) map[string]string {
	t.Helper()
	project, err := workspace.LoadProject("Pulumi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	file, err := workspace.LoadProjectStack(nil, project, "Pulumi."+stack+".yaml")
	if err != nil {
		t.Fatal(err)
	}
	settings := map[string]string{}
	for key, declared := range project.Config {
		if list, ok := declared.Default.([]any); ok {
			text, err := json.Marshal(list)
			if err != nil {
				t.Fatal(err)
			}
			settings[key] = string(text)
		} else if declared.Default != nil {
			settings[key] = fmt.Sprint(declared.Default)
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

// deployWith runs the whole program against a recording.
func deployWith(t *testing.T, rec *recording, stack string, settings map[string]string) error {
	t.Helper()
	all, err := json.Marshal(settings)
	if err != nil {
		t.Fatal(err)
	}
	rec.resources, rec.outputs = map[string]recorded{}, map[string]any{}
	return pulumi.RunErr(func(ctx *pulumi.Context) error {
		outputs, err := deploy(ctx, string(all))
		pulumi.JSONMarshal(outputs).ApplyT(func(text string) error {
			rec.mu.Lock()
			defer rec.mu.Unlock()
			return json.Unmarshal([]byte(text), &rec.outputs)
		})
		return err
	}, pulumi.WithMocks("skiff-bootstrap", stack, rec), func(info *pulumi.RunInfo) { info.Config = settings })
}

// record runs the program for a stack with these settings changed: key, value,
// key, value.
func record(t *testing.T, stack string, changed ...string) *recording {
	t.Helper()
	settings := settingsOf(t, stack)
	for i := 0; i < len(changed); i += 2 {
		settings["skiff-bootstrap:"+changed[i]] = changed[i+1]
	}
	rec := &recording{caller: settings["skiff-bootstrap:account"]}
	if err := deployWith(t, rec, stack, settings); err != nil {
		t.Fatal(err)
	}
	return rec
}
