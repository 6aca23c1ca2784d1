package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"skiff/infra/recording"
)

// The credentials of another account end the run by one sentence, before
// anything but the provider is there, whether the provider's own check finds
// them or the program's.
func TestWrongAccount(t *testing.T) {
	t.Parallel()
	settings := settingsOf(t, "staging")
	account := settings[own(settings, "account")]
	sentence := "account: stack mock belongs to AWS account " + account + " and the credentials are of 123456789012, " +
		"so nothing was changed; sign in to " + account + ", or correct PROJECT:account, PROJECT:profile or PROJECT:role in Pulumi.mock.yaml"
	for name, test := range map[string]struct {
		cloud
		want string
	}{
		"found by the program":  {cloud{caller: "123456789012"}, sentence},
		"found by the provider": {cloud{refusal: fmt.Errorf("configuring: AWS account ID not allowed: 123456789012")}, sentence},
		"no credentials": {cloud{refusal: fmt.Errorf("no valid credential sources")},
			"of account " + account + ", are of; sign in there, or set PROJECT:profile or PROJECT:role"},
		"no account": {cloud{}, "AWS did not tell which account"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rec, err := deployIn(t, test.cloud, fixture(), settings)
			if want := inProject(t, test.want); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("refused with\n%v\nwant\n%s", err, want)
			}
			if got := slices.Collect(maps.Keys(rec.Resources)); !slices.Equal(got, []string{accountType + " aws"}) {
				t.Errorf("%v were registered all the same", got)
			}
		})
	}
}

// A profile and a role are the provider's; without them it has neither, and
// takes what the environment has.
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
		t.Errorf("neither is set, and the provider is %v", in)
	}
	role := "arn:aws:iam::" + settings[own(settings, "account")] + ":role/deploy"
	with(settings, "profile=web", "role="+role)
	if in := inputs(); in["profile"] != "web" || nested(recording.Resource{Inputs: in}, "assumeRole")["roleArn"] != role {
		t.Errorf("the provider is %v", in)
	}
}

// The deploy role of bootstrap may make no role without its boundary.
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
				t.Errorf("the role %s is bounded by %q, not %q", name, got, arn)
			}
		}
	}
}

// What holds data is protected, and what clients hold, which is the first that
// a destroy would delete; nothing is where that is not set.
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
