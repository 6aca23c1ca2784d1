package recording

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	sdkconfig "github.com/pulumi/pulumi/sdk/v3/go/common/resource/config"
	"github.com/pulumi/pulumi/sdk/v3/go/common/workspace"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
)

// Cloud answers in place of AWS.
type Cloud interface {
	// Create returns the id and the outputs of a new resource. An output with
	// the name of an input has no effect, except that an object adds its
	// members to the input's.
	Create(args pulumi.MockResourceArgs) (id string, outputs map[string]any)
	// Call returns the result of a provider's function, such as
	// getCallerIdentity.
	Call(args pulumi.MockCallArgs) (resource.PropertyMap, error)
}

// Run runs a program and returns what it declared. Settings are by whole key.
// Deploy also gets them in Pulumi's form, as one JSON object. If deploy fails,
// the stack holds what deploy declared before the error.
func Run(t *testing.T, project, stack string, settings map[string]string, cloud Cloud,
	deploy func(ctx *pulumi.Context, settings string) (pulumi.Map, error)) (*Stack, error) {
	t.Helper()
	all, err := json.Marshal(settings)
	if err != nil {
		t.Fatal(err)
	}
	m := &monitor{cloud: cloud, project: project, name: stack, hooks: map[string]*pulumirpc.Callback{},
		stack: &Stack{Resources: map[string]Resource{}, Outputs: map[string]any{}, Settings: settings}}
	address := m.serve(t)
	return m.stack, pulumi.RunErr(func(ctx *pulumi.Context) error {
		outputs, err := deploy(ctx, string(all))
		pulumi.JSONMarshal(outputs).ApplyT(func(text string) error {
			m.mu.Lock()
			defer m.mu.Unlock()
			return json.Unmarshal([]byte(text), &m.stack.Outputs)
		})
		return err
	}, func(info *pulumi.RunInfo) {
		info.Project, info.Stack, info.Config, info.MonitorAddr, info.EngineAddr = project, stack, settings, address, address
	})
}

// record records the resource. It returns the id, and the inputs with the
// outputs that the cloud adds.
func (m *monitor) record(args pulumi.MockResourceArgs) (string, resource.PropertyMap, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	id, invented := m.cloud.Create(args)
	outputs := merged(args.Inputs, resource.NewPropertyMapFromMap(invented))
	rpc := args.RegisterRPC
	var after []string
	for _, urn := range rpc.GetDependencies() {
		after = append(after, keyOf(urn))
	}
	slices.Sort(after)
	res := Resource{
		Type: args.TypeToken, Name: args.Name, Parent: keyOf(rpc.GetParent()), Provider: args.Provider, After: after,
		Protected: rpc.GetProtect(), Retained: rpc.GetRetainOnDelete(), DeletedFirst: rpc.GetDeleteBeforeReplace(),
		CreatedIn: rpc.GetCustomTimeouts().GetCreate(), Formerly: aliases(rpc), Hooks: hooks(rpc),
		Inputs: plain(args.Inputs), Outputs: plain(outputs),
	}
	if _, twice := m.stack.Resources[res.Key()]; twice {
		return "", nil, fmt.Errorf("%s is registered twice", res.Key())
	}
	m.stack.Resources[res.Key()] = res
	return id, outputs, nil
}

// aliases returns the names in the resource's aliases, except its own name.
func aliases(rpc *pulumirpc.RegisterResourceRequest) (names []string) {
	for _, alias := range rpc.GetAliases() {
		if name := alias.GetSpec().GetName(); name != "" && name != rpc.GetName() {
			names = append(names, name)
		}
	}
	return names
}

// hooks returns the resource's hooks, each with the time at which the engine
// calls it.
func hooks(rpc *pulumirpc.RegisterResourceRequest) (all []string) {
	for _, name := range rpc.GetHooks().GetBeforeCreate() {
		all = append(all, "before a create "+name)
	}
	for _, name := range rpc.GetHooks().GetBeforeUpdate() {
		all = append(all, "before an update "+name)
	}
	return all
}

// merged returns the inputs with the outputs of other names added, in nested
// objects too.
func merged(inputs, invented resource.PropertyMap) resource.PropertyMap {
	all := inputs.Copy()
	for key, value := range invented {
		switch given := inputs[key]; {
		case !inputs.HasValue(key):
			all[key] = value
		case given.IsObject() && value.IsObject():
			all[key] = resource.NewPropertyValue(merged(given.ObjectValue(), value.ObjectValue()))
		}
	}
	return all
}

// keyOf returns the key of the resource with this URN, or "" for the stack
// itself.
func keyOf(urn string) string {
	if u := resource.URN(urn); urn != "" && u.Type() != resource.RootStackType {
		return string(u.Type()) + " " + u.Name()
	}
	return ""
}

// plain converts properties to JSON values. It shows secrets, because a test
// records no real ones.
func plain(props resource.PropertyMap) map[string]any {
	return props.MapRepl(nil, replace)
}

func replace(v resource.PropertyValue) (any, bool) {
	switch {
	case v.IsArchive():
		path, _ := v.ArchiveValue().GetPath()
		return "archive " + path, true
	case v.IsSecret():
		return v.SecretValue().Element.MapRepl(nil, replace), true
	}
	return nil, false
}

// Settings returns the settings that the engine passes for a stack, by whole
// key: the values in the stack's file and the project's defaults.
func Settings(t *testing.T, projectFile, stackFile string) map[string]string {
	t.Helper()
	project, err := workspace.LoadProject(projectFile)
	if err != nil {
		t.Fatal(err)
	}
	file, err := workspace.LoadProjectStack(nil, project, stackFile)
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

// settingText returns a default in the engine's form: lists and objects are
// JSON.
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
