package main

import (
	"slices"
	"testing"

	"skiff/lambdas"
)

// A service that a team owns has not all of the sample's parts any more. Tests of
// the sample's behaviour say which they need, and are skipped without them.

// sample are the parts of the sample that its clients notice.
func sample() []string {
	return []string{"POST /items", "GET /items/{id}", "GET /items", "PUT /items/{id}", "DELETE /items/{id}", "GET /health", "$connect", "notify"}
}

// needs skips a test of parts that the service has not: route keys, or names of
// functions, tables, queues and secrets.
func needs(t *testing.T, parts ...string) {
	t.Helper()
	if part := missing(lambdas.Declared(), parts); part != "" {
		t.Skipf("this service has no %s", part)
	}
}

// missing is the first of the parts that the service has not, "" if it has all.
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

// TestMissing: a test is skipped for what the service lacks, and for nothing else.
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
