package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"skiff/infra/recording"
)

// TestWrongAccount checks the error for credentials of another account. It must
// come before any resource except the provider, whether the provider's own
// check or the program's finds the account.
func TestWrongAccount(t *testing.T) {
	t.Parallel()
	settings := settingsOf(t, "staging")
	account := settings[own(settings, "account")]
	sentence := "account: stack mock belongs to AWS account " + account + ", but the credentials belong to 123456789012; " +
		"nothing was changed: sign in to " + account + ", or correct PROJECT:account, PROJECT:profile or PROJECT:role in Pulumi.mock.yaml"
	for name, test := range map[string]struct {
		cloud
		want string
	}{
		"found by the program":  {cloud{caller: "123456789012"}, sentence},
		"found by the provider": {cloud{refusal: fmt.Errorf("configuring: AWS account ID not allowed: 123456789012")}, sentence},
		"no credentials": {cloud{refusal: fmt.Errorf("no valid credential sources")},
			"stack mock needs credentials of account " + account + ": sign in there, or set PROJECT:profile or PROJECT:role"},
		"no account": {cloud{}, "AWS does not say which account the credentials belong to"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rec, err := deployIn(t, test.cloud, fixture(), settings)
			if want := inProject(t, test.want); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("refused with\n%v\nwant\n%s", err, want)
			}
			if got := slices.Collect(maps.Keys(rec.Resources)); !slices.Equal(got, []string{accountType + " aws"}) {
				t.Errorf("%v were registered", got)
			}
		})
	}
}

// TestProfileAndRole checks that the provider gets the profile and the role
// only if they are set.
func TestProfileAndRole(t *testing.T) {
	t.Parallel()
	settings := settingsOf(t, "staging")
	inputs := func() map[string]any {
		rec, err := deployWith(t, fixture(), settings)
		if err != nil {
			t.Fatal(err)
		}
		return rec.Of(accountType)["aws"].Inputs
	}
	if in := inputs(); in["profile"] != nil || in["assumeRole"] != nil {
		t.Errorf("neither is set, but the provider is %v", in)
	}
	role := "arn:aws:iam::" + settings[own(settings, "account")] + ":role/deploy"
	with(settings, "profile=web", "role="+role)
	if in := inputs(); in["profile"] != "web" || nested(recording.Resource{Inputs: in}, "assumeRole")["roleArn"] != role {
		t.Errorf("the provider is %v", in)
	}
}

// TestPermissionsBoundary checks that every role has the boundary, if it is
// set. The deploy role of bootstrap cannot create a role without it.
func TestPermissionsBoundary(t *testing.T) {
	t.Parallel()
	settings := settingsOf(t, "staging")
	for _, arn := range []string{"", "arn:aws:iam::" + settings[own(settings, "account")] + ":policy/bootstrap/boundary"} {
		rec, err := deployWith(t, fixture(), with(settings, "permissionsBoundary="+arn))
		if err != nil {
			t.Fatal(err)
		}
		roles := rec.Of(roleType)
		if len(roles) != len(fixture().Functions) {
			t.Fatalf("%d roles", len(roles))
		}
		for name, role := range roles {
			if got, _ := role.Inputs["permissionsBoundary"].(string); got != arn {
				t.Errorf("the role %s has the boundary %q, want %q", name, got, arn)
			}
		}
	}
}

// TestProtect checks that with protect=true Pulumi protects what holds data,
// and what a destroy would delete first. With protect=false it protects
// nothing.
func TestProtect(t *testing.T) {
	t.Parallel()
	mayBe := []string{tableType, stageType, zoneType, mappingType}
	for _, value := range []string{"true", "false"} {
		rec, err := deployWith(t, fixture(), with(settingsOf(t, "staging"), "protect="+value))
		if err != nil {
			t.Fatal(err)
		}
		protected := map[string]int{}
		for key, res := range rec.Resources {
			if res.Protected && (value == "false" || !slices.Contains(mayBe, res.Type)) {
				t.Errorf("protect %s: %s is protected", value, key)
			}
			if res.Protected {
				protected[res.Type]++
			}
		}
		for _, typ := range mayBe {
			if value == "true" && len(rec.Of(typ)) > 0 && protected[typ] == 0 {
				t.Errorf("no %s is protected", typ)
			}
		}
	}
}
