package main

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// eventsDeclared is what TestEventsOfTheProgram adds to the declaration.
const eventsDeclared = `if i == 0 {
	s.Queues = append(s.Queues, Queue{Name: "orders"})
	s.Functions = append(s.Functions,
		Function{Name: "publish", PublicRoutes: []string{"POST /publish"}},
		Function{Name: "relay"}, Function{Name: "receive"}, Function{Name: "take", Consumes: "orders"})
}`

// TestEventsOfTheProgram adds resources of EventBridge and SNS to the program.
// A function puts events and publishes messages with the rights of its role. A
// rule and a topic each deliver them to a function and a queue.
func TestEventsOfTheProgram(t *testing.T) {
	t.Parallel()
	dir := built(t)
	declare(t, dir, eventsDeclared)
	copyTree(t, filepath.Join("testdata", "events"), dir)
	const sources = "\tsources, err := newSources(s, data, fns)\n"
	edit(t, filepath.Join(dir, "infra", "main.go"), sources, "\tif err := newEvents(s, data, fns); err != nil {\n\t\treturn nil, err\n\t}\n"+sources)
	s := serving(t, dir)
	if a := request(t, http.MethodPost, s.url+"/publish", ""); a.status != http.StatusOK || a.body != `{"events":2}` {
		t.Fatalf("POST /publish answers %d %s", a.status, a.body)
	}
	o := newOperator(t, dir, "local")
	o.logged(t, "take", `"taken"`, `{\"id\":\"dear\",\"total\":11}`)
	o.logged(t, "take", `"taken"`, `"published dear"`)
	o.logged(t, "receive", `"received"`, `"published dear"`)
	logs, err := filepath.Glob(filepath.Join(dir, ".local", "logs", "*.log"))
	if err != nil || len(logs) == 0 {
		t.Fatalf("%d logs, %v", len(logs), err)
	}
	for _, file := range logs {
		if data, err := os.ReadFile(file); err != nil || strings.Contains(string(data), "cheap") {
			t.Errorf("an order that the pattern leaves out came to %s, %v", file, err)
		}
	}
	nothingDenied(t, dir)
	mustPulumi(t, dir, "preview", "--expect-no-changes")
	s.stop(syscall.SIGTERM)
	mustPulumi(t, dir, "destroy", "--yes", "--skip-preview")
	nothingRuns(t, filepath.Join(dir, ".local"))
}
