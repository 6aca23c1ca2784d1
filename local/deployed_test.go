package main

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"text/tabwriter"
)

// TestDeployedStack changes a stack that is up while it answers requests: each
// setting and back, and then the declaration. It uses the rights of bootstrap's
// roles. It prints its results as tables:
//
//	go test ./local -run TestDeployedStack -v
func TestDeployedStack(t *testing.T) {
	needs(t, sample()...)
	t.Parallel()
	s := newDeployedStack(t, "staging")
	changes := changesOf(s.file)
	t.Run("every setting has a row", func(t *testing.T) { s.covers(t, changes) })
	for _, c := range changes {
		t.Run(c.name, func(t *testing.T) { s.try(t, c) })
	}
	for _, e := range editsOf() {
		t.Run(e.name, func(t *testing.T) { s.edit(t, e) })
	}
	t.Log(s.table())
	t.Run("names of an earlier version", s.renamed)
	t.Run("a second stack of the zone", s.neighbour)
	t.Run("rights taken away", s.denied)
	t.Run("destroy", func(t *testing.T) { s.must(t, "destroy", "--skip-preview") })
	t.Run("rights never used", s.unused)
}

// deployedStack is a stack that is up, served, and probed by requests.
type deployedStack struct {
	dir, stack      string
	account         account
	file            *stackFile
	probe           *probe
	deploy, preview []string // environments of jobs with these roles
	rows            []string
}

func newDeployedStack(t *testing.T, stack string) *deployedStack {
	t.Helper()
	s := &deployedStack{dir: built(t), stack: stack}
	s.file = openStackFile(t, s.dir, stack)
	s.account = account{filepath.Join(s.dir, "bootstrap"), filepath.Join(s.dir, ".local"), stack}
	s.account.prepare(t)
	s.deploy, s.preview = s.account.job(t, "deploy"), s.account.job(t, "preview")
	s.must(t, "up", "--skip-preview")
	served := serving(t, s.dir, "-stack", stack)
	t.Cleanup(func() {
		served.stop(syscall.SIGTERM)
		nothingRuns(t, filepath.Join(s.dir, ".local"))
	})
	r := rehearsed{dir: s.dir}
	c := client{http: r.newClient(t, served), url: "https://" + s.file.text("domain")}
	s.probe = asking(t, c, s.token(t), "/health", "/items?status=active")
	return s
}

func (s *deployedStack) token(t *testing.T) string {
	t.Helper()
	return strings.TrimSpace(mustLocal(t, "-C", s.dir, "token"))
}

// pulumi runs a command on the stack, with the role that a pipeline would
// assume for it.
func (s *deployedStack) pulumi(t *testing.T, args ...string) (string, error) {
	t.Helper()
	env := s.preview
	if args[0] == "up" || args[0] == "destroy" {
		env, args = s.deploy, append(args, "--yes")
	}
	return localWith(t, env, append([]string{"-C", s.dir, "-assume", "pulumi"}, append(args, "--stack", s.stack)...)...)
}

func (s *deployedStack) must(t *testing.T, args ...string) string {
	t.Helper()
	out, err := s.pulumi(t, args...)
	if err != nil {
		t.Fatalf("pulumi %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return out
}

// covers checks that every setting in Pulumi.yaml has a change.
func (s *deployedStack) covers(t *testing.T, changes []change) {
	covered := administrators()
	for _, name := range slices.Sorted(maps.Keys(covered)) {
		s.rows = append(s.rows, fmt.Sprintf("%s\t\tan administrator's: %s\t\t", name, covered[name]))
	}
	for _, c := range changes {
		maps.Copy(covered, c.settings)
	}
	for _, name := range settingNames(t, s.dir) {
		if _, ok := covered[name]; !ok {
			t.Errorf("no change of %s: add one to changesOf", name)
		}
	}
}

// try makes a change and reverts it.
func (s *deployedStack) try(t *testing.T, c change) {
	if c.from != nil {
		s.file.set(t, c.from)
		s.must(t, "up", "--skip-preview")
	}
	s.probe.take()
	changed := maps.Clone(c.settings)
	maps.Copy(changed, c.with)
	s.file.set(t, changed)
	if c.refused != "" {
		s.refuses(t, c.refused)
		s.file.set(t, nil)
		s.note(t, c, "refused by the preview")
		return
	}
	s.must(t, "up")
	s.must(t, "refresh", "--preview-only", "--expect-no-changes")
	s.file.set(t, nil)
	outcome := "both ways"
	if c.oneWay != "" {
		s.refuses(t, c.oneWay)
		maps.Copy(s.file.base, c.keeps)
		s.file.set(t, nil)
		outcome = "one way: the preview refuses the other"
	}
	s.must(t, "up", "--skip-preview")
	s.note(t, c, outcome)
	if c.newKey { // the serving cloud has set the new key
		s.probe.use(s.token(t))
	}
}

// refuses checks that a preview fails with a message.
func (s *deployedStack) refuses(t *testing.T, want string) {
	t.Helper()
	if out, err := s.pulumi(t, "preview"); err == nil || !strings.Contains(out, want) {
		t.Errorf("preview: %v, no %q in\n%s", err, want, out)
	}
}

// note records a change in the table, and fails if requests failed without a
// reason.
func (s *deployedStack) note(t *testing.T, c change, outcome string) {
	t.Helper()
	asked, broken, failed := s.probe.take()
	switch {
	case asked == 0:
		t.Error("the probe did not ask")
	case broken > 0 && c.fails == "":
		t.Errorf("%d of %d requests failed while %s changed: %s", broken, asked, c.name, strings.Join(failed, "; "))
	}
	if c.without != "" {
		outcome = "no effect here: " + c.without
	}
	for _, name := range slices.Sorted(maps.Keys(c.settings)) {
		s.rows = append(s.rows, fmt.Sprintf("%s\t%v\t%s\t%d of %d\t%s", name, c.settings[name], outcome, broken, asked, c.fails))
	}
}

// table returns the results.
func (s *deployedStack) table() string {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "\nwhat\tbecomes\toutcome\trequests that failed\twhy")
	for _, row := range s.rows {
		fmt.Fprintln(w, row)
	}
	w.Flush()
	return b.String()
}
