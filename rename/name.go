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

// identity is what a clone is called.
type identity struct {
	Name   string // of the Pulumi project, which begins every name in AWS
	Module string // path of the Go module
}

// readIdentity takes the identity from the contents of Pulumi.yaml and go.mod.
func readIdentity(pulumi, gomod []byte) (identity, error) {
	var project struct{ Name string }
	if err := yaml.Unmarshal(pulumi, &project); err != nil {
		return identity{}, fmt.Errorf("Pulumi.yaml: %w", err)
	}
	if project.Name == "" {
		return identity{}, errors.New("Pulumi.yaml has no name: write one, as name: NAME")
	}
	path := modfile.ModulePath(gomod)
	if path == "" {
		return identity{}, errors.New("go.mod has no module path: write one, as module PATH")
	}
	return identity{project.Name, path}, nil
}

// nameLength is the limit of a name, in characters. Names in AWS begin with the
// project and the stack, and bootstrap gives these 32 characters together: 19 are
// left beside the stack of a merge request, such as review-12345.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
const nameLength = 19

// checkName refuses a name that AWS, Pulumi or a shell's variables would not
// take everywhere that this repository puts it.
func checkName(name string) error {
	if len(name) > nameLength || !regexp.MustCompile(`^[a-z][a-z0-9]*(-[a-z0-9]+)*$`).MatchString(name) {
		return fmt.Errorf("the name is %q and must be 1 to %d of a-z, 0-9 and -, begin with a letter, and have single hyphens between other characters, such as acme-orders", name, nameLength)
	}
	// https://docs.aws.amazon.com/systems-manager/latest/userguide/sysman-paramstore-su-create.html
	for _, prefix := range []string{"aws", "ssm", "pulumi"} {
		if strings.HasPrefix(name, prefix) {
			return fmt.Errorf("the name is %q, and AWS or Pulumi keeps names that begin with %s to itself: choose another", name, prefix)
		}
	}
	return nil
}

// checkModule refuses what cannot be the path of this program's Go module.
func checkModule(path string) error {
	if err := module.CheckImportPath(path); err != nil {
		return fmt.Errorf("%w: write a module path, such as gitlab.com/acme/orders", err)
	}
	first, _, _ := strings.Cut(path, "/")
	// Words that the go command takes for other things than a module's packages.
	taken := slices.Contains([]string{"all", "cmd", "internal", "main", "std", "tool", "vendor", "work"}, first)
	if info, err := os.Stat(filepath.Join(build.Default.GOROOT, "src", first)); err == nil && info.IsDir() {
		taken = true
	}
	if taken {
		return fmt.Errorf("the module path %q begins with %s, which the go command looks for in Go's own library: choose another, such as example.com/%s", path, first, path)
	}
	return nil
}
