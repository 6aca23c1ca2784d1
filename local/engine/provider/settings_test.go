package provider

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
)

// wrapped returns settings as the stack's configuration sends them: values that
// are not strings are JSON in a string.
func wrapped(t *testing.T, settings map[string]any) map[string]any {
	t.Helper()
	texts := map[string]any{}
	for name, value := range settings {
		text, isText := value.(string)
		if !isText {
			data, err := json.Marshal(value)
			if err != nil {
				t.Fatal(err)
			}
			text = string(data)
		}
		texts[name] = text
	}
	return texts
}

func TestCheckConfig(t *testing.T) {
	t.Parallel()
	c := newFixture(t).connect(t)
	u := any(unknownValue)
	role := func(arn string) map[string]any { return map[string]any{"roleArn": arn, "sessionName": "s"} }
	const knows = "the local cloud does not know this property; it knows "
	const roleKnows = knows + "duration, externalId, policy, policyArns, roleArn, sessionName, sourceIdentity, tags, transitiveTagKeys"
	tests := []struct {
		name     string
		settings map[string]any
		want     string // "" if the settings are accepted
	}{
		{"nothing", nil, ""},
		{"all", map[string]any{
			"region": "eu-west-2", "version": "1.2.3", "profile": "p", "maxRetries": 25.0, "skipRegionValidation": true,
			"allowedAccountIds": []any{"222222222222"}, "defaultTags": map[string]any{"tags": map[string]any{"a": "b"}},
			"assumeRole": role("arn:aws:iam::222222222222:role/deploy"), "assumeRoles": []any{role("arn:aws:iam::222222222222:role/a/b")},
		}, ""},
		{"not known yet", map[string]any{"region": u, "allowedAccountIds": []any{u}, "defaultTags": map[string]any{"tags": map[string]any{"a": u}}, "assumeRole": u}, ""},
		{"unknown", map[string]any{"endpoints": []any{}}, "endpoints: " + knows + "allowedAccountIds, assumeRole, assumeRoles, defaultTags, maxRetries, profile, region, skipRegionValidation, version"},
		{"unknown in an object", map[string]any{"defaultTags": map[string]any{"tag": map[string]any{}}}, "defaultTags.tag: " + knows + "tags"},
		{"unknown in a role", map[string]any{"assumeRole": map[string]any{"arn": "x"}}, "assumeRole.arn: " + roleKnows},
		{"account", map[string]any{"allowedAccountIds": []any{"111111111111", "1234"}}, `allowedAccountIds[1]: "1234" is not an account id of 12 digits: quote it in YAML`},
		{"account as a number", map[string]any{"allowedAccountIds": []any{222222222222.0}}, "allowedAccountIds: must be a string, not number"},
		{"accounts as an object", map[string]any{"allowedAccountIds": map[string]any{"a": "b"}}, "allowedAccountIds: must be a list, not object"},
		{"tags as a list", map[string]any{"defaultTags": map[string]any{"tags": []any{}}}, "defaultTags.tags: must be an object, not array"},
		{"role", map[string]any{"assumeRole": role("deploy")}, `assumeRole.roleArn: "deploy" is not the ARN of a role`},
		{"role of a chain", map[string]any{"assumeRoles": []any{role("arn:aws:iam::1:role/x")}}, `assumeRole.roleArn: "arn:aws:iam::1:role/x" is not the ARN of a role`},
	}
	for _, test := range tests {
		for form, settings := range map[string]map[string]any{"plain": test.settings, "wrapped": wrapped(t, test.settings)} {
			response, err := c.CheckConfig(t.Context(), &pulumirpc.CheckRequest{News: properties(t, settings)})
			if err != nil {
				t.Fatal(err)
			}
			var failures []string
			for _, f := range response.Failures {
				failures = append(failures, f.Property+": "+f.Reason)
			}
			if got := strings.Join(failures, "\n"); got != test.want {
				t.Errorf("%s, %s: refused with\n%s\nwant\n%s", test.name, form, got, test.want)
			}
			if got := response.Inputs.AsMap(); !reflect.DeepEqual(got, properties(t, settings).AsMap()) {
				t.Errorf("%s, %s: the settings became %v", test.name, form, got)
			}
		}
	}
}

func TestCheckConfigOfNoJSON(t *testing.T) {
	t.Parallel()
	response, err := newFixture(t).connect(t).CheckConfig(t.Context(), &pulumirpc.CheckRequest{News: properties(t, map[string]any{"defaultTags": "Team=a"})})
	if err != nil {
		t.Fatal(err)
	}
	if len(response.Failures) != 1 || response.Failures[0].Property != "defaultTags" || response.Failures[0].Reason != "must be an object, not string" {
		t.Errorf("failures %v", response.Failures)
	}
}

