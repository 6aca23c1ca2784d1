package main

import (
	"runtime"
	"strings"
	"testing"

	"skiff/local/cloud"
)

// TestKilledReplacement kills an update that replaces a role, after the new
// role got its policy, and brings the stack up with a third value. Before that,
// it kills a first up, and checks that the stack cannot be removed while the
// cloud has its resources.
func TestKilledReplacement(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("which process is the CLI is read from /proc")
	}
	t.Parallel()
	m := newMany(t, 1)
	up := []string{"up", "--yes", "--skip-preview"}
	policies := func(n int) func(cloud.Held) bool {
		return func(held cloud.Held) bool { return held.Records["aws:iam/rolePolicy:RolePolicy"] >= n }
	}
	m.killedOnce(t, "pulumi", policies(1), up...)
	if out, err := local(t, m.args("pulumi", "stack", "rm", "local", "--yes")...); err == nil || !strings.Contains(out, "local: stack local still has ") || !strings.Contains(out, "pulumi destroy --stack local") {
		t.Errorf("stack rm after a killed up: %v\n%s", err, out)
	}
	m.must(t, up...)
	m.set(t, map[string]any{"path": "/b/"})
	m.killedOnce(t, "pulumi", policies(2), up...)
	m.set(t, map[string]any{"path": "/a/"})
	m.must(t, up...)
	m.whole(t, "a third path")
	m.must(t, "destroy", "--yes", "--skip-preview")
	m.must(t, "stack", "rm", "local", "--yes")
}
