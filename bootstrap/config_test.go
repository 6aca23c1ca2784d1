package main

import (
	"fmt"
	"maps"
	"regexp"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/workspace"
)

// TestConfigRefused checks the error for wrong values of settings.
func TestConfigRefused(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ key, value, want string }{
		{"account", "", ours(t, "account") + " must be the 12 digits of this stack's AWS account, in quotes, not \"\"; " +
			"change it with pulumi config set account VALUE --stack staging"},
		{"account", "11111111111", "account must be"},
		{"account", "1111-1111-1111", "account must be"},
		{"account", "1.1111111111e+11", "account must be"},
		{"account", "111111111111\n", "account must be"},
		{"region", "", ours(t, "region") + " must be an AWS region"},
		{"region", "Frankfurt", "region must be"},
		{"region", "eu-central", "region must be"},
		{"region", "cn-north-1", "region must be"},
		{"region", "us-gov-west-1", "region must be"},
		{"region", "*", "region must be"},
		{"project", "", ours(t, "project") + " must be 1 or more of a-z 0-9 - and begin with a letter"},
		{"project", "*", "project must be"},
		{"project", "Web", "project must be"},
		{"project", "a/b", "project must be"},
		{"project", strings.Repeat("a", 25), `the names of AWS resources begin with "aaaaaaaaaaaaaaaaaaaaaaaaa-staging": project and stack ` +
			"must consist of a-z 0-9 - and have at most 31 characters together"},
		{"gitlabUrl", "http://gitlab.com", ours(t, "gitlabUrl") + " must be https:// and a host"},
		{"gitlabUrl", "https://gitlab.com/", "gitlabUrl must be"},
		{"gitlabUrl", "https://gitlab.com:8443", "gitlabUrl must be"},
		{"gitlabUrl", "gitlab.com", "gitlabUrl must be"},
		{"gitlabUrl", "https://*.com", "gitlabUrl must be"},
		{"gitlabUrl", "https://gitlab", "gitlabUrl must be"},
		{"gitlabAudience", "", ours(t, "gitlabAudience") + " must be 1 to 255 of"},
		{"gitlabAudience", "*", "gitlabAudience must be"},
		{"gitlabAudience", "${aws:userid}", "gitlabAudience must be"},
		{"createProvider", "no", ours(t, "createProvider") + " must be true or false"},
		{"gitlabProject", "", ours(t, "gitlabProject") + " must be the path of one project, such as acme/api"},
		{"gitlabProject", "acme", "gitlabProject must be"},
		{"gitlabProject", "acme/*", "gitlabProject must be"},
		{"gitlabProject", "acme/api*", "gitlabProject must be"},
		{"gitlabProject", "acme/ap?", "gitlabProject must be"},
		{"gitlabProject", "acme/${saml:sub}", "gitlabProject must be"},
		{"gitlabProject", "acme/api:ref_type:tag", "gitlabProject must be"},
		{"gitlabProject", "/acme/api", "gitlabProject must be"},
		{"gitlabProject", "acme/api/", "gitlabProject must be"},
		{"gitlabProject", "https://gitlab.com/acme/api", "gitlabProject must be"},
		{"deployBranch", "", ours(t, "deployBranch") + " must be the name of one branch, without *"},
		{"deployBranch", "*", "deployBranch must be"},
		{"deployBranch", "main*", "deployBranch must be"},
		{"deployBranch", "main:x", "deployBranch must be"},
		{"previewBranches", "", ours(t, "previewBranches") + " must be the name of a branch, where *"},
		{"previewBranches", "?", "previewBranches must be"},
		{"previewBranches", "${aws:userid}", "previewBranches must be"},
		{"perMergeRequest", "2", ours(t, "perMergeRequest") + " must be true or false"},
		{"domains", "example.com", ours(t, "domains") + ` must be a list of domain names`},
		{"domains", `[1]`, `domains must be a list of`},
		{"domains", `["example.com."]`, ours(t, "domains") + ` must be domain names in lower case`},
		{"domains", `["*.example.com"]`, `domains must be`},
		{"domains", `["a.com","*"]`, `domains must be domain names in lower case, without a dot at the end and without *, not "*"`},
		{"domains", `["com"]`, `domains must be`},
		{"domains", `["Example.com"]`, `domains must be`},
		{"hostedZones", `Z1`, ours(t, "hostedZones") + ` must be a list of ids`},
		{"hostedZones", `[]`, ours(t, "hostedZones") + ` must be a list of`},
		{"hostedZones", `["/hostedzone/Z1"]`, `hostedZones must be ids of Route 53 zones, or "*", not "/hostedzone/Z1"`},
		{"hostedZones", `["Z*"]`, `hostedZones must be`},
		{"attachTo", `web`, ours(t, "attachTo") + ` must be empty, or PROJECT/STACK`},
		{"attachTo", `web/*`, `attachTo must be`},
		{"stateVersionDays", "0", ours(t, "stateVersionDays") + " must be a whole number from 1 to 3650"},
		{"stateVersionDays", "3651", "stateVersionDays must be"},
		{"stateVersionDays", "a month", "stateVersionDays must be"},
		{"gitlabProjekt", "a/b", ours(t, "gitlabProjekt") + " is not a setting; the settings are account, attachTo, createProvider, deployBranch, domains, " +
			"gitlabAudience, gitlabProject, gitlabUrl, hostedZones, perMergeRequest, previewBranches, project, region, stateVersionDays; " +
			"remove it with pulumi config rm gitlabProjekt --stack staging"},
	} {
		t.Run(fmt.Sprintf("%s=%.20q", test.key, test.value), func(t *testing.T) {
			t.Parallel()
			settings := settingsOf(t, "staging")
			settings[ours(t, test.key)] = test.value
			rec, err := deployWith(t, cloud{caller: "111111111111"}, "staging", settings)
			if err == nil {
				t.Fatal("accepted")
			}
			if !strings.Contains(err.Error(), test.want) {
				t.Errorf("refused with\n%v\nwant\n%s", err, test.want)
			}
			if n := len(regexp.MustCompile(`(?m)^\* `).FindAllString(err.Error(), -1)); n > 1 || strings.Contains(err.Error(), "\n"+ours(t, "")) {
				t.Errorf("refused more than one setting:\n%v", err)
			}
			if len(rec.Resources) > 0 {
				t.Errorf("%d resources were registered", len(rec.Resources))
			}
		})
	}
}

