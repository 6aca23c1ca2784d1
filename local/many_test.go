package main

import (
	"archive/zip"
	"bytes"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// many is the project in testdata/many, with its own folder and cloud.
type many struct {
	dir, state string
	settings   map[string]any
}

// newMany creates the project with the given number of functions. Their zip is
// prebuilt, because the tests are not about go build.
func newMany(t testing.TB, functions int) many {
	t.Helper()
	m := many{t.TempDir(), t.TempDir(), map[string]any{"functions": functions, "memory": 128}}
	copyTree(t, filepath.Join("testdata", "many"), m.dir)
	for _, name := range []string{"go.mod", "go.sum"} {
		data, err := os.ReadFile(filepath.Join("..", name))
		if err != nil {
			t.Fatal(err)
		}
		data = regexp.MustCompile("(?m)^module .*").ReplaceAll(data, []byte("module many"))
		m.write(t, name, data)
	}
	var code bytes.Buffer
	z := zip.NewWriter(&code)
	header := &zip.FileHeader{Name: "bootstrap"}
	header.SetMode(0o755)
	if w, err := z.CreateHeader(header); err != nil {
		t.Fatal(err)
	} else if _, err := w.Write([]byte("#!/bin/sh\n")); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	m.write(t, "code.zip", code.Bytes())
	m.set(t, nil)
	return m
}

func (m many) write(t testing.TB, name string, data []byte) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(m.dir, name), data, 0o644); err != nil {
		t.Fatal(err)
	}
}

// set changes settings of the stack local, and keeps them for later calls.
func (m many) set(t testing.TB, settings map[string]any) {
	t.Helper()
	maps.Copy(m.settings, settings)
	var file strings.Builder
	file.WriteString("config:\n")
	for _, name := range slices.Sorted(maps.Keys(m.settings)) {
		fmt.Fprintf(&file, "  many:%s: %q\n", name, fmt.Sprint(m.settings[name]))
	}
	m.write(t, "Pulumi.local.yaml", []byte(file.String()))
}

// args returns the arguments of `local` for a command on the project.
func (m many) args(command ...string) []string {
	return append([]string{"-C", m.dir, "-state", m.state}, command...)
}
