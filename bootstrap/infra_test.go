package main

import (
	"os"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/workspace"

	"skiff/infra/recording"
)

// declared is a resource in a golden of infra.
type declared struct {
	typ, name string
	inputs    map[string][]string // values and lists of values, without nested objects
	text      string              // the whole block
}

// input returns the value of an input, or "".
func (d declared) input(name string) string {
	if values := d.inputs[name]; len(values) > 0 {
		return values[0]
	}
	return ""
}

// infraStack is what infra declares for a stack, with the names that it has in
// the stack's account.
type infraStack struct {
	account, region string
	project, stack  string
	autonaming      string // the pattern in Pulumi.yaml
	zone            string // id of a hosted zone that the roles may change
	resources       []declared
}

func (s infraStack) prefix() string { return s.project + "-" + s.stack }

// infraSettings returns the settings of a stack of the deployed project.
func infraSettings(t *testing.T, stack string) map[string]string {
	t.Helper()
	return recording.Settings(t, "../Pulumi.yaml", "../Pulumi."+stack+".yaml")
}

// infraOf returns a stack with a resource of each kind, independent of what
// infra declares today. It is in the account of a fixture.
func infraOf(t *testing.T, fixture, stack string) infraStack {
	t.Helper()
	return newInfraStack(t, "testdata/infra.txt", stack, settingsOf(t, fixture))
}

// newInfraStack returns the resources of a golden with the names that they have
// in the stack. Infra records them under another stack's name, which the
// provider's default tags contain. The settings are bootstrap's.
func newInfraStack(t *testing.T, golden, stack string, settings map[string]string) infraStack {
	t.Helper()
	project, err := workspace.LoadProject("../Pulumi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	naming, _ := project.Config["pulumi:autonaming"].Value.(map[string]any)
	pattern, _ := naming["pattern"].(string)
	name := project.Name.String()
	recorded := ""
	for line := range strings.Lines(string(data)) {
		if tag, ok := strings.CutPrefix(line, "      Stack: "); ok {
			recorded = strings.TrimSpace(tag)
		}
	}
	if pattern == "" || recorded == "" {
		t.Fatalf("the autonaming pattern is %q, the golden's stack %q", pattern, recorded)
	}
	whole := strings.ReplaceAll(string(data), "PROJECT", name)
	text := strings.NewReplacer(name+"-"+recorded, name+"-"+stack, name+"/"+recorded+"/", name+"/"+stack+"/").Replace(whole)
	s := infraStack{account: settings[ours(t, "account")], region: settings[ours(t, "region")], project: name, stack: stack,
		autonaming: pattern, zone: "Z1"}
	for block := range strings.SplitSeq(text, "\n\n") {
		if d := parseDeclared(block); strings.Contains(d.typ, ":") {
			s.resources = append(s.resources, d)
		}
	}
	return s
}

// parseDeclared reads a block of a golden: the key, and a line for each input.
func parseDeclared(block string) declared {
	head, body, _ := strings.Cut(block, "\n")
	typ, name, _ := strings.Cut(head, " ")
	d := declared{typ, name, map[string][]string{}, block}
	last := ""
	for line := range strings.Lines(body) {
		line = strings.TrimSuffix(line, "\n")
		if item, ok := strings.CutPrefix(line, "    - "); ok {
			d.inputs[last] = append(d.inputs[last], item)
		} else if !strings.HasPrefix(line, "   ") {
			key, value, _ := strings.Cut(strings.TrimSpace(line), ":")
			if last = key; strings.TrimSpace(value) != "" {
				d.inputs[key] = append(d.inputs[key], strings.TrimSpace(value))
			}
		}
	}
	return d
}

// of returns the resources of a type.
func (s infraStack) of(typ string) (found []declared) {
	for _, d := range s.resources {
		if d.typ == typ {
			found = append(found, d)
		}
	}
	return found
}

// first returns the first resource of the type.
func (s infraStack) first(t *testing.T, typ string) declared {
	t.Helper()
	found := s.of(typ)
	if len(found) == 0 {
		t.Fatalf("infra declares no %s", typ)
	}
	return found[0]
}

// named returns the resource of the type with the logical name, which is the
// last part of an ARN or a URL in the golden.
func (s infraStack) named(typ, arn string) declared {
	for _, d := range s.of(typ) {
		if d.name == arn[strings.LastIndexByte(arn, '/')+1:] {
			return d
		}
	}
	return declared{typ: typ, name: "no " + arn}
}

// fixedName returns the name that infra gives the resource, or "" if Pulumi
// generates it.
func (d declared) fixedName() string {
	switch d.typ {
	case dashboardType:
		return d.input("dashboardName")
	case bucketType:
		return d.input("bucket")
	}
	return d.input("name")
}

// nameOf returns the resource's name in AWS.
func (s infraStack) nameOf(d declared) string {
	if name := d.fixedName(); name != "" {
		return name
	}
	return strings.NewReplacer("${project}", s.project, "${stack}", s.stack, "${name}", d.name, "${hex(7)}", "0000000").Replace(s.autonaming)
}

// boundary returns the permissions boundary of the role with this name in AWS,
// or "".
func (s infraStack) boundary(role string) string {
	for _, d := range s.of(roleType) {
		if s.nameOf(d) == role {
			return d.input("permissionsBoundary")
		}
	}
	return ""
}
