package main

import (
	"slices"
	"testing"

	"skiff/lambdas"
)

// A service that a team owns may lack parts of the sample. Tests of the
// sample's behaviour name the parts that they need, and are skipped without
// them.

// sample returns the parts of the sample that clients use.
func sample() []string {
	return []string{"POST /items", "GET /items/{id}", "GET /items", "PUT /items/{id}", "DELETE /items/{id}", "GET /health", "$connect", "notify"}
}

// needs skips the test if the service lacks a part. A part is a route key, or
// the name of a function, table, queue or secret.
func needs(t *testing.T, parts ...string) {
	t.Helper()
	if part := missing(lambdas.Declared(), parts); part != "" {
		t.Skipf("this service has no %s", part)
	}
}

// missing returns the first part that the service lacks, or "".
func missing(s lambdas.Service, parts []string) string {
	var has []string
	for _, f := range s.Functions {
		has = slices.Concat(has, []string{f.Name}, f.HTTPRoutes(), f.SocketRoutes)
	}
	for _, x := range s.Tables {
		has = append(has, x.Name)
	}
	for _, x := range s.Queues {
		has = append(has, x.Name)
	}
	for _, x := range s.Secrets {
		has = append(has, x.Name)
	}
	for _, part := range parts {
		if !slices.Contains(has, part) {
			return part
		}
	}
	return ""
}

// TestMissing checks that missing returns a part that the service lacks, and
// nothing else.
func TestMissing(t *testing.T) {
	t.Parallel()
	s := lambdas.Service{
		Tables: []lambdas.Table{{Name: "items"}}, Queues: []lambdas.Queue{{Name: "events"}}, Secrets: []lambdas.Secret{{Name: "key"}},
		Functions: []lambdas.Function{{Name: "all", Routes: []string{"GET /a"}, PublicRoutes: []string{"GET /b"}, SocketRoutes: []string{"$connect"}}},
	}
	if got := missing(s, []string{"items", "events", "key", "all", "GET /a", "GET /b", "$connect"}); got != "" {
		t.Errorf("%s is there", got)
	}
	if got := missing(s, []string{"GET /a", "GET /c", "GET /d"}); got != "GET /c" {
		t.Errorf("missing is %q, not GET /c", got)
	}
}
