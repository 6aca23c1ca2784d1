package kms

import (
	"slices"
	"strings"
	"testing"

	"skiff/local/engine/provider"
	"skiff/local/store"
)

const (
	account = "111111111111"
	region  = "eu-central-1"
)

func newKeys(t *testing.T) *Keys {
	t.Helper()
	db, err := store.Open(t.TempDir(), 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return New(db)
}

func wantProblems(t *testing.T, name string, problems []provider.Problem, want string) {
	t.Helper()
	var got []string
	for _, p := range problems {
		got = append(got, p.Property)
	}
	slices.Sort(got)
	if text := strings.Join(got, " "); text != want {
		t.Errorf("%s: problems %v, want %q", name, problems, want)
	}
}

func wantError(t *testing.T, name string, err error, want string) {
	t.Helper()
	if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
		t.Errorf("%s: error %v, want %q", name, err, want)
	}
}

func days(n int) *int { return &n }

func TestCheckKey(t *testing.T) {
	t.Parallel()
	off := false
	for _, test := range []struct {
		name, want string
		in         Key
	}{
		{"plain", "", Key{}},
		{"all", "", Key{Description: strings.Repeat("é", 8192), DeletionWindowInDays: days(7), EnableKeyRotation: true, RotationPeriodInDays: days(2560), IsEnabled: &off, Policy: defaultPolicy(account)}},
		{"description", "description", Key{Description: strings.Repeat("é", 8193)}},
		{"short window", "deletionWindowInDays", Key{DeletionWindowInDays: days(6)}},
		{"long window", "deletionWindowInDays", Key{DeletionWindowInDays: days(31)}},
		{"short period", "rotationPeriodInDays", Key{EnableKeyRotation: true, RotationPeriodInDays: days(89)}},
		{"long period", "rotationPeriodInDays", Key{EnableKeyRotation: true, RotationPeriodInDays: days(2561)}},
		{"period alone", "rotationPeriodInDays", Key{RotationPeriodInDays: days(90)}},
		{"policy", "policy", Key{Policy: `{"Statement":[]}`}},
		{"policy of a role", "policy", Key{Policy: `{"Statement":[{"Effect":"Allow","Action":"kms:*","Resource":"*"}]}`}},
		{"long policy", "policy", Key{Policy: strings.Replace(defaultPolicy(account), "Enable", strings.Repeat("a", maxPolicy), 1)}},
		{"character", "policy", Key{Policy: strings.Replace(defaultPolicy(account), "Enable", "→", 1)}},
	} {
		wantProblems(t, test.name, checkKey(test.in), test.want)
	}
}

func TestLockout(t *testing.T) {
	t.Parallel()
	kind, _ := resourceTypes(newKeys(t))
	readOnly := strings.Replace(defaultPolicy(account), "kms:*", "kms:Get*", 1)
	const locked = "MalformedPolicyDocumentException: The new key policy will not allow you to update the key policy in the future."
	for _, test := range []struct {
		name, want string
		in         Key
	}{
		{"none", "", Key{}},
		{"of the account", "", Key{Policy: defaultPolicy(account)}},
		{"of another account", locked, Key{Policy: defaultPolicy("222222222222")}},
		{"to read", locked, Key{Policy: readOnly}},
		{"to read, on purpose", "", Key{Policy: readOnly, BypassLockoutCheck: true}},
	} {
		r := store.Record[Key]{ID: "1", Account: account, Region: region, Inputs: test.in}
		wantError(t, "create: "+test.name, kind.Create(t.Context(), provider.Call{}, &r), test.want)
		wantError(t, "update: "+test.name, kind.Update(t.Context(), provider.Call{}, store.Record[Key]{}, &r), test.want)
	}
}

