package main

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestAccessToInfra checks the roles against each resource in infra's goldens
// and each action that the provider performs on it. Deploy and preview must
// have the rights on the resource itself. They must not have them in other
// stacks, accounts and regions, nor without the call's context.
func TestAccessToInfra(t *testing.T) {
	t.Parallel()
	stacks := deployed(t)
	if len(stacks) == 0 {
		t.Skip("no stack has bootstrap's permissionsBoundary, so bootstrap's roles deploy none")
	}
	for _, stack := range stacks {
		t.Run(stack, func(t *testing.T) {
			t.Parallel()
			infra := ownInfra(t, stack)
			infra.resources = append(infra.resources, infra.toCome()...)
			mine, another := infra.prefix(), infra.prefix()+"-2"
			if infra.stack != stack { // a stack of a merge request: its roles may deploy all of them
				mine = infra.project + "-" + stack
				another = mine
			}
			infra.ask(t, stack, append(infra.neighbours(mine), rename{infra.prefix(), another, true}))
		})
	}
}

// toCome returns resources of the types that infra supports but does not
// declare today.
func (s infraStack) toCome() (all []declared) {
	role := "arn:aws:iam:mock:123456789012:role/"
	if roles := s.of(roleType); len(roles) > 0 {
		role += roles[0].name
	}
	for _, d := range []declared{
		{scheduleType, "nightly", nil, "\n  target:\n    roleArn: " + role + "\n"},
		{bucketType, "files", nil, ""},
		{blockType, "files", nil, ""},
		{ownerType, "files", nil, ""},
		{encryptionType, "files", nil, ""},
		{versioningType, "files", nil, ""},
		{lifecycleType, "files", nil, ""},
		{corsType, "files", nil, ""},
		{bucketRuleType, "files", nil, ""},
	} {
		if len(s.of(d.typ)) > 0 {
			continue
		}
		if d.typ != scheduleType && d.typ != bucketType {
			d.inputs = map[string][]string{"bucket": {"bucketV2-id of files"}}
		}
		all = append(all, d)
	}
	return all
}

// TestTypesOfInfraAreKnown checks that needs contains every resource type that
// infra declares.
func TestTypesOfInfraAreKnown(t *testing.T) {
	t.Parallel()
	known := needs()
	goldens, err := filepath.Glob("../infra/testdata/*.golden")
	if err != nil || len(goldens) == 0 {
		t.Fatal(len(goldens), "goldens of infra:", err)
	}
	for _, golden := range goldens {
		found := newInfraStack(t, golden, "x", settingsOf(t, "staging")).resources
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

// rename replaces the prefix of a name.
type rename struct {
	from, to string // PROJECT-STACK
	fixed    bool   // apply only to names that infra fixes
}

// neighbours returns renames to stacks that the roles must not reach.
func (s infraStack) neighbours(prefix string) []rename {
	stack := strings.TrimPrefix(prefix, s.project+"-")
	return []rename{{prefix, prefix + "x", false}, {prefix, s.project + "-other", false}, {prefix, "other-" + stack, false}}
}

// ask checks the rights of the roles of bootstrap's stack on the resources.
func (s infraStack) ask(t *testing.T, stack string, renames []rename) {
	t.Helper()
	roles := policiesIn(t, recordOwn(t, stack))
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

// own returns the calls for the resource. Deploy may make all of them, preview
// only the reads.
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

// others returns the calls with one part changed. Neither role may make them.
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

// path returns PROJECT/STACK for PROJECT-STACK, as in names of parameters.
func (s infraStack) path(prefix string) string {
	for _, project := range []string{s.project, "other"} {
		if stack, ok := strings.CutPrefix(prefix, project+"-"); ok {
			return project + "/" + stack
		}
	}
	return prefix
}

// changed returns the call with the text replaced in the resource, and in each
// value of the context. It omits calls that do not change.
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

// astray returns the call without its context, and with a wrong value for each
// key.
func astray(row access) (rows []access) {
	if row.context == nil {
		return nil
	}
	rows = append(rows, access{row.action, row.resource, nil, false, false})
	for name, values := range row.context {
		if name == "lambda:FunctionArn" { // the policies allow any end of the name
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

// with returns the context with other values of a key.
func with(context map[string][]string, name string, values ...string) map[string][]string {
	other := map[string][]string{}
	for key, values := range context {
		other[key] = values
	}
	other[name] = values
	return other
}
