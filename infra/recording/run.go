package recording

import (
	"encoding/json"
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	sdkconfig "github.com/pulumi/pulumi/sdk/v3/go/common/resource/config"
	"github.com/pulumi/pulumi/sdk/v3/go/common/workspace"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// Cloud invents what AWS would answer.
type Cloud interface {
	// Create answers a resource with its id and with outputs, of which those
	// count that are not inputs already.
	Create(args pulumi.MockResourceArgs) (id string, outputs map[string]any)
	// Call answers a function of a provider, such as getCallerIdentity.
	Call(args pulumi.MockCallArgs) (resource.PropertyMap, error)
}

// Run runs the program of a project for a stack with these settings, by whole
// key. Deploy gets them as Pulumi hands them over, too: as one JSON object. The
// stack holds what was declared before an error as well.
func Run(t *testing.T, project, stack string, settings map[string]string, cloud Cloud,
	deploy func(ctx *pulumi.Context, settings string) (pulumi.Map, error)) (*Stack, error) {
	t.Helper()
	all, err := json.Marshal(settings)
	if err != nil {
		t.Fatal(err)
	}
	m := &mocks{Cloud: cloud, stack: &Stack{Resources: map[string]Resource{}, Outputs: map[string]any{}, Settings: settings}}
	return m.stack, pulumi.RunErr(func(ctx *pulumi.Context) error {
		outputs, err := deploy(ctx, string(all))
		pulumi.JSONMarshal(outputs).ApplyT(func(text string) error {
			m.mu.Lock()
			defer m.mu.Unlock()
			return json.Unmarshal([]byte(text), &m.stack.Outputs)
		})
		return err
	}, pulumi.WithMocks(project, stack, m), func(info *pulumi.RunInfo) { info.Config = settings })
}

// mocks stands for the engine, which registers several resources at once.
type mocks struct {
	Cloud
	mu    sync.Mutex
	stack *Stack
}

// NewResource notes the resource and answers its inputs with what the cloud
// adds to them.
func (m *mocks) NewResource(args pulumi.MockResourceArgs) (string, resource.PropertyMap, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	id, invented := m.Create(args)
	outputs := args.Inputs.Copy()
	for name, value := range invented {
		if key := resource.PropertyKey(name); !outputs.HasValue(key) {
			outputs[key] = resource.NewPropertyValue(value)
		}
	}
	rpc := args.RegisterRPC
	var after []string
	for _, urn := range rpc.GetDependencies() {
		after = append(after, keyOf(urn))
	}
	slices.Sort(after)
	res := Resource{
		Type: args.TypeToken, Name: args.Name, Parent: keyOf(rpc.GetParent()), Provider: args.Provider, After: after,
		Protected: rpc.GetProtect(), Retained: rpc.GetRetainOnDelete(), Inputs: plain(args.Inputs), Outputs: plain(outputs),
	}
	if _, twice := m.stack.Resources[res.Key()]; twice {
		return "", nil, fmt.Errorf("%s is registered twice", res.Key())
	}
	m.stack.Resources[res.Key()] = res
	return id, outputs, nil
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

// Settings is what the engine hands over for a stack, by whole key: those of the
// stack's file, and the defaults of the project's for what it leaves out.
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
