package main

import "testing"

// projectHere returns the name of the tested project, which differs in a team's
// clone.
func projectHere(t *testing.T) string {
	t.Helper()
	return projectName(t, "..")
}

// key returns the key of a project's setting.
func key(t *testing.T, setting string) string {
	t.Helper()
	return projectHere(t) + ":" + setting
}