func TestConfigAccepted(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ key, value string }{
		{"region", "ap-southeast-4"},
		{"project", "a"}, {"project", strings.Repeat("a", 24)},
		{"gitlabUrl", "https://git.example.com/gitlab"}, {"gitlabUrl", "https://git-1.example.com"},
		{"gitlabAudience", "https://gitlab.com"},
		{"gitlabProject", "a/b/c/d"}, {"gitlabProject", "Acme_1/api.v2"},
		{"deployBranch", "release/1.0"},
		{"previewBranches", "release/*"},
		{"domains", `[]`}, {"domains", `["example.com","a-1.example.co.uk"]`},
		{"hostedZones", `["*"]`}, {"hostedZones", `["Z1","Z0123456789ABCDEFGHIJ"]`},
		{"stateVersionDays", "1"}, {"stateVersionDays", "3650"},
	} {
		t.Run(fmt.Sprintf("%s=%.20q", test.key, test.value), func(t *testing.T) {
			t.Parallel()
			record(t, "staging", test.key, test.value)
		})
	}
}

// TestConfigRefusesAllAtOnce checks that one run reports all wrong settings,
// one a line, including a missing default.
func TestConfigRefusesAllAtOnce(t *testing.T) {
	t.Parallel()
	settings := settingsOf(t, "staging")
	settings[ours(t, "region")], settings[ours(t, "more")] = "here", "x"
	delete(settings, ours(t, "account"))
	_, err := deployWith(t, cloud{caller: "111111111111"}, "staging", settings)
	if err == nil {
		t.Fatal("accepted")
	}
	for _, want := range []string{ours(t, "region") + " must", ours(t, "more") + " is not a setting",
		ours(t, "account") + " is not set and has lost its default in Pulumi.yaml; set it with pulumi config set account VALUE --stack staging"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q is missing in\n%v", want, err)
		}
	}
}

// TestStackNameRefused checks that a stack's name is validated like a setting,
// because it is part of every ARN.
func TestStackNameRefused(t *testing.T) {
	t.Parallel()
	for _, stack := range []string{"Staging", "a_b", "*", strings.Repeat("a", maxPrefix)} {
		_, err := deployWith(t, cloud{caller: "111111111111"}, stack, settingsOf(t, "staging"))
		if err == nil || !strings.Contains(err.Error(), `the names of AWS resources begin with "`+infraProject(t)+`-`+stack+`"`) {
			t.Errorf("%s: %v", stack, err)
		}
	}
}

