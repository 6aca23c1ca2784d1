package secretsmanager

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"skiff/local/engine/provider"
	"skiff/local/engine/provider/providertest"
)

func TestActions(t *testing.T) {
	t.Parallel()
	f := newFixture(t, `{"Statement":{"Effect":"Deny","Action":"*","Resource":"*"}}`)
	secret := func(description string, tags map[string]any) map[string]any {
		return map[string]any{"name": "project-key", "description": description, "tags": tags}
	}
	got := providertest.Asked(t, f.db, resourceType(f.Secrets), secret("a", map[string]any{"Team": "x"}), secret("b", map[string]any{"Room": "y"}))
	const on = " arn:aws:secretsmanager:eu-west-1:111111111111:secret:project-key"
	for _, lines := range got { // an ARN ends with six random characters
		for i, line := range lines {
			lines[i] = line[:strings.LastIndexByte(line, '-')]
		}
	}
	reads := []string{"secretsmanager:DescribeSecret" + on, "secretsmanager:GetResourcePolicy" + on}
	want := map[provider.Verb][]string{
		provider.Create: append([]string{"secretsmanager:CreateSecret" + on, "secretsmanager:TagResource" + on}, reads...),
		provider.Read:   reads,
		provider.Update: append([]string{"secretsmanager:UntagResource" + on, "secretsmanager:TagResource" + on, "secretsmanager:UpdateSecret" + on}, reads...),
		provider.Delete: {"secretsmanager:DeleteSecret" + on, "secretsmanager:DescribeSecret" + on},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	got = providertest.Asked(t, f.db, resourceType(f.Secrets), secret("a", nil), map[string]any{"name": "project-key", "description": "a", "recoveryWindowInDays": 7.0})
	if n := len(got[provider.Update]); n != len(reads) {
		t.Errorf("a change of only the window needs %q", got[provider.Update])
	}
}
