package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestThirdStack checks that a third stack needs only one new file, with other
// values than staging's, and no change to the program.
func TestThirdStack(t *testing.T) {
	t.Parallel()
	staging, err := os.ReadFile("testdata/stacks/Pulumi.staging.yaml")
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "Pulumi.qa.yaml")
	text := strings.NewReplacer("111111111111", "333333333333", "staging", "qa", "memory: 256", "memory: 1024",
		"throttleRate: 50", "throttleRate: 5", "region: eu-central-1", "region: eu-west-1").Replace(string(staging))
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	qa, err := deployWith(t, fixture(), settingsIn(t, file))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(shapeOf(record(t, "staging")), shapeOf(qa)); diff != "" {
		t.Errorf("-staging +qa:\n%s", diff)
	}
	checkRules(t, fixture(), qa)
	tags := defaultTags(qa)
	if in := qa.Of(accountType)["aws"].Inputs; in["region"] != "eu-west-1" || tags["Environment"] != "qa" ||
		qa.Of(functionType)["health"].Inputs["memorySize"] != 1024.0 ||
		nested(qa.Of(stageType)["api"], "defaultRouteSettings")["throttlingRateLimit"] != 5.0 {
		t.Errorf("qa does not have the values of its file: %v", in)
	}
}
