package main

import "testing"

// projectHere is what the tested project is called: a clone has a name of its
// team's.
func projectHere(t *testing.T) string {
	t.Helper()
	return projectName(t, "..")
}

// key is the key of a setting of the project.
func key(t *testing.T, setting string) string {
	t.Helper()
	return projectHere(t) + ":" + setting
}
