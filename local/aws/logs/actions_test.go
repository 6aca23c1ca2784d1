package logs

import (
	"testing"

	"skiff/local/engine/provider"
	"skiff/local/engine/provider/providertest"
)

func TestActions(t *testing.T) {
	t.Parallel()
	g := newGroups(t)
	r := providertest.New(g.db)
	groups := resourceType(g)
	if groups.Actions == nil {
		t.Fatal("the type has no actions")
	}
	r.Add(groups)
	const tagged = "arn:aws:logs:eu-west-1:111111111111:log-group:project-staging-items"
	const group = tagged + ":*"
	in := func(days int, tags providertest.Inputs) providertest.Inputs {
		return providertest.Inputs{"name": "project-staging-items", "retentionInDays": days, "tags": tags}
	}
	team, room := providertest.Inputs{"Team": "x"}, providertest.Inputs{"Room": "y"}
	r.Run(t, Token,
		providertest.Step{Verb: provider.Create, In: in(30, team), Want: []string{"logs:CreateLogGroup " + group, "logs:PutRetentionPolicy " + group, "logs:TagResource " + tagged}},
		providertest.Step{Verb: provider.Read, Want: []string{"logs:DescribeLogGroups *", "logs:ListTagsForResource " + tagged}},
		providertest.Step{Verb: provider.Update, In: in(30, room), Want: []string{"logs:TagResource " + tagged, "logs:UntagResource " + tagged}},
		providertest.Step{Verb: provider.Update, In: in(60, room), Want: []string{"logs:PutRetentionPolicy " + group}},
		providertest.Step{Verb: provider.Update, In: in(0, room), Want: []string{"logs:DeleteRetentionPolicy " + group}},
		providertest.Step{Verb: provider.Delete, Want: []string{"logs:DeleteLogGroup " + group}},
	)
	r.Run(t, Token,
		providertest.Step{Verb: provider.Create, In: providertest.Inputs{"name": "project-staging-items", "skipDestroy": true}, Want: []string{"logs:CreateLogGroup " + group}},
		providertest.Step{Verb: provider.Delete},
	)
}
