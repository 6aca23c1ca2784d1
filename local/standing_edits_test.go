package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// declared is a change of what is declared.
type declared struct {
	name  string
	files [][3]string // file, what stands there, what takes its place
	moves [][2]string // a folder, and where it goes
	fails string      // why requests may fail meanwhile; "": none may
}

const declaration = "lambdas/lambdas.go"

// editsOf are changes of the declaration. Those that have nothing to do with each
// other are made together.
func editsOf() []declared {
	return []declared{
		{name: "a route added, a variable renamed, a guarded route public, a function renamed", files: [][3]string{
			{declaration, `PublicRoutes: []string{"GET /health"}`, `PublicRoutes: []string{"GET /health", "GET /status"}`},
			{declaration, `"GET /items/{id}"`, `"GET /items/{itemId}"`},
			{declaration, `"PUT /items/{id}"`, `"PUT /items/{itemId}"`},
			{declaration, `"DELETE /items/{id}"`, `"DELETE /items/{itemId}"`},
			{"lambdas/items/request.go", `PathParameters["id"]`, `PathParameters["itemId"]`},
			{declaration, `Routes: []string{"GET /items"}`, `PublicRoutes: []string{"GET /items"}`},
			{declaration, `Name:   "delete-item"`, `Name:   "remove-item"`},
		}, moves: [][2]string{{"lambdas/delete-item", "lambdas/remove-item"}}},
		{name: "a route moved to another function, a function removed, an index added and removed", files: [][3]string{
			{declaration, "Indexes: []Index{\n", "Indexes: []Index{\n" + `{Name: "more", HashKey: String(names.CreatedKey)},` + "\n"},
			{declaration, `			{
				Name:         "health",
				PublicRoutes: []string{"GET /health"},
			},`, `			{Name: "pulse", PublicRoutes: []string{"GET /health"}},`},
		}, moves: [][2]string{{"lambdas/health", "lambdas/pulse"}}},
	}
}

// edit makes a change of the declaration and takes it back.
func (s *standing) edit(t *testing.T, e declared) {
	s.probe.take()
	kept := map[string]string{}
	for _, f := range e.files {
		path := filepath.Join(s.dir, f[0])
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if _, ok := kept[path]; !ok {
			kept[path] = string(data)
		}
		edit(t, path, f[1], f[2])
	}
	move := func(from, to string) {
		if err := os.Rename(filepath.Join(s.dir, from), filepath.Join(s.dir, to)); err != nil {
			t.Fatal(err)
		}
	}
	for _, m := range e.moves {
		move(m[0], m[1])
	}
	s.must(t, "up")
	s.must(t, "refresh", "--preview-only", "--expect-no-changes")
	for path, text := range kept {
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, m := range e.moves {
		move(m[1], m[0])
	}
	s.must(t, "up", "--skip-preview")
	c := change{name: e.name, settings: values{}, fails: e.fails}
	for _, part := range strings.Split(e.name, ", ") {
		c.settings[part] = ""
	}
	s.note(t, c, "both ways")
}
