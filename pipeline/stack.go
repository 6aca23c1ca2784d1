package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"go.yaml.in/yaml/v3"

	"skiff/infra/build"
	"skiff/internal/rehearsal"
	"skiff/lambdas"
)

func (p pipeline) stackFile(stack string) string {
	return filepath.Join(p.dir, "Pulumi."+stack+".yaml")
}

// builder returns the builder of the stack's functions, and the target that
// they run on.
func (p pipeline) builder(stack string) (*build.Builder, build.Target, error) {
	name, err := p.target(stack)
	if err != nil {
		return nil, build.Target{}, err
	}
	target, err := build.ParseTarget(name)
	if err != nil {
		return nil, target, fmt.Errorf("the target of stack %s %w", stack, err)
	}
	return build.New(p.dir, target, lambdas.Declared().FunctionNames()), target, nil
}

// target returns the stack's setting target, or the default of this setting.
func (p pipeline) target(stack string) (string, error) {
	if name := p.getenv(rehearsal.TargetVariable); name != "" {
		return name, nil
	}
	var project struct {
		Name   string
		Config map[string]yaml.Node
	}
	if err := readYAML(filepath.Join(p.dir, "Pulumi.yaml"), &project); err != nil {
		return "", err
	}
	var settings struct{ Config map[string]any }
	err := readYAML(p.stackFile(stack), &settings)
	if errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("stack %s has no settings: %s does not exist", stack, filepath.Base(p.stackFile(stack)))
	}
	if err != nil {
		return "", err
	}
	key := project.Name + ":target"
	if name, ok := settings.Config[key].(string); ok {
		return name, nil
	}
	var setting struct{ Default string }
	node := project.Config[key]
	if err := node.Decode(&setting); err != nil || setting.Default == "" {
		return "", fmt.Errorf("Pulumi.yaml has no default for %s", key)
	}
	return setting.Default, nil
}

func readYAML(file string, to any) error {
	data, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	if err := yaml.Unmarshal(data, to); err != nil {
		return fmt.Errorf("%s: %w", filepath.Base(file), err)
	}
	return nil
}
