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

// scannerRule is a rule of public scanners on resources of some types. A stack
// follows it, or the rule has a reason why not.
type scannerRule struct {
	title  string
	ids    string                      // that scanners have for it, with spaces between
	types  []string                    // that it is asked of; none: every type of AWS
	adopt  func(*recording.Stack) bool // which stacks it is asked of; nil: each
	where  func(subject) bool          // which resources of the types; nil: each
	asks   demand
	except []exception
}

// exception is a reason not to follow a rule.
type exception struct {
	why string
	of  func(subject) bool // which resources it excuses; nil: each
}

// unfollowed is the one reason of a rule that no resource follows.
func unfollowed(why string) []exception { return []exception{{why, nil}} }

func scannerRules() []scannerRule {
	return slices.Concat(scannerFunctions(), scannerAPIs(), scannerStores(), scannerQueues(), scannerPolicies(), scannerRoles(),
		scannerOperations(), scannerDomains(), scannerNames())
}

// operated is whether somebody hears of the stack's failures. What such a stack
// has, one that lives as long as a merge request can go without.
func operated(r *recording.Stack) bool { return settingOf(r, "alarms") == "true" }

// guarded is whether the stack holds what nobody may lose.
func guarded(r *recording.Stack) bool { return settingOf(r, "protect") == "true" }

// settingOf is a setting of the program itself, whatever the project is called.
func settingOf(r *recording.Stack, name string) string {
	for key, value := range r.Settings {
		if namespace, n, _ := strings.Cut(key, ":"); n == name && namespace != "aws" && namespace != "pulumi" {
			return value
		}
	}
	return ""
}

// TestScannerRules holds the team's own stacks, and the fixtures, to the rules.
// A resource that breaks one is to be changed, or to get an exception there.
func TestScannerRules(t *testing.T) {
	t.Parallel()
	stacks := ownStacks(t, newIssuer)
	for _, name := range []string{"staging", "production"} {
		stacks["fixture "+name] = record(t, name)
	}
	for name, rec := range stacks {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, rule := range scannerRules() {
				for _, s := range rule.offences(rec) {
					if rule.excuse(s) == nil {
						t.Errorf("%s: not so: %s (%s)", s.res.Key(), rule.title, rule.ids)
					}
				}
			}
		})
	}
}

// TestScannerRulesFail sees each rule fail of what the program declares, with
// one resource spoilt, and of the samples, which have a resource of each type.
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

// TestScannerReasons finds reasons for what is followed. A reason for some
// resources has to be needed by each of them, one for all of them by one.
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
					t.Errorf("%s: %q is the reason for nothing; remove it", rule.title, reason.why)
				} else if reason.of != nil && needed < excused {
					t.Errorf("%s: %q excuses %d resources, and %d need it; excuse these alone", rule.title, reason.why, excused, needed)
				}
			}
		}
	}
}

// TestScannerIDs compares the ids that the rules name with those that scanners
// have for the types which this program declares.
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
			t.Errorf("no rule has %s; add one, with a reason if it is not followed", id)
		}
	}
}

// typeNames are the types as scanner-rules.json has them.
func (s scannerRule) typeNames() []string {
	if len(s.types) == 0 {
		return []string{"*"}
	}
	return s.types
}

// subjects are the resources that the rule is asked of, by key.
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

// offences are the subjects that do not meet the demand.
func (s scannerRule) offences(r *recording.Stack) (all []subject) {
	for _, sub := range s.subjects(r) {
		if !s.asks.met(sub) {
			all = append(all, sub)
		}
	}
	return all
}

// excuse is the first exception that excuses the resource, nil if none does.
func (s scannerRule) excuse(sub subject) *exception {
	for i, e := range s.except {
		if e.of == nil || e.of(sub) {
			return &s.except[i]
		}
	}
	return nil
}

// prove spoils the first resource that meets the demand, and wants that seen.
// Of a rule that no resource follows, an offence is the proof.
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
			t.Errorf("it holds of %s, spoilt to break it", sub.res.Key())
		}
		return
	}
	if len(s.offences(r)) == 0 {
		t.Error("nothing can break it")
	}
}
