package main

import (
	"path/filepath"
	"strings"
	"testing"

	"skiff/infra/recording"
	"skiff/lambdas"
)

// rootStacks returns the files of the team's own stacks, by stack.
func rootStacks(t *testing.T) map[string]string {
	t.Helper()
	paths, err := filepath.Glob("../Pulumi.*.yaml")
	if err != nil || len(paths) == 0 {
		t.Fatal(len(paths), "stacks:", err)
	}
	stacks := map[string]string{}
	for _, path := range paths {
		stacks[strings.TrimSuffix(strings.TrimPrefix(filepath.Base(path), "Pulumi."), ".yaml")] = path
	}
	return stacks
}

// ownStacks runs the program for each of the team's own stacks on AWS.
func ownStacks(t *testing.T) map[string]*recording.Stack {
	t.Helper()
	stacks := map[string]*recording.Stack{}
	for name, path := range rootStacks(t) {
		if name == "local" {
			continue
		}
		settings := settingsIn(t, path)
		rec, err := deployIn(t, cloudFor(t, settings), lambdas.Declared(), settings)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		stacks[name] = rec
	}
	return stacks
}

// cloudFor returns a cloud with everything that the settings expect: the
// account, existing zones and the host stack.
func cloudFor(t *testing.T, settings map[string]string) cloud {
	t.Helper()
	set := func(name string) string { return settings[own(settings, name)] }
	zone := func(name string) string { return strings.ToLower(strings.TrimSuffix(set(name), ".")) }
	c := cloud{caller: set("account"), parameters: map[string]string{}}
	if set("parentZone") != "" {
		c.zones = append(c.zones, zone("parentZone"))
	}
	if set("createZone") == "false" {
		c.zones = append(c.zones, zone("zone"), zone("domain"))
	}
	if set("attachTo") != "" {
		host, err := deployWith(t, lambdas.Declared(), with(settingsOf(t, "staging"), "autoDeploy=true"))
		if err != nil {
			t.Fatal(err)
		}
		for name, p := range host.Of(parameterType) {
			c.parameters["/"+set("attachTo")+"/"+name], _ = p.Inputs["value"].(string)
		}
	}
	return c
}
