package main

import (
	"slices"
	"strings"
	"testing"
)

// TestAccessToInfra asks, for each resource of infra's goldens, for each action
// that the provider takes for it: by the resource's own name, by names of other
// stacks, accounts and regions, and without what the call has with it.
func TestAccessToInfra(t *testing.T) {
	t.Parallel()
	if !usesBootstrap(t) {
		t.Skip("no stack has bootstrap's permissionsBoundary, so bootstrap's roles deploy none")
	}
	for _, stack := range goldens() {
		t.Run(stack, func(t *testing.T) {
			t.Parallel()
			infra := infraOf(t, stack)
			infra.ask(t, stack, append(infra.neighbours(infra.prefix()), rename{infra.prefix(), infra.prefix() + "-2", true}))
		})
	}
	// A stack of a merge request is staging without its domain, under the values
	// of Pulumi.review.yaml.
	t.Run("review", func(t *testing.T) {
		t.Parallel()
		settings := infraSettings(t, "review")
		infra := newInfraStack(t, "staging", "review-12", settings)
		infra.resources = slices.DeleteFunc(infra.resources, func(d declared) bool {
			_, domain := domainNeeds()[d.typ]
			return domain
		})
		for _, role := range infra.of(roleType) {
			role.inputs["permissionsBoundary"] = []string{settings[theirs(t, "permissionsBoundary")]}
		}
		mine := strings.TrimSuffix(infra.prefix(), "-12")
		infra.ask(t, "review", append(infra.neighbours(mine), rename{infra.prefix(), mine, true}))
	})
}

// Every resource type that infra declares is one whose needs are known.
func TestTypesOfInfraAreKnown(t *testing.T) {
	t.Parallel()
	known := needs()
	for _, stack := range goldens() {
		found := infraOf(t, stack).resources
		for _, d := range found {
			if _, ok := known[d.typ]; !ok && !local(d.typ) {
				t.Errorf("infra declares the %s %s, for which the roles have no rights: add its type to needs and to a policy", d.typ, d.name)
			}
		}
		if len(found) == 0 {
			t.Error("no resource is found in infra's goldens")
		}
	}
}

// rename changes what a name begins with.
type rename struct {
	from, to string // PROJECT-STACK
	fixed    bool   // whether only names that infra fixes are told apart
}

// neighbours are the renames that lead out of the stacks with the prefix.
func (s infraStack) neighbours(prefix string) []rename {
	stack := strings.TrimPrefix(prefix, s.project+"-")
	return []rename{{prefix, prefix + "x", false}, {prefix, s.project + "-other", false}, {prefix, "other-" + stack, false}}
}

// ask checks what the roles of bootstrap's stack may do with the resources.
func (s infraStack) ask(t *testing.T, stack string, renames []rename) {
	t.Helper()
	roles := policiesIn(t, record(t, stack))
	known := needs()
	resources, checks, failures := 0, 0, 0
	for _, d := range s.resources {
		if local(d.typ) {
			continue
		}
		resources++
		for _, n := range known[d.typ] {
			for _, row := range append(s.own(d, n), s.others(d, n, renames)...) {
				checks += 2
				if !roles.check(t, d.typ+" "+d.name+": ", row) {
					failures++
				}
			}
		}
	}
	t.Logf("%s: %d checks of %d resources, %d failed", stack, checks, resources, failures)
	if resources == 0 || checks == 0 {
		t.Error("nothing is checked")
	}
}

// own are the calls for the resource: deploy makes all, preview those that read.
func (s infraStack) own(d declared, n need) (rows []access) {
	resources := []string{"*"}
	if n.on != nil {
		resources = n.on(s, d)
	}
	var with map[string][]string
	if n.with != nil {
		with = n.with(s, d)
	}
	for _, resource := range resources {
		for _, action := range n.reads {
			rows = append(rows, access{action, resource, with, true, true})
		}
		for _, action := range n.writes {
			rows = append(rows, access{action, resource, with, true, false})
		}
	}
	return rows
}

// others are the calls with one part changed, which neither role makes.
func (s infraStack) others(d declared, n need, renames []rename) (rows []access) {
	for _, row := range s.own(d, n) {
		for _, account := range []string{s.account, s.region} {
			rows = append(rows, changed(row, ":"+account+":", ":999999999999:")...)
		}
		for _, r := range renames {
			if r.fixed && d.fixedName() == "" || n.shared && strings.HasPrefix(r.to, s.project+"-") {
				continue
			}
			rows = append(rows, changed(row, r.from, r.to)...)
			rows = append(rows, changed(row, s.path(r.from), s.path(r.to))...)
		}
		rows = append(rows, astray(row)...)
	}
	return rows
}

// path is PROJECT/STACK of PROJECT-STACK, as parameters have it.
func (s infraStack) path(prefix string) string {
	for _, project := range []string{s.project, "other"} {
		if stack, ok := strings.CutPrefix(prefix, project+"-"); ok {
			return project + "/" + stack
		}
	}
	return prefix
}

// changed is the call with another resource, and with another value of each key
// of its context: those that the change does change.
func changed(row access, from, to string) (rows []access) {
	if resource := strings.Replace(row.resource, from, to, 1); resource != row.resource {
		rows = append(rows, access{row.action, resource, row.context, false, false})
	}
	for name, values := range row.context {
		if value := strings.Replace(values[0], from, to, 1); value != values[0] {
			rows = append(rows, access{row.action, row.resource, with(row.context, name, value), false, false})
		}
	}
	return rows
}

// astray is the call without its context, and with values that are another's.
func astray(row access) (rows []access) {
	if row.context == nil {
		return nil
	}
	rows = append(rows, access{row.action, row.resource, nil, false, false})
	for name, values := range row.context {
		if name == "lambda:FunctionArn" { // its names end as they like
			continue
		}
		for i := range values {
			strange := slices.Clone(values)
			strange[i] += "x"
			rows = append(rows, access{row.action, row.resource, with(row.context, name, strange...), false, false})
		}
	}
	return rows
}

// with is the context with other values of a key.
func with(context map[string][]string, name string, values ...string) map[string][]string {
	other := map[string][]string{}
	for key, values := range context {
		other[key] = values
	}
	other[name] = values
	return other
}
