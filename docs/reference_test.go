package docs

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"skiff/local/aws/apigateway/evidence"
	"skiff/local/aws/apigateway/httpapi"
	"skiff/local/aws/apigateway/websocket"
	"skiff/local/cloud"
	"skiff/local/engine/provider"
)

var update = flag.Bool("update", false, "write the pages about the local cloud")

// reference is the page that links to the other generated pages.
const reference = "reference.md"

const written = "This page is generated from the code by `go test ./docs -run TestReference -update`.\n"

// TestReference compares the pages about the local cloud with its code.
func TestReference(t *testing.T) {
	t.Parallel()
	c, err := cloud.Open(cloud.Options{Dir: t.TempDir(), Cache: t.TempDir(), Stderr: t.Output()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
	pages := pagesOf(t, c)
	if *update {
		writePages(t, pages)
		return
	}
	for _, name := range staleOf(t, pages) {
		t.Errorf("docs/local/%s is about a service that the cloud does not have", name)
	}
	for name, page := range pages {
		have, err := os.ReadFile(filepath.Join("local", name))
		if err != nil {
			t.Error(err)
		}
		if diff := cmp.Diff(string(page), string(have)); diff != "" {
			t.Errorf("docs/local/%s differs from the code (-code +page):\n%s", name, diff)
		}
		if lines := bytes.Count(page, []byte("\n")); lines > 250 {
			t.Errorf("docs/local/%s has %d lines; split it", name, lines)
		}
	}
	if t.Failed() {
		t.Log("run go test ./docs -run TestReference -update to write the pages, and read their diff")
	}
}

// staleOf returns the generated pages that the code does not generate any more.
func staleOf(t *testing.T, pages map[string][]byte) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("local", "*.md"))
	if err != nil {
		t.Fatal(err)
	}
	var stale []string
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if _, ok := pages[filepath.Base(file)]; !ok && bytes.Contains(data, []byte(written)) {
			stale = append(stale, filepath.Base(file))
		}
	}
	return stale
}

