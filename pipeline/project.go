package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"go.yaml.in/yaml/v3"
)

// writeProject writes a copy of the repository's Pulumi project to .build. The
// copy runs the program from the job build, where the repository's project
// compiles the sources. The checkout does not change.
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
	// Remove the settings of another stack from an earlier command.
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
		return fmt.Errorf("stack %s has no settings: %s does not exist", stack, filepath.Base(p.stackFile(stack)))
	}
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(p.projectDir(), filepath.Base(p.stackFile(stack))), settings, 0o644)
}

// useProgram sets the project's program and main folder. main stays the
// program's own folder, so relative paths in the program stay valid.
func (p pipeline) useProgram(project *yaml.Node) error {
	var file struct{ Main string }
	if err := project.Decode(&file); err != nil {
		return fmt.Errorf("Pulumi.yaml: %w", err)
	}
	main, err := filepath.Rel(p.projectDir(), filepath.Join(p.dir, file.Main))
	if err != nil {
		return err
	}
	// The language host looks for a relative path in other folders.
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
