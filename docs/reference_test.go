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

var update = flag.Bool("update", false, "write the pages of the local cloud")

// reference is the first of the pages that follow from the code.
const reference = "reference.md"

const written = "This page follows from the code: `go test ./docs -run TestReference -update` writes it.\n"

// TestReference holds the pages that list what the local cloud has to its code.
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
		t.Errorf("docs/local/%s is of no service that the cloud has", name)
	}
	for name, page := range pages {
		have, err := os.ReadFile(filepath.Join("local", name))
		if err != nil {
			t.Error(err)
		}
		if diff := cmp.Diff(string(page), string(have)); diff != "" {
			t.Errorf("docs/local/%s is not what the code says (-code +page):\n%s", name, diff)
		}
		if lines := bytes.Count(page, []byte("\n")); lines > 250 {
			t.Errorf("docs/local/%s has %d lines; split it", name, lines)
		}
	}
	if t.Failed() {
		t.Log("go test ./docs -run TestReference -update writes the pages; read their diff")
	}
}

// staleOf lists the pages that there are and that the code has none for.
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

// pagesOf makes the pages, by file name: one for each module of a provider, and
// the reference that leads to them.
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
		fmt.Fprintf(&page, "# %s in the local cloud\n\n%sThe words are those of the [reference](%s).\n", module, written, reference)
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

// moduleOf is the module of a token: lambda of aws:lambda/function:Function.
// Of another provider than aws it is the provider.
func moduleOf(token string) string {
	name, rest, _ := strings.Cut(token, ":")
	if name != "aws" {
		return name
	}
	module, _, _ := strings.Cut(rest, "/")
	return module
}

func nameOf(token string) string { return token[strings.LastIndex(token, ":")+1:] }

// legend says what the lists mean.
const legend = `
Of each resource type, the lists have:

- **Done**: the property does what it does on AWS, as far as [these pages](README.md) go.
- **Checked only**: its value is checked as AWS checks it, kept and shown in outputs and descriptions. It changes no answer, no right and no
  other resource.
- **Refused**: properties of the real provider that the cloud does not know. A program that sets one is refused by name, with the flag that
  keeps it as a setting without effect: ` + "`-inert TYPE.PROPERTY`" + `. A type that is not listed is refused, too, and kept by ` + "`-inert TYPE`" + `. So is a
  property within an object that is in no list.

"Required" is what a program has to give; a change of what "replaces" makes another resource. ` + "`tags`" + ` are kept, with the default tags of the
provider, and a role needs the right to set them; no condition of a policy reads them. What a role may do with a type is decided by IAM, by
the actions that the real provider needs, unless the type says otherwise.

## Types

`

// typeText lists the properties of one type.
func typeText(t *testing.T, dirs map[string]string, w *bytes.Buffer, typ provider.Type) {
	t.Helper()
	fmt.Fprintf(w, "\n## %s\n\n`%s`", nameOf(typ.Token), typ.Token)
	if !typ.Judged {
		fmt.Fprint(w, ", for which no right is needed")
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
	}{{"Done", done}, {"Checked only", idle}, {"Refused", refused(t, dirs, typ)}, {"Outputs beside these", outputs}} {
		if len(list.names) > 0 {
			fmt.Fprintf(w, "- **%s**: %s\n", list.what, strings.Join(list.names, ", "))
		}
	}
}

// listProperties appends the properties with an effect to done, the others to
// idle; the members of an object follow it.
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

// factsText lists what a gateway does, and what shows that AWS does so.
func factsText(w *bytes.Buffer, what string, facts []evidence.Fact) {
	fmt.Fprintf(w, "\n## %s\n\nRecorded: seen of AWS. Documented: a page of AWS says so. Unproven: chosen here, for lack of either.\n\n", what)
	fmt.Fprint(w, "| behaviour | shown by |\n|---|---|\n")
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

// servicesText lists the operations that are answered, and the functions of the
// provider.
func servicesText(t *testing.T, w *bytes.Buffer, c *cloud.Cloud) {
	t.Helper()
	fmt.Fprint(w, "\n## Operations\n\nCalls of functions and of people that are answered. All others are refused by name, and so is every other service.\n\n")
	fmt.Fprint(w, "| service | variable | operations |\n|---|---|---|\n")
	for _, s := range c.Services() {
		if len(s.Operations) == 0 {
			t.Errorf("the operations of %s are not listed: its handler has no method Operations", s.Name)
		}
		variable := ""
		if s.Variable != "" {
			variable = "`" + s.Variable + "`"
		}
		fmt.Fprintf(w, "| %s | %s | %s |\n", s.Name, variable, strings.Join(s.Operations, ", "))
	}
	fmt.Fprint(w, "\n## Functions of the provider\n\nThose of `aws` that a program may call; all others are refused by name.\n\n")
	for _, token := range c.Invokes() {
		fmt.Fprintf(w, "- `%s`\n", token)
	}
}