func writePages(t *testing.T, pages map[string][]byte) {
	t.Helper()
	for _, name := range staleOf(t, pages) {
		if err := os.Remove(filepath.Join("local", name)); err != nil {
			t.Fatal(err)
		}
	}
	for name, page := range pages {
		if err := os.WriteFile(filepath.Join("local", name), page, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// pagesOf returns the pages by file name: one for each module of a provider,
// and the reference that links to them.
func pagesOf(t *testing.T, c *cloud.Cloud) map[string][]byte {
	t.Helper()
	types := c.Types()
	dirs := sdkDirs(t, types)
	modules := map[string][]provider.Type{}
	for _, typ := range types {
		modules[moduleOf(typ.Token)] = append(modules[moduleOf(typ.Token)], typ)
	}
	pages := map[string][]byte{}
	var index bytes.Buffer
	fmt.Fprintf(&index, "# What the local cloud has\n\n%s%s", written, legend)
	for _, module := range sortedKeys(modules) {
		var page bytes.Buffer
		fmt.Fprintf(&page, "# %s in the local cloud\n\n%sThe [reference](%s) explains the words.\n", module, written, reference)
		fmt.Fprintf(&index, "- [%s](%s.md):", module, module)
		for i, typ := range modules[module] {
			typeText(t, dirs, &page, typ)
			fmt.Fprintf(&index, "%s %s", map[bool]string{true: ","}[i > 0], nameOf(typ.Token))
		}
		fmt.Fprintln(&index)
		if module == "apigatewayv2" {
			factsText(&page, "An HTTP API", httpapi.Behaviour())
			factsText(&page, "A WebSocket API", websocket.Behaviour())
		}
		pages[module+".md"] = page.Bytes()
	}
	servicesText(t, &index, c)
	pages[reference] = index.Bytes()
	return pages
}

func sortedKeys[V any](m map[string]V) []string {
	var keys []string
	for key := range m {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}

// moduleOf returns the module of a type's token: lambda for
// aws:lambda/function:Function. For a provider other than aws it returns the
// provider.
func moduleOf(token string) string {
	name, rest, _ := strings.Cut(token, ":")
	if name != "aws" {
		return name
	}
	module, _, _ := strings.Cut(rest, "/")
	return module
}

func nameOf(token string) string { return token[strings.LastIndex(token, ":")+1:] }

// legend explains the lists.
const legend = `
These are the lists of each resource type:

- **Done**: the property has the effect that it has on AWS, as far as [these pages](README.md) describe it.
- **Checked only**: the value is checked as AWS checks it, stored, and shown in outputs and descriptions. It has no other effect.
- **Refused**: the real provider has the property, and the local cloud does not. A program that sets it fails with an error that names the
  property, and the flag that accepts it without an effect: ` + "`-inert TYPE.PROPERTY`" + `. The same holds for a property inside an object that is
  in no list. A type without a page is refused too; ` + "`-inert TYPE`" + ` accepts it.

A "required" property must be set. A change of a property that "replaces" creates another resource. ` + "`tags`" + ` are stored together with the
provider's default tags. A role needs the right to set them, but no condition of a policy reads them. IAM decides what a role may do with a
type, from the actions that the real provider needs, unless the type's section says otherwise.

## Types

`

// typeText writes the properties of one type.
func typeText(t *testing.T, dirs map[string]string, w *bytes.Buffer, typ provider.Type) {
	t.Helper()
	fmt.Fprintf(w, "\n## %s\n\n`%s`", nameOf(typ.Token), typ.Token)
	if !typ.Judged {
		fmt.Fprint(w, ", which needs no rights")
	}
	fmt.Fprint(w, "\n\n")
	var done, idle []string
	listProperties("", typ.Inputs, &done, &idle)
	var outputs []string
	for _, p := range typ.Outputs {
		outputs = append(outputs, "`"+p.Name+"`")
	}
	for _, list := range []struct {
		what  string
		names []string
	}{{"Done", done}, {"Checked only", idle}, {"Refused", refused(t, dirs, typ)}, {"Further outputs", outputs}} {
		if len(list.names) > 0 {
			fmt.Fprintf(w, "- **%s**: %s\n", list.what, strings.Join(list.names, ", "))
		}
	}
}

// listProperties appends the properties with an effect to done and the others
// to idle. The members of an object follow the object.
func listProperties(path string, properties []provider.Property, done, idle *[]string) {
	for _, p := range properties {
		text := "`" + path + p.Name + "`"
		if marks := marksOf(p); marks != "" {
			text += " (" + marks + ")"
		}
		if p.Idle {
			*idle = append(*idle, text)
			continue
		}
		*done = append(*done, text)
		listProperties(path+p.Name+".", p.Members, done, idle)
	}
}

func marksOf(p provider.Property) string {
	var marks []string
	if p.Required {
		marks = append(marks, "required")
	}
	if p.Replaces {
		marks = append(marks, "replaces")
	}
	if p.Default != nil {
		marks = append(marks, fmt.Sprintf("default %v", p.Default))
	}
	return strings.Join(marks, ", ")
}

// factsText writes the behaviour of a gateway, and how it is known that AWS
// behaves like this.
func factsText(w *bytes.Buffer, what string, facts []evidence.Fact) {
	fmt.Fprintf(w, "\n## %s\n\nRecorded: observed on AWS. Documented: AWS's documentation says so. Unproven: neither, so the local cloud's behaviour is a guess.\n\n", what)
	fmt.Fprint(w, "| behaviour | evidence |\n|---|---|\n")
	for _, f := range facts {
		kind := f.Kind
		switch {
		case strings.HasPrefix(f.Source, "https://"):
			kind = fmt.Sprintf("[%s](%s)", f.Kind, f.Source)
		case f.Source != "":
			kind = fmt.Sprintf("%s, `%s`", f.Kind, f.Source)
		}
		fmt.Fprintf(w, "| %s | %s |\n", strings.ReplaceAll(f.Behaviour, "|", `\|`), kind)
	}
}

// servicesText writes the supported operations of each service, and the
// functions of the provider.
func servicesText(t *testing.T, w *bytes.Buffer, c *cloud.Cloud) {
	t.Helper()
	fmt.Fprint(w, "\n## Operations\n\nThese operations are supported, for functions and for people. The local cloud refuses every other operation and service, with an error that names it.\n\n")
	fmt.Fprint(w, "| service | variable | operations |\n|---|---|---|\n")
	for _, s := range c.Services() {
		if len(s.Operations) == 0 {
			t.Errorf("the operations of %s cannot be listed: its handler has no method Operations", s.Name)
		}
		variable := ""
		if s.Variable != "" {
			variable = "`" + s.Variable + "`"
		}
		fmt.Fprintf(w, "| %s | %s | %s |\n", s.Name, variable, strings.Join(s.Operations, ", "))
	}
	fmt.Fprint(w, "\n## Functions of the provider\n\nA program may call these functions of `aws`. The local cloud refuses all others, with an error that names the function.\n\n")
	for _, token := range c.Invokes() {
		fmt.Fprintf(w, "- `%s`\n", token)
	}
}