func TestDescribeKey(t *testing.T) {
	t.Parallel()
	kind, _ := resourceTypes(newKeys(t))
	id := kind.ID(provider.Call{}, Key{})
	if len(id) != 36 || kind.ID(provider.Call{}, Key{}) == id {
		t.Errorf("the id is %s", id)
	}
	r := store.Record[Key]{ID: id, Account: account, Region: region}
	out := kind.Describe(r)
	want := KeyOutputs{
		ARN: "arn:aws:kms:eu-central-1:111111111111:key/" + id, CustomerMasterKeySpec: "SYMMETRIC_DEFAULT", IsEnabled: true,
		KeyID: id, KeyUsage: "ENCRYPT_DECRYPT", Policy: defaultPolicy(account),
	}
	if out != want {
		t.Errorf("described as %+v", out)
	}
	off := false
	r.Inputs = Key{Description: "d", IsEnabled: &off, EnableKeyRotation: true, Policy: "{}"}
	if out = kind.Describe(r); out.IsEnabled || out.RotationPeriodInDays != 365 || out.Policy != "{}" || out.Description != "d" {
		t.Errorf("described as %+v", out)
	}
	if r.Inputs.RotationPeriodInDays = days(90); kind.Describe(r).RotationPeriodInDays != 90 {
		t.Errorf("described as %+v", kind.Describe(r))
	}
}

func TestCheckAlias(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"": "", "alias/a/B_c-1": "", "alias/" + strings.Repeat("a", 250): "",
		"alias/" + strings.Repeat("a", 251): "name", "a": "name", "alias/": "name", "alias/a b": "name", "alias/aws/s3": "name",
	} {
		wantProblems(t, name, checkAlias(Alias{Name: name}), want)
	}
}

func TestAliases(t *testing.T) {
	t.Parallel()
	k := newKeys(t)
	_, kind := resourceTypes(k)
	for _, r := range []store.Record[Key]{
		{ID: "k1", Account: account, Region: region}, {ID: "k2", Account: account, Region: region},
		{ID: "k3", Account: account, Region: "us-east-1"}, {ID: "k4", Account: "222222222222", Region: region},
	} {
		if err := store.Put(k.db, KeyToken, r.ID, r); err != nil {
			t.Fatal(err)
		}
	}
	held := store.Record[Alias]{ID: "alias/a", Account: account, Region: region, Inputs: Alias{Name: "alias/a", TargetKeyID: "k1"}}
	if err := store.Put(k.db, AliasToken, "there", held); err != nil {
		t.Fatal(err)
	}
	const missing = "NotFoundException: Key 'arn:aws:kms:eu-central-1:111111111111:key/"
	for _, test := range []struct{ name, target, want string }{
		{"alias/b", "k1", ""},
		{"alias/b", "arn:aws:kms:eu-central-1:111111111111:key/k1", ""},
		{"alias/b", "k0", missing + "k0' does not exist"},
		{"alias/b", "k3", missing + "k3' does not exist"},
		{"alias/b", "k4", missing + "k4' does not exist"},
		{"alias/a", "k1", ""}, // as after a crash: the alias exists, but the engine does not know it
		{"alias/a", "k2", "AlreadyExistsException: An alias with the name arn:aws:kms:eu-central-1:111111111111:alias/a already exists, of key k1"},
	} {
		r := store.Record[Alias]{ID: test.name, Account: account, Region: region, Inputs: Alias{Name: test.name, TargetKeyID: test.target}}
		wantError(t, test.name+" of "+test.target, kind.Create(t.Context(), provider.Call{}, &r), test.want)
		if test.name == "alias/b" {
			wantError(t, "now of "+test.target, kind.Update(t.Context(), provider.Call{}, held, &r), test.want)
		}
	}
	elsewhere := store.Record[Alias]{ID: "alias/a", Account: account, Region: "us-east-1", Inputs: Alias{Name: "alias/a", TargetKeyID: "k3"}}
	wantError(t, "in another region", kind.Create(t.Context(), provider.Call{}, &elsewhere), "")
	held.Inputs.TargetKeyID = "arn:aws:kms:eu-central-1:111111111111:key/k1"
	if out := kind.Describe(held); out.ARN != "arn:aws:kms:eu-central-1:111111111111:alias/a" || out.TargetKeyARN != held.Inputs.TargetKeyID {
		t.Errorf("described as %+v", out)
	}
}
