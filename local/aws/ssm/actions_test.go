package ssm

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"skiff/local/engine/provider"
	"skiff/local/engine/provider/providertest"
)

func TestActions(t *testing.T) {
	t.Parallel()
	p := newParameters(t)
	const on = " arn:aws:ssm:eu-west-1:111111111111:parameter/project/staging/apiId"
	reads := []string{"ssm:GetParameter" + on, "ssm:ListTagsForResource" + on, "ssm:DescribeParameters *"}
	parameter := func(value string, tags map[string]any) map[string]any {
		return map[string]any{"name": "/project/staging/apiId", "type": "String", "value": value, "tags": tags}
	}
	got := providertest.Asked(t, p.db, resourceType(p), parameter("a", map[string]any{"Team": "x"}), parameter("b", map[string]any{"Room": "y"}))
	want := map[provider.Verb][]string{
		provider.Create: append([]string{"ssm:PutParameter" + on, "ssm:AddTagsToResource" + on}, reads...),
		provider.Read:   reads,
		provider.Update: append([]string{"ssm:RemoveTagsFromResource" + on, "ssm:AddTagsToResource" + on, "ssm:PutParameter" + on}, reads...),
		provider.Delete: {"ssm:DeleteParameter" + on},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	// A change of tags puts no value.
	got = providertest.Asked(t, p.db, resourceType(p), parameter("a", nil), parameter("a", map[string]any{"Room": "y"}))
	if diff := cmp.Diff(append([]string{"ssm:AddTagsToResource" + on}, reads...), got[provider.Update]); diff != "" {
		t.Errorf("tags alone (-want +got)\n%s", diff)
	}
}
