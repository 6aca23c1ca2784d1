package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"skiff/infra/recording"
)

// ownStacks returns the team's own stacks, which have a file in this folder.
// Tests that need fixed values use the fixtures in testdata/stacks.
func ownStacks(t *testing.T) (names []string) {
	t.Helper()
	files, err := filepath.Glob("Pulumi.*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		names = append(names, strings.TrimSuffix(strings.TrimPrefix(file, "Pulumi."), ".yaml"))
	}
	return names
}

// ownSettings returns the settings of one of the team's own stacks.
func ownSettings(t *testing.T, stack string) map[string]string {
	t.Helper()
	return recording.Settings(t, "Pulumi.yaml", "Pulumi."+stack+".yaml")
}

// recordOwn runs the program for one of the team's own stacks.
func recordOwn(t *testing.T, stack string) *recording.Stack {
	t.Helper()
	settings := ownSettings(t, stack)
	c := cloud{caller: settings[ours(t, "account")]}
	if settings[ours(t, "createProvider")] == "false" {
		c.audiences = []string{settings[ours(t, "gitlabAudience")]}
	}
	rec, err := deployWith(t, c, stack, settings)
	if err != nil {
		t.Fatalf("Pulumi.%s.yaml: %v", stack, err)
	}
	return rec
}

// deployed returns the team's own stacks that bootstrap's roles deploy: infra
// has a file with a boundary and a golden for them.
func deployed(t *testing.T) (names []string) {
	t.Helper()
	for _, stack := range ownStacks(t) {
		if _, err := os.Stat("../Pulumi." + stack + ".yaml"); err != nil {
			continue
		}
		if infraSettings(t, stack)[infraProject(t)+":permissionsBoundary"] != "" {
			names = append(names, stack)
		}
	}
	return names
}

// ownInfra returns what infra declares for one of the team's own stacks. With a
// stack for each merge request it returns the stack of one of them.
func ownInfra(t *testing.T, stack string) infraStack {
	t.Helper()
	settings, name := ownSettings(t, stack), stack
	if settings[ours(t, "perMergeRequest")] == "true" {
		name += "-12"
	}
	s := newInfraStack(t, filepath.Join("..", "infra", "testdata", stack+".golden"), name, settings)
	var zones []string
	if err := json.Unmarshal([]byte(settings[ours(t, "hostedZones")]), &zones); err == nil && len(zones) > 0 && zones[0] != "*" {
		s.zone = zones[0]
	}
	return s
}