// TestAccounts checks that a connection's resources belong to the account that
// it allows.
func TestAccounts(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	settings := map[string]any{"allowedAccountIds": []any{"333333333333", "444444444444"}, "profile": "p"}
	for i, args := range []map[string]any{settings, wrapped(t, settings), {}, {"allowedAccountIds": []any{}}, {"allowedAccountIds": unknownValue}} {
		c := f.connect(t)
		if _, err := c.Configure(t.Context(), &pulumirpc.ConfigureRequest{Args: properties(t, args)}); err != nil {
			t.Fatal(err)
		}
		name := string(rune('a' + i))
		mustCreate(t, c, lampToken, urn(name), map[string]any{"name": name, "colour": "red"})
		where, err := c.Invoke(t.Context(), &pulumirpc.InvokeRequest{Tok: "test:index/where:where"})
		want := "111111111111"
		if i < 2 {
			want = "333333333333"
		}
		if err != nil || where.Return.AsMap()["account"] != want {
			t.Errorf("with %v the account is %v, %v; want %s", args, where, err, want)
		}
	}
	if got := f.noted(&f.owners); got != "333333333333 333333333333 111111111111 111111111111 111111111111" {
		t.Errorf("they belong to %s", got)
	}
	_, err := f.connect(t).Configure(t.Context(), &pulumirpc.ConfigureRequest{Args: properties(t, map[string]any{"maxRetries": "many"})})
	wantError(t, err, "maxRetries: must be a whole number")
}

// TestAssumeRole checks that a program with a role assumes the roles in its
// settings, and that the last role's rights count. A person assumes none.
func TestAssumeRole(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	role := func(name string) map[string]any {
		return map[string]any{"roleArn": "arn:aws:iam::222222222222:role/" + name}
	}
	who := func(c pulumirpc.ResourceProviderClient) any {
		t.Helper()
		answer, err := c.Invoke(t.Context(), &pulumirpc.InvokeRequest{Tok: whoToken})
		if err != nil {
			t.Fatal(err)
		}
		return answer.Return.AsMap()["caller"]
	}
	configure := func(c pulumirpc.ResourceProviderClient, settings map[string]any) error {
		_, err := c.Configure(t.Context(), &pulumirpc.ConfigureRequest{Args: properties(t, settings)})
		return err
	}
	chain := map[string]any{"assumeRoles": []any{role("a"), role("b")}}
	for addr, want := range map[string]string{f.addr: "", f.roleAddr: "arn:aws:sts::111111111111:assumed-role/deploy/job a/pulumi b/pulumi"} {
		c := dial(t, addr)
		if err := configure(c, chain); err != nil {
			t.Fatal(err)
		}
		if got := who(c); got != want {
			t.Errorf("the caller is %v, want %s", got, want)
		}
	}
	f.asked = nil
	c := dial(t, f.roleAddr)
	if err := configure(c, map[string]any{"assumeRole": role("a")}); err != nil {
		t.Fatal(err)
	}
	f.denied = "test:Make"
	_, err := create(t, c, lampToken, urn("a"), map[string]any{"name": "a", "colour": "blue"})
	wantError(t, err, "AccessDenied", "a/pulumi may not test:Make")
	wantError(t, configure(c, map[string]any{"assumeRole": role("none")}), "cannot assume the role arn:aws:iam::222222222222:role/none: AccessDenied")
	bounded := role("a")
	bounded["policy"] = "{}"
	wantError(t, configure(c, map[string]any{"assumeRole": bounded}), "does not know session policies")
}

// TestDiffConfig checks that a changed region replaces the provider and its
// resources.
func TestDiffConfig(t *testing.T) {
	t.Parallel()
	c := newFixture(t).connect(t)
	for name, want := range map[string][]string{"region": {"region"}, "profile": nil} {
		r, err := c.DiffConfig(t.Context(), &pulumirpc.DiffRequest{
			OldInputs: properties(t, map[string]any{name: "one"}), News: properties(t, map[string]any{name: "two"}),
		})
		if err != nil || r.Changes != pulumirpc.DiffResponse_DIFF_SOME || !reflect.DeepEqual(r.Replaces, want) {
			t.Errorf("%s: %v, replaces %v, %v", name, r.GetChanges(), r.GetReplaces(), err)
		}
	}
}
