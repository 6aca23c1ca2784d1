package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"skiff/local/engine/provider"
)

// inertKey is the setting of a stack's file that has the effect of -inert.
const inertKey = "local:inert"

// inert returns the types and properties that are stored without effect for a
// stack. They come from the command line, the cloud that serves, and the
// stack's file.
func (e *engine) inert(stack string) (string, error) {
	all := slices.Concat(e.project.inert, provider.InertList(e.session.Inert))
	if stack != "" {
		named, err := e.project.inertOf(stack)
		if err != nil {
			return "", err
		}
		all = append(all, named...)
	}
	return strings.Join(provider.InertList(strings.Join(all, ",")), ","), nil
}

// inertOf returns the list in the stack's file.
func (p project) inertOf(stack string) ([]string, error) {
	data, err := os.ReadFile(p.stackFile(stack))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var file struct {
		Config map[string]yaml.Node `yaml:"config"`
	}
	if yaml.Unmarshal(data, &file) != nil {
		return nil, nil // Pulumi reports the mistake
	}
	node, ok := file.Config[inertKey]
	if !ok {
		return nil, nil
	}
	var names []string
	if err := node.Decode(&names); err != nil {
		return nil, fmt.Errorf("%s in Pulumi.%s.yaml must be a list, such as [aws:cognito/userPool:UserPool]", inertKey, stack)
	}
	return names, nil
}
