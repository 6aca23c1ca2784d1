package main

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// values are settings by name, without the project's prefix.
type values map[string]any

// stackFile is the file of a stack that a test changes.
type stackFile struct {
	path    string
	project string
	base    values         // of the checkout
	others  map[string]any // of other packages, such as aws:region
}

func openStackFile(t *testing.T, dir, stack string) *stackFile {
	t.Helper()
	f := &stackFile{path: filepath.Join(dir, "Pulumi."+stack+".yaml"), project: projectName(t, dir), base: values{}, others: map[string]any{}}
	for key, value := range readConfig(t, f.path) {
		if name, ok := strings.CutPrefix(key, f.project+":"); ok {
			f.base[name] = value
		} else {
			f.others[key] = value
		}
	}
	return f
}

// set writes the file with some settings changed; nil removes a setting.
func (f *stackFile) set(t *testing.T, changes values) {
	t.Helper()
	config := maps.Clone(f.others)
	for _, settings := range []values{f.base, changes} {
		for name, value := range settings {
			config[f.project+":"+name] = value
			if value == nil {
				delete(config, f.project+":"+name)
			}
		}
	}
	text, err := yaml.Marshal(map[string]any{"config": config})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(f.path, text, 0o644); err != nil {
		t.Fatal(err)
	}
}

// text returns a setting of the checkout.
func (f *stackFile) text(name string) string {
	text, _ := f.base[name].(string)
	return text
}

// readConfig returns the config of a project's or a stack's file.
func readConfig(t *testing.T, path string) map[string]any {
	t.Helper()
	var file struct{ Config map[string]any }
	data, err := os.ReadFile(path)
	if err == nil {
		err = yaml.Unmarshal(data, &file)
	}
	if err != nil {
		t.Fatal(err)
	}
	return file.Config
}

// projectName returns the name of the project, which prefixes its settings.
func projectName(t *testing.T, dir string) string {
	t.Helper()
	var file struct{ Name string }
	data, err := os.ReadFile(filepath.Join(dir, "Pulumi.yaml"))
	if err == nil {
		err = yaml.Unmarshal(data, &file)
	}
	if err != nil || file.Name == "" {
		t.Fatalf("the project in %s: %v", dir, err)
	}
	return file.Name
}

// settingNames returns the settings that Pulumi.yaml declares.
func settingNames(t *testing.T, dir string) (names []string) {
	t.Helper()
	project := projectName(t, dir)
	for key := range readConfig(t, filepath.Join(dir, "Pulumi.yaml")) {
		if name, ok := strings.CutPrefix(key, project+":"); ok {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}
