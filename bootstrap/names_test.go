package main

import (
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/workspace"

	"skiff/infra/recording"
)

// ours is the key of a setting of this program, whatever the project is called.
// Without a setting's name it is the project's.
func ours(t *testing.T, setting string) string {
	t.Helper()
	return keyOf(projectOf(t, "Pulumi.yaml"), setting)
}

// theirs is the key of a setting of the deployed project.
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

// infraProject is the name of the project that is deployed.
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

// setting is a setting of the program that a recording ran.
func setting(r *recording.Stack, name string) string {
	for key, value := range r.Settings {
		if strings.HasSuffix(key, ":"+name) {
			return value
		}
	}
	return ""
}
