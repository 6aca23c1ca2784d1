package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// project is the Pulumi project that a command acts on.
type project struct {
	Name    string
	dir     string   // absolute
	program string   // absolute
	state   string   // absolute; the folder of the local cloud
	items   string   // URL of the engine that keeps the items; "" for Dynoxide
	inert   []string // types and properties of the flag -inert
}

func openProject(o options) (project, error) {
	dir, err := filepath.Abs(o.dir)
	if err != nil {
		return project{}, err
	}
	data, err := os.ReadFile(filepath.Join(dir, "Pulumi.yaml"))
	if errors.Is(err, fs.ErrNotExist) {
		return project{}, fmt.Errorf("there is no Pulumi.yaml in %s: run the command in the folder of a Pulumi project, or name the folder with -C DIR", dir)
	}
	if err != nil {
		return project{}, err
	}
	var file struct {
		Name    string    `yaml:"name"`
		Main    string    `yaml:"main"`
		Runtime yaml.Node `yaml:"runtime"`
	}
	if err := yaml.Unmarshal(data, &file); err != nil {
		return project{}, fmt.Errorf("%s: %w", filepath.Join(dir, "Pulumi.yaml"), err)
	}
	if file.Name == "" {
		return project{}, fmt.Errorf("%s has no name; add one: name: NAME", filepath.Join(dir, "Pulumi.yaml"))
	}
	if runtime := runtimeName(file.Runtime); runtime != "go" {
		return project{}, fmt.Errorf("the project %s has the runtime %q: the local cloud runs Go programs", file.Name, runtime)
	}
	state := o.state
	if state == "" {
		state = filepath.Join(dir, ".local")
	}
	state, err = filepath.Abs(state)
	return project{Name: file.Name, dir: dir, program: filepath.Join(dir, file.Main), state: state, items: o.items, inert: o.inert}, err
}

// runtimeName returns the name of a runtime, which Pulumi.yaml has as a string
// or in a map.
func runtimeName(n yaml.Node) string {
	var name string
	if n.Decode(&name) == nil {
		return name
	}
	var long struct{ Name string }
	if n.Decode(&long) == nil {
		return long.Name
	}
	return ""
}

// stackFile returns the path of the project's config file of a stack.
func (p project) stackFile(stack string) string {
	return filepath.Join(p.dir, "Pulumi."+stack+".yaml")
}

// stacks returns the names of the stacks with a config file.
func (p project) stacks() []string {
	names, _ := filepath.Glob(p.stackFile("*"))
	for i, name := range names {
		names[i] = strings.TrimSuffix(strings.TrimPrefix(filepath.Base(name), "Pulumi."), ".yaml")
	}
	return names
}

// checkpoint returns the path of a stack's state in the backend.
func (p project) checkpoint(stack string) string {
	return filepath.Join(p.backend(), ".pulumi", "stacks", p.Name, stack+".json")
}

func (p project) backend() string { return filepath.Join(p.state, "pulumi") }

// has reports whether the local backend has a stack.
func (p project) has(stack string) bool {
	_, err := os.Stat(p.checkpoint(stack))
	return err == nil
}

// defaultStack is the stack that exists even without a stack file.
const defaultStack = "local"

// checkStack returns an error if neither the project nor the backend has the
// stack.
func (p project) checkStack(stack string) error {
	if p.has(stack) || slices.Contains(p.stacks(), stack) || stack == defaultStack {
		return nil
	}
	return fmt.Errorf("there is no stack %q: %s does not exist; stacks here: %s", stack, filepath.Base(p.stackFile(stack)), strings.Join(p.stacks(), ", "))
}

// All local stacks share this passphrase and salt. They are not secret: what
// they encrypt stays on this machine.
const (
	passphrase = "local"
	salt       = "v1:ITe1zCEQcdA=:v1:pH3EJ9287aq8JMQI:KOv0/B7+bOq6DRL1fPxvPCygmt37ZQ=="
)

// configDir returns the folder of Pulumi's copies of the stack files. Pulumi
// would otherwise write the local secrets provider into the file that the real
// stack is deployed with.
func (p project) configDir() string { return filepath.Join(p.state, "config") }

func (p project) configFile(stack string) string {
	return filepath.Join(p.configDir(), "Pulumi."+stack+".yaml")
}

// copyConfig updates the copy of a stack file.
func (p project) copyConfig(stack string) error {
	data, err := os.ReadFile(p.stackFile(stack))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := os.MkdirAll(p.configDir(), 0o755); err != nil {
		return err
	}
	manifest := fmt.Sprintf("name: %s\nruntime: go\n", p.Name)
	if err := os.WriteFile(filepath.Join(p.configDir(), "Pulumi.yaml"), []byte(manifest), 0o644); err != nil {
		return err
	}
	return os.WriteFile(p.configFile(stack), localConfig(data), 0o600)
}

// localConfig returns a stack file with the local secrets provider. A file with
// encrypted values keeps its salt, and Pulumi reports a passphrase that does
// not fit.
func localConfig(file []byte) []byte {
	keepSalt := bytes.Contains(file, []byte("secure:"))
	var out bytes.Buffer
	salted := false
	for line := range bytes.Lines(file) {
		switch key, _, _ := bytes.Cut(line, []byte(":")); string(key) {
		case "secretsprovider", "encryptedkey":
			continue
		case "encryptionsalt":
			if !keepSalt {
				continue
			}
			salted = true
		}
		out.Write(line)
	}
	if !salted {
		if n := out.Len(); n > 0 && out.Bytes()[n-1] != '\n' {
			out.WriteByte('\n')
		}
		out.WriteString("encryptionsalt: " + salt + "\n")
	}
	return out.Bytes()
}
