package main

import (
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/workspace"

	"skiff/infra/recording"
)

// ours returns the key of a setting of this program, whatever the name of the
// project. Without a setting it returns the name of the project.
func ours(t *testing.T, setting string) string {
	t.Helper()
	return keyOf(projectOf(t, "Pulumi.yaml"), setting)
}

// theirs returns the key of a setting of the deployed project.
func theirs(t *testing.T, setting string) string {
	t.Helper()
	return keyOf(infraProject(t), setting)
}

func keyOf(project, setting string) string {
	if setting == "" {
		return project
	}
	return project + ":" + setting
}

// infraProject returns the name of the deployed project.
func infraProject(t *testing.T) string {
	t.Helper()
	return projectOf(t, "../Pulumi.yaml")
}

func projectOf(t *testing.T, file string) string {
	t.Helper()
	project, err := workspace.LoadProject(file)
	if err != nil {
		t.Fatal(err)
	}
	return project.Name.String()
}

// setting returns a setting of a recorded run.
func setting(r *recording.Stack, name string) string {
	for key, value := range r.Settings {
		if strings.HasSuffix(key, ":"+name) {
			return value
		}
	}
	return ""
}
