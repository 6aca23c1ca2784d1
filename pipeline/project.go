package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"go.yaml.in/yaml/v3"
)

// writeProject makes the Pulumi project of the repository once more, in .build,
// with one difference: it runs the program that the build job has made, where
// the repository's own compiles what is there. Nothing of the checkout changes.
// https://www.pulumi.com/docs/iac/languages-sdks/go/#pre-built-binaries
func (p pipeline) writeProject(stack string) error {
	data, err := os.ReadFile(filepath.Join(p.dir, "Pulumi.yaml"))
	if err != nil {
		return err
	}
	var project yaml.Node
	if err := yaml.Unmarshal(data, &project); err != nil {
		return fmt.Errorf("Pulumi.yaml: %w", err)
	}
	if err := p.useProgram(&project); err != nil {
		return err
	}
	if data, err = yaml.Marshal(&project); err != nil {
		return err
	}
	// A stack of an earlier command is none of this one's.
	if err := os.RemoveAll(p.projectDir()); err != nil {
		return err
	}
	if err := os.MkdirAll(p.projectDir(), 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(p.projectDir(), "Pulumi.yaml"), data, 0o644); err != nil {
		return err
	}
	settings, err := os.ReadFile(p.stackFile(stack))
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("there is no stack %s: %s does not exist", stack, filepath.Base(p.stackFile(stack)))
	}
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(p.projectDir(), filepath.Base(p.stackFile(stack))), settings, 0o644)
}

// useProgram sets what the project runs, and where: paths of the program stay
// relative to its own folder.
func (p pipeline) useProgram(project *yaml.Node) error {
	var file struct{ Main string }
	if err := project.Decode(&file); err != nil {
		return fmt.Errorf("Pulumi.yaml: %w", err)
	}
	main, err := filepath.Rel(p.projectDir(), filepath.Join(p.dir, file.Main))
	if err != nil {
		return err
	}
	// The language host looks for a relative one in places of its own.
	binary, err := filepath.Abs(p.programFile())
	if err != nil {
		return err
	}
	set := map[string]any{
		"main":    filepath.ToSlash(main),
		"runtime": map[string]any{"name": "go", "options": map[string]any{"binary": binary}},
	}
	fields := project.Content[0]
	for i := 0; i+1 < len(fields.Content); i += 2 {
		if value, ok := set[fields.Content[i].Value]; ok {
			if err := fields.Content[i+1].Encode(value); err != nil {
				return err
			}
		}
	}
	return nil
}
