package main

import (
	"fmt"
	"testing"
)

// pipeline returns the claim sub of a pipeline's token.
// https://docs.gitlab.com/ci/cloud_services/aws/
func pipeline(project, kind, ref string) string {
	return fmt.Sprintf("project_path:%s:ref_type:%s:ref:%s", project, kind, ref)
}

// TestTrust checks which pipelines may assume each role.
func TestTrust(t *testing.T) {
	t.Parallel()
	const aud = "sts.amazonaws.com"
	type may struct{ deploy, previewStaging, previewProduction bool }
	for _, test := range []struct {
		who, aud, sub string
		may           may
	}{
		{"main", aud, pipeline("acme/api", "branch", "main"), may{true, true, true}},
		{"a feature branch", aud, pipeline("acme/api", "branch", "feature"), may{false, true, false}},
		{"a merge request's pipeline", aud, pipeline("acme/api", "branch", "fix/main"), may{false, true, false}},
		{"a branch whose name begins the same", aud, pipeline("acme/api", "branch", "main-2"), may{false, true, false}},
		{"a branch below", aud, pipeline("acme/api", "branch", "main/x"), may{false, true, false}},
		{"another case", aud, pipeline("acme/api", "branch", "Main"), may{false, true, false}},
		{"a branch named *", aud, pipeline("acme/api", "branch", "*"), may{false, true, false}},
		{"a tag named main", aud, pipeline("acme/api", "tag", "main"), may{}},
		{"a tag", aud, pipeline("acme/api", "tag", "v1"), may{}},
		{"a fork", aud, pipeline("mallory/api", "branch", "main"), may{}},
		{"a project whose path begins the same", aud, pipeline("acme/api-evil", "branch", "main"), may{}},
		{"a project below", aud, pipeline("acme/api/evil", "branch", "main"), may{}},
		{"a project whose path ends the same", aud, pipeline("evil/acme/api", "branch", "main"), may{}},
		{"a group-mate", aud, pipeline("acme/other", "branch", "main"), may{}},
		{"a project in another case", aud, pipeline("Acme/api", "branch", "main"), may{}},
		{"another audience", "https://gitlab.com", pipeline("acme/api", "branch", "main"), may{}},
		{"no audience", "", pipeline("acme/api", "branch", "main"), may{}},
		{"a sub without a ref", aud, "project_path:acme/api", may{}},
		{"no sub", aud, "", may{}},
	} {
		context := map[string][]string{}
		if test.aud != "" {
			context["gitlab.com:aud"] = []string{test.aud}
		}
		if test.sub != "" {
			context["gitlab.com:sub"] = []string{test.sub}
		}
		for _, role := range []struct {
			stack, name string
			want        bool
		}{
			{"staging", "deploy", test.may.deploy}, {"production", "deploy", test.may.deploy},
			{"staging", "preview", test.may.previewStaging}, {"production", "preview", test.may.previewProduction},
			{"review", "deploy", test.may.previewStaging}, {"review", "preview", test.may.previewStaging},
		} {
			t.Run(test.who+"/"+role.stack+" "+role.name, func(t *testing.T) {
				t.Parallel()
				trust := parse(t, record(t, role.stack).Of(roleType)[role.name].Inputs["assumeRolePolicy"])
				if got := allowed(t, []parsed{trust}, request{action: "sts:AssumeRoleWithWebIdentity", context: context}); got != role.want {
					t.Errorf("may assume the role: %v", got)
				}
			})
		}
	}
}

// TestTrustIsForGitLab checks that the roles trust only GitLab, and only for
// one action.
func TestTrustIsForGitLab(t *testing.T) {
	t.Parallel()
	for _, stack := range fixtures() {
		rec := record(t, stack)
		for name, role := range rec.Of(roleType) {
			text := role.Inputs["assumeRolePolicy"]
			trust := parse(t, text)
			if len(trust.Statement) != 1 {
				t.Fatalf("%s: %d statements", name, len(trust.Statement))
			}
			s := trust.Statement[0]
			want := fmt.Sprint(map[string]any{"Federated": rec.Of(providerType)["gitlab"].Outputs["arn"]})
			if fmt.Sprint(s.Principal) != want || fmt.Sprint(s.Action) != "[sts:AssumeRoleWithWebIdentity]" || s.Effect != "Allow" {
				t.Errorf("%s trusts %v", name, text)
			}
			if n := len(text.(string)); n > maxTrust {
				t.Errorf("%s: the trust policy has %d characters", name, n)
			}
		}
	}
}

// TestTrustOfAnotherGitLab checks the condition keys for a GitLab at another
// URL, even with a path.
func TestTrustOfAnotherGitLab(t *testing.T) {
	t.Parallel()
	rec := record(t, "staging", "gitlabUrl", "https://git.example.com/gitlab", "gitlabAudience", "aws", "deployBranch", "release/1.0",
		"gitlabProject", "a/b/c.d", "previewBranches", "release/*")
	may := func(role, issuer, branch string) bool {
		return allowed(t, []parsed{parse(t, rec.Of(roleType)[role].Inputs["assumeRolePolicy"])}, request{
			action:  "sts:AssumeRoleWithWebIdentity",
			context: map[string][]string{issuer + ":aud": {"aws"}, issuer + ":sub": {pipeline("a/b/c.d", "branch", branch)}},
		})
	}
	for _, test := range []struct {
		role, issuer, branch string
		want                 bool
	}{
		{"deploy", "git.example.com/gitlab", "release/1.0", true},
		{"deploy", "git.example.com/gitlab", "release/1x0", false},
		{"deploy", "git.example.com", "release/1.0", false},
		{"deploy", "gitlab.com", "release/1.0", false},
		{"preview", "git.example.com/gitlab", "release/2", true},
		{"preview", "git.example.com/gitlab", "main", false},
	} {
		if got := may(test.role, test.issuer, test.branch); got != test.want {
			t.Errorf("%+v: %v", test, got)
		}
	}
	if got := rec.Of(providerType)["gitlab"].Inputs["url"]; got != "https://git.example.com/gitlab" {
		t.Errorf("the provider's URL is %v", got)
	}
}

// TestExistingProvider checks that an existing provider of the account is used.
func TestExistingProvider(t *testing.T) {
	t.Parallel()
	settings := settingsOf(t, "staging")
	settings[ours(t, "createProvider")] = "false"
	rec, err := deployWith(t, cloud{caller: "111111111111", audiences: []string{"https://gitlab.com", "sts.amazonaws.com"}}, "staging", settings)
	if err != nil {
		t.Fatal(err)
	}
	if len(rec.Of(providerType)) > 0 {
		t.Error("another provider is declared")
	}
	created := record(t, "staging")
	for _, name := range []string{"deploy", "preview"} {
		got, want := rec.Of(roleType)[name].Inputs["assumeRolePolicy"], created.Of(roleType)[name].Inputs["assumeRolePolicy"]
		if got != want {
			t.Errorf("%s trusts %v, want %v", name, got, want)
		}
	}
	if rec.Outputs["oidcProviderArn"] != created.Outputs["oidcProviderArn"] {
		t.Errorf("oidcProviderArn %v", rec.Outputs["oidcProviderArn"])
	}
}
