package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// declared is a change of the declaration.
type declared struct {
	name  string
	code  string      // argument of declare
	files [][3]string // file, old text, new text
	moves [][2]string // old and new path of a folder
	fails string      // why requests may fail meanwhile; "" if none may
}

// editsOf returns changes of the declaration. Independent ones are made
// together.
func editsOf() []declared {
	return []declared{
		{name: "a route added, a variable renamed, a guarded route public, a function renamed", code: `
		for j, route := range f.Routes {
			f.Routes[j] = strings.ReplaceAll(route, "{id}", "{itemId}")
		}
		switch f.Name {
		case "health":
			f.PublicRoutes = append(f.PublicRoutes, "GET /status")
		case "list-items":
			f.Routes, f.PublicRoutes = nil, f.Routes
		case "delete-item":
			f.Name = "remove-item"
		}`,
			files: [][3]string{{"lambdas/items/request.go", `PathParameters["id"]`, `PathParameters["itemId"]`}},
			moves: [][2]string{{"lambdas/delete-item", "lambdas/remove-item"}}},
		{name: "a route moved to another function, a function removed, an index added and removed", code: `
		if i == 0 {
			s.Tables[0].Indexes = append(s.Tables[0].Indexes, Index{Name: "more", HashKey: String("createdAt")})
		}
		if f.Name == "health" {
			f.Name = "pulse"
		}`,
			moves: [][2]string{{"lambdas/health", "lambdas/pulse"}}},
	}
}

// edit makes a change of the declaration and reverts it.
func (s *deployedStack) edit(t *testing.T, e declared) {
	s.probe.take()
	kept := map[string]string{}
	for _, f := range e.files {
		path := filepath.Join(s.dir, f[0])
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		kept[path] = string(data)
		edit(t, path, f[1], f[2])
	}
	takeBack := declare(t, s.dir, e.code)
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
	takeBack()
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
