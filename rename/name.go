package main

import (
	"errors"
	"fmt"
	"go/build"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
	"golang.org/x/mod/modfile"
	"golang.org/x/mod/module"
)

// identity holds the two names of a clone.
type identity struct {
	Name   string // of the Pulumi project; all names in AWS start with it
	Module string // path of the Go module
}

// readIdentity reads the identity from the contents of Pulumi.yaml and go.mod.
func readIdentity(pulumi, gomod []byte) (identity, error) {
	var project struct{ Name string }
	if err := yaml.Unmarshal(pulumi, &project); err != nil {
		return identity{}, fmt.Errorf("Pulumi.yaml: %w", err)
	}
	if project.Name == "" {
		return identity{}, errors.New("Pulumi.yaml has no name; add one: name: NAME")
	}
	path := modfile.ModulePath(gomod)
	if path == "" {
		return identity{}, errors.New("go.mod has no module path; add one: module PATH")
	}
	return identity{project.Name, path}, nil
}

// maxName is the limit of a name, in characters. Names in AWS start with the
// project and the stack, which together have at most 32 characters in
// bootstrap. A stack of a merge request, such as review-12345, leaves 19.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
const maxName = 19

// checkName fails if AWS, Pulumi or the shell does not accept the name in one
// of the places where this repository uses it.
func checkName(name string) error {
	if len(name) > maxName || !regexp.MustCompile(`^[a-z][a-z0-9]*(-[a-z0-9]+)*$`).MatchString(name) {
		return fmt.Errorf("the name %q must be 1 to %d of a-z, 0-9 and -, start with a letter, and have only single hyphens between other characters, such as acme-orders", name, maxName)
	}
	// https://docs.aws.amazon.com/systems-manager/latest/userguide/sysman-paramstore-su-create.html
	for _, prefix := range []string{"aws", "ssm", "pulumi"} {
		if strings.HasPrefix(name, prefix) {
			return fmt.Errorf("the name %q is not allowed: AWS or Pulumi reserves names that start with %s; choose another", name, prefix)
		}
	}
	return nil
}

// checkModule fails if path cannot be the path of this program's Go module.
func checkModule(path string) error {
	if err := module.CheckImportPath(path); err != nil {
		return fmt.Errorf("%w; use a module path such as gitlab.com/acme/orders", err)
	}
	first, _, _ := strings.Cut(path, "/")
	// The go command reserves these words.
	taken := slices.Contains([]string{"all", "cmd", "internal", "main", "std", "tool", "vendor", "work"}, first)
	if info, err := os.Stat(filepath.Join(build.Default.GOROOT, "src", first)); err == nil && info.IsDir() {
		taken = true
	}
	if taken {
		return fmt.Errorf("the module path %q starts with %s, for which the go command searches Go's standard library; choose another, such as example.com/%s", path, first, path)
	}
	return nil
}
