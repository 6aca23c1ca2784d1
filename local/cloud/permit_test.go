package cloud

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"

	"skiff/local/aws/iam"
	"skiff/local/aws/ssm"
)

// TestPermit checks that a program creates what its role allows and nothing
// else, and that the uses of all its jobs are recorded as one.
func TestPermit(t *testing.T) {
	t.Parallel()
	c := openCloud(t)
	e := newEngine(t, c)
	const form = "arn:aws:ssm:" + region + ":" + account + ":parameter/project/"
	e.up(iam.RoleToken, "deploy", map[string]any{"name": "deploy", "path": "/bootstrap/", "assumeRolePolicy": `{"Statement":{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"Service":"lambda.amazonaws.com"}}}`})
	e.up(iam.RolePolicyToken, "ssm", map[string]any{"name": "ssm", "role": "deploy", "policy": `{"Statement":[{"Effect":"Allow","Action":"ssm:*","Resource":"` + form + `*"},{"Effect":"Allow","Action":"ssm:DescribeParameters","Resource":"*","Condition":{"StringEquals":{"aws:RequestedRegion":"` + region + `"}}}]}`})

	for _, job := range []string{"1", "2"} {
		j := newJob(t, c, "gitlab-"+job)
		j.up(ssm.Token, "id"+job, map[string]any{"name": "/project/id" + job, "type": "String", "value": "x"})
		_, err := j.client.Create(t.Context(), &pulumirpc.CreateRequest{Type: ssm.Token, Urn: "urn:pulumi:staging::project::" + ssm.Token + "::other", Properties: j.properties(map[string]any{"name": "/other/id", "type": "String", "value": "x"})})
		want := "AccessDenied: User: arn:aws:sts::" + account + ":assumed-role/deploy/gitlab-" + job + " is not authorized to perform: ssm:PutParameter on resource: arn:aws:ssm:" + region + ":" + account + ":parameter/other/id because no identity-based policy allows the ssm:PutParameter action"
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
		for name, want := range map[string]string{"/project/id1": "", "/other/id": "not authorized to perform: ssm:GetParameter on resource: "} {
			if _, err := j.client.Invoke(t.Context(), &pulumirpc.InvokeRequest{Tok: ssm.GetParameterToken, Args: j.properties(map[string]any{"name": name})}); want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
				t.Errorf("%s: %v, want %q", name, err, want)
			}
		}
	}
	if _, err := e.client.Invoke(t.Context(), &pulumirpc.InvokeRequest{Tok: ssm.GetParameterToken, Args: e.properties(map[string]any{"name": "/other/id"})}); err == nil || !strings.Contains(err.Error(), "couldn't find resource") {
		t.Errorf("of what was refused: %v", err)
	}
	uses, err := iam.ReadUses(filepath.Join(c.o.Dir, UsesFile))
	if err != nil {
		t.Fatal(err)
	}
	var want []iam.Use
	use := func(action, resource string, allowed bool) {
		want = append(want, iam.Use{Role: "deploy", Action: "ssm:" + action, Resource: resource, Allowed: allowed})
	}
	for _, id := range []string{"id1", "id2"} {
		for _, action := range []string{"PutParameter", "AddTagsToResource", "GetParameter", "ListTagsForResource"} {
			use(action, form+id, true)
		}
	}
	use("DescribeParameters", "*", true)
	use("PutParameter", strings.Replace(form, "project/", "other/id", 1), false)
	use("GetParameter", strings.Replace(form, "project/", "other/id", 1), false)
	if diff := cmp.Diff(times(want), times(uses)); diff != "" {
		t.Errorf("recorded (-want +got)\n%s", diff)
	}
	roles, err := c.Inspector().Roles()
	held := map[string][]iam.Holding{}
	for _, r := range roles {
		held[r.Name] = r.Holdings
	}
	if diff := cmp.Diff(map[string][]iam.Holding{"deploy": {
		{Role: "deploy", Action: "ssm:*", Resource: form + "*", Used: true}, {Role: "deploy", Action: "ssm:DescribeParameters", Resource: "*", Used: true},
	}}, held); err != nil || diff != "" {
		t.Errorf("the role holds, %v (-want +got)\n%s", err, diff)
	}
}

// newJob returns the engine of a program that has assumed the role deploy.
func newJob(t *testing.T, c *Cloud, session string) *engine {
	t.Helper()
	providers, err := Join(t.Context(), c.Control, Program{Dir: t.TempDir(), Caller: "arn:aws:sts::" + account + ":assumed-role/deploy/" + session})
	if err != nil {
		t.Fatal(err)
	}
	e := &engine{t, connect(t, providers.AWS)}
	settings := e.properties(map[string]any{
		"region": region, "allowedAccountIds": []any{account}, "defaultTags": map[string]any{"tags": map[string]any{"Stack": "staging"}},
	})
	if _, err := e.client.Configure(t.Context(), &pulumirpc.ConfigureRequest{Args: settings}); err != nil {
		t.Fatal(err)
	}
	return e
}

// times counts how often each use is recorded.
func times(uses []iam.Use) map[iam.Use]int {
	n := map[iam.Use]int{}
	for _, u := range uses {
		n[u]++
	}
	return n
}

// TestEveryTypeIsJudged checks that each resource type declares the actions
// that a role needs for it.
func TestEveryTypeIsJudged(t *testing.T) {
	t.Parallel()
	for _, token := range openCloud(t).aws.Unjudged() {
		t.Errorf("%s lists no actions", token)
	}
}
