package main

import (
	"encoding/json"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"skiff/infra/recording"
)

// scannerRule is a rule of public scanners on resources of some types. Each
// stack follows it, or the rule has an exception with a reason.
type scannerRule struct {
	title  string
	ids    string                      // its ids in scanners, separated by spaces
	types  []string                    // the types that it applies to; none: every type of AWS
	adopt  func(*recording.Stack) bool // reports whether it applies to a stack; nil: to every stack
	where  func(subject) bool          // reports whether it applies to a resource; nil: to every resource
	asks   demand
	except []exception
}

// exception is a reason not to follow a rule.
type exception struct {
	why string
	of  func(subject) bool // reports whether it excuses a resource; nil: it excuses each
}

// unfollowed returns the exception of a rule that no resource follows.
func unfollowed(why string) []exception { return []exception{{why, nil}} }

func scannerRules() []scannerRule {
	return slices.Concat(scannerFunctions(), scannerAPIs(), scannerStores(), scannerQueues(), scannerPolicies(), scannerRoles(),
		scannerOperations(), scannerDomains(), scannerNames())
}

// operated reports whether the stack has alarms. A stack for a merge request
// has none, and does not need to follow such a rule.
func operated(r *recording.Stack) bool { return settingOf(r, "alarms") == "true" }

// guarded reports whether the stack holds data that must not be lost.
func guarded(r *recording.Stack) bool { return settingOf(r, "protect") == "true" }

// settingOf returns a setting of the program itself, whatever the name of the
// project.
func settingOf(r *recording.Stack, name string) string {
	for key, value := range r.Settings {
		if namespace, n, _ := strings.Cut(key, ":"); n == name && namespace != "aws" && namespace != "pulumi" {
			return value
		}
	}
	return ""
}

// TestScannerRules checks the team's own stacks and the fixtures against the
// rules. If it fails, change the resource, or add an exception to the rule.
func TestScannerRules(t *testing.T) {
	t.Parallel()
	stacks := ownStacks(t)
	for _, name := range []string{"staging", "production"} {
		stacks["fixture "+name] = record(t, name)
	}
	for name, rec := range stacks {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, rule := range scannerRules() {
				for _, s := range rule.offences(rec) {
					if rule.excuse(s) == nil {
						t.Errorf("%s breaks the rule: %s (%s)", s.res.Key(), rule.title, rule.ids)
					}
				}
			}
		})
	}
}

// TestScannerRulesFail checks that each rule fails if one resource is spoilt:
// in what the program declares, and in the samples, which have a resource of
// each type.
func TestScannerRulesFail(t *testing.T) {
	t.Parallel()
	product := record(t, "production")
	for _, rule := range scannerRules() {
		t.Run(rule.title, func(t *testing.T) {
			t.Parallel()
			if len(rule.subjects(product)) > 0 {
				rule.prove(t, product)
			}
			rule.prove(t, samples())
		})
	}
}

// TestScannerReasons reports exceptions that are not needed. An exception for
// some resources must be needed by each of them. An exception for all must be
// needed by at least one.
func TestScannerReasons(t *testing.T) {
	t.Parallel()
	for _, rec := range []*recording.Stack{record(t, "production"), samples()} {
		for _, rule := range scannerRules() {
			for i, reason := range rule.except {
				excused, needed := 0, 0
				for _, s := range rule.subjects(rec) {
					if rule.excuse(s) == &rule.except[i] {
						excused++
						if !rule.asks.met(s) {
							needed++
						}
					}
				}
				if reason.why == "" || excused > 0 && needed == 0 {
					t.Errorf("%s: no resource needs the exception %q; remove it", rule.title, reason.why)
				} else if reason.of != nil && needed < excused {
					t.Errorf("%s: the exception %q is for %d resources, but only %d need it; limit it to these", rule.title, reason.why, excused, needed)
				}
			}
		}
	}
}

// TestScannerIDs compares the ids in the rules with the ids that scanners have
// for the types which this program declares.
func TestScannerIDs(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("testdata/scanner-rules.json")
	if err != nil {
		t.Fatal(err)
	}
	var file struct{ Rules map[string][]string }
	if err := json.Unmarshal(data, &file); err != nil || len(file.Rules) == 0 {
		t.Fatal(len(file.Rules), "types:", err)
	}
	listed, named := map[string]bool{}, map[string]bool{}
	for typ, ids := range file.Rules {
		for _, id := range ids {
			listed[typ+" "+id] = true
		}
	}
	for _, rule := range scannerRules() {
		for _, typ := range rule.typeNames() {
			for _, id := range strings.Fields(rule.ids) {
				if !listed[typ+" "+id] {
					t.Errorf("%s: %s of %s is not in scanner-rules.json", rule.title, id, typ)
				}
				named[typ+" "+id] = true
			}
		}
	}
	for _, id := range slices.Sorted(maps.Keys(listed)) {
		if !named[id] {
			t.Errorf("no rule has %s; add one, with an exception if the program does not follow it", id)
		}
	}
}

// typeNames returns the types as in scanner-rules.json.
func (s scannerRule) typeNames() []string {
	if len(s.types) == 0 {
		return []string{"*"}
	}
	return s.types
}

// subjects returns the resources that the rule applies to, by key.
func (s scannerRule) subjects(r *recording.Stack) (all []subject) {
	if s.adopt != nil && !s.adopt(r) {
		return nil
	}
	for _, key := range slices.Sorted(maps.Keys(r.Resources)) {
		res := r.Resources[key]
		asked := slices.Contains(s.types, res.Type) || len(s.types) == 0 && strings.HasPrefix(res.Type, "aws:")
		if asked && (s.where == nil || s.where(subject{r, res})) {
			all = append(all, subject{r, res})
		}
	}
	return all
}

// offences returns the subjects that do not meet the demand.
func (s scannerRule) offences(r *recording.Stack) (all []subject) {
	for _, sub := range s.subjects(r) {
		if !s.asks.met(sub) {
			all = append(all, sub)
		}
	}
	return all
}

// excuse returns the first exception for the resource, or nil.
func (s scannerRule) excuse(sub subject) *exception {
	for i, e := range s.except {
		if e.of == nil || e.of(sub) {
			return &s.except[i]
		}
	}
	return nil
}

// prove spoils the first resource that meets the demand, and checks that the
// rule reports it. If no resource meets the demand, an offence is proof enough.
func (s scannerRule) prove(t *testing.T, r *recording.Stack) {
	t.Helper()
	r = r.Clone(t)
	for _, sub := range s.subjects(r) {
		if !s.asks.met(sub) || s.excuse(sub) != nil {
			continue
		}
		s.asks.spoil(sub)
		broken := func(o subject) bool { return o.res.Key() == sub.res.Key() && s.excuse(o) == nil }
		if !slices.ContainsFunc(s.offences(r), broken) {
			t.Errorf("the rule does not report %s, which is spoilt to break it", sub.res.Key())
		}
		return
	}
	if len(s.offences(r)) == 0 {
		t.Error("no resource can break the rule")
	}
}