// TestStackNamedAsThisProgramRefused checks that PROJECT-STACK must not begin
// the names of the state buckets.
func TestStackNamedAsThisProgramRefused(t *testing.T) {
	t.Parallel()
	_, err := deployWith(t, cloud{caller: "111111111111"}, "bootstrap", settingsOf(t, "staging"))
	if err == nil || !strings.Contains(err.Error(), "like the names of the state buckets, so the stack could delete these buckets") {
		t.Errorf("refused with %v", err)
	}
}

// TestNumberedStackNameRefused checks that the length leaves room for the
// number of a merge request.
func TestNumberedStackNameRefused(t *testing.T) {
	t.Parallel()
	most := maxPrefix - len(infraProject(t)+"-") - len("-99999")
	for n, want := range map[int]bool{most: true, most + 1: false} {
		_, err := deployWith(t, cloud{caller: "333333333333"}, strings.Repeat("a", n), settingsOf(t, "review"))
		if refused := err != nil && strings.Contains(err.Error(), "and have at most 25 characters together"); refused == want || want && err != nil {
			t.Errorf("%d characters: %v", n, err)
		}
	}
}

// TestAccountRefused checks the errors for missing credentials, another
// account, and an OIDC provider that does not exist or does not accept the
// audience.
func TestAccountRefused(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, caller string
		audiences    []string
		existing     string
		want         []string
	}{
		{"another account", "222222222222", nil, "false", []string{"account: stack staging belongs to account 111111111111, but the credentials belong to 222222222222; use credentials of that account"}},
		{"no credentials", "", nil, "false", []string{"account: stack staging belongs to account 111111111111; use credentials", "no valid credential sources"}},
		{"no provider", "111111111111", nil, "true", []string{"gitlab: arn:aws:iam::111111111111:oidc-provider/gitlab.com must exist, because " + ours(t, "createProvider") + " is false", "NoSuchEntity"}},
		{"another audience", "111111111111", []string{"a", "b"}, "true", []string{
			"gitlab: arn:aws:iam::111111111111:oidc-provider/gitlab.com accepts the audiences a, b but not sts.amazonaws.com; add it: " +
				"aws iam add-client-id-to-open-id-connect-provider --open-id-connect-provider-arn arn:aws:iam::111111111111:oidc-provider/gitlab.com " +
				"--client-id sts.amazonaws.com"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			settings := settingsOf(t, "staging")
			settings[ours(t, "createProvider")] = map[string]string{"true": "false", "false": "true"}[test.existing]
			rec, err := deployWith(t, cloud{caller: test.caller, audiences: test.audiences}, "staging", settings)
			if err == nil {
				t.Fatal("accepted")
			}
			for _, want := range test.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("refused with\n%v\nwant\n%s", err, want)
				}
			}
			if len(rec.Of(roleType)) > 0 {
				t.Error("roles were registered")
			}
			if strings.HasPrefix(test.want[0], "account") && len(rec.Resources) > 1 {
				t.Errorf("more than the provider was registered: %d", len(rec.Resources))
			}
		})
	}
}

// TestTooManyDomains checks the error for more domains than fit into a policy.
func TestTooManyDomains(t *testing.T) {
	t.Parallel()
	settings := settingsOf(t, "staging")
	settings[ours(t, "domains")] = "[" + strings.Repeat(`"a.long.domain.name.example.com",`, 40) + `"b.example.com"]`
	_, err := deployWith(t, cloud{caller: "111111111111"}, "staging", settings)
	if err == nil || !strings.Contains(err.Error(), "characters, but AWS accepts at most 6144: list fewer domains") {
		t.Errorf("refused with %v", err)
	}
}

// TestConfigDeclared checks that Pulumi.yaml declares every setting with type,
// description and default, and that the team's stack files set no other.
func TestConfigDeclared(t *testing.T) {
	t.Parallel()
	project, err := workspace.LoadProject("Pulumi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for key, setting := range project.Config {
		if strings.HasPrefix(key, ours(t, "")+":") && (setting.Type == nil || setting.Description == "" || setting.Default == nil) {
			t.Errorf("%s: type %v, description %q, default %v", key, setting.Type, setting.Description, setting.Default)
		}
	}
	for _, stack := range ownStacks(t) {
		settings := ownSettings(t, stack)
		maps.DeleteFunc(settings, func(key, _ string) bool {
			_, declared := project.Config[key]
			return declared
		})
		if len(settings) > 0 {
			t.Errorf("%s: %v is not declared in Pulumi.yaml", stack, settings)
		}
	}
}
