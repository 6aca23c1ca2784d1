package cloud

import (
	"os"
	"strings"
	"testing"
)

// TestVersions checks that the providers report the versions in this project's
// go.mod. The page of the local cloud must name the same major version of the
// AWS provider.
func TestVersions(t *testing.T) {
	t.Parallel()
	module, err := os.ReadFile("../../go.mod")
	if err != nil {
		t.Fatal(err)
	}
	major, _, _ := strings.Cut(awsVersion, ".")
	if want := "github.com/pulumi/pulumi-aws/sdk/v" + major + " v" + awsVersion; !strings.Contains(string(module), want) {
		t.Errorf("go.mod does not have %s", want)
	}
	if want := "github.com/pulumi/pulumi-command/sdk v" + commandVersion; !strings.Contains(string(module), want) {
		t.Errorf("go.mod does not have %s", want)
	}
	page, err := os.ReadFile("../../docs/local/README.md")
	if err != nil {
		t.Fatal(err)
	}
	if want := "version " + major + " of the AWS provider"; !strings.Contains(strings.Join(strings.Fields(string(page)), " "), want) {
		t.Errorf("docs/local/README.md does not say %q", want)
	}
}
