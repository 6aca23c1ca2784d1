package secretsmanager

import (
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"skiff/local/engine/provider"
	"skiff/local/store"
)

func TestCheckSecret(t *testing.T) {
	t.Parallel()
	days := func(n int) *int { return &n }
	for _, test := range []struct {
		in   Secret
		want string
	}{
		{Secret{}, ""}, // nothing is known in a preview
		{Secret{Name: "project/local/api_key+=.@-" + strings.Repeat("a", 486), Description: strings.Repeat("é", 2048), RecoveryWindowInDays: days(0)}, ""},
		{Secret{RecoveryWindowInDays: days(7)}, ""},
		{Secret{RecoveryWindowInDays: days(30)}, ""},
		{Secret{Name: "a b"}, "name"},
		{Secret{Name: strings.Repeat("a", 513)}, "name"},
		{Secret{Description: strings.Repeat("é", 2049)}, "description"},
		{Secret{KMSKeyID: strings.Repeat("k", 2049)}, "kmsKeyId"},
		{Secret{RecoveryWindowInDays: days(6)}, "recoveryWindowInDays"},
		{Secret{RecoveryWindowInDays: days(31)}, "recoveryWindowInDays"},
		{Secret{RecoveryWindowInDays: days(-1)}, "recoveryWindowInDays"},
	} {
		problems := checkSecret(test.in)
		if test.want == "" && len(problems) > 0 || test.want != "" && (len(problems) != 1 || problems[0].Property != test.want) {
			t.Errorf("%+v: problems %v, want %q", test.in, problems, test.want)
		}
	}
}

func TestDescribe(t *testing.T) {
	t.Parallel()
	out := describe(store.Record[Secret]{ID: "arn"})
	if out.ARN != "arn" || out.RecoveryWindowInDays != 30 || out.ForceOverwriteReplicaSecret || out.Replicas == nil {
		t.Errorf("described as %+v", out)
	}
}

func TestARN(t *testing.T) {
	t.Parallel()
	f := newFixture(t, nothing)
	first := f.declare(t, account, Secret{Name: "a/b"})
	if !regexp.MustCompile(`^arn:aws:secretsmanager:eu-west-1:111111111111:secret:a/b-[A-Za-z0-9]{6}$`).MatchString(first) {
		t.Errorf("the ARN is %s", first)
	}
	// After a crash the engine may not know the record.
	if again := f.declare(t, account, Secret{Name: "a/b"}); again != first {
		t.Errorf("created again, it is %s after %s", again, first)
	}
	if other := f.declare(t, "222222222222", Secret{Name: "a/b"}); strings.TrimPrefix(other, "arn:aws:secretsmanager:eu-west-1:222222222222") == other {
		t.Errorf("of another account, it is %s", other)
	}
	for id, want := range map[string]string{first: "arn:aws:secretsmanager:eu-west-1:111111111111:secret:a/b", "x": ""} {
		if key := f.kind.Key(id, Secret{}); key != want {
			t.Errorf("the key of %s is %q", id, key)
		}
	}
}

// TestDeletedName checks that a name is reserved for the recovery window, if
// there is one.
func TestDeletedName(t *testing.T) {
	t.Parallel()
	const taken = "InvalidRequestException: You can't create this secret because a secret with this name is already scheduled for deletion."
	f := newFixture(t, nothing)
	now := time.Unix(1700000000, 0)
	f.now = func() time.Time { return now }
	none, seven := 0, 7
	for _, test := range []struct {
		name   string
		window *int
		days   int // how long the name is reserved
	}{{"at-once", &none, 0}, {"seven", &seven, 7}, {"default", nil, 30}} {
		in := Secret{Name: test.name, RecoveryWindowInDays: test.window}
		first := f.declare(t, account, in)
		f.remove(t, first)
		if test.days > 0 {
			now = now.AddDate(0, 0, test.days).Add(-time.Second)
			if _, err := f.create(t, account, in); err == nil || !strings.HasPrefix(err.Error(), taken) {
				t.Errorf("%s: the name is taken: %v", test.name, err)
			}
			if _, err := f.create(t, "222222222222", in); err != nil {
				t.Errorf("%s: in another account: %v", test.name, err)
			}
			now = now.Add(time.Second)
		}
		if again := f.declare(t, account, in); again == first {
			t.Errorf("%s: another secret has the same ARN", test.name)
		}
	}
	held, err := store.List[deletion](f.db, deletedToken)
	if err != nil || len(held) > 0 {
		t.Errorf("still remembered: %v, %v", held, err)
	}
}

func TestSeed(t *testing.T) {
	t.Parallel()
	f := newFixture(t, nothing)
	for _, name := range []string{"b", "a", "given", "elsewhere"} {
		f.declare(t, account, Secret{Name: name})
	}
	elsewhere, err := store.Get[Secret](f.db, Token, plainARN("elsewhere"))
	if err != nil {
		t.Fatal(err)
	}
	elsewhere.URN = strings.Replace(elsewhere.URN, "local::project", "local::project2", 1)
	if err := store.Put(f.db, Token, plainARN("elsewhere"), elsewhere); err != nil {
		t.Fatal(err)
	}
	f.value(t, "given", "mine")
	var created []string
	note := func(name string) { created = append(created, name) }
	names, err := f.Seed("urn:pulumi:local::project::", note)
	if err != nil || !slices.Equal(names, []string{"a", "b"}) {
		t.Fatalf("seeded %v, %v", names, err)
	}
	a, b := f.get(t, "a"), f.get(t, "b")
	if !regexp.MustCompile(`^[A-Za-z0-9_-]{43}$`).MatchString(a) || a == b {
		t.Errorf("the values are %q and %q", a, b)
	}
	if got := f.get(t, "given"); got != "mine" {
		t.Errorf("a value that was given is now %q", got)
	}
	if names, err := f.Seed("urn:pulumi:local::project::", note); err != nil || len(names) > 0 {
		t.Errorf("seeded again %v, %v", names, err)
	}

	// Later secrets of the stack get a value on create; another stack's do not.
	if len(created) > 0 {
		t.Errorf("created before Seed: %v", created)
	}
	f.declare(t, account, Secret{Name: "late"})
	if got := f.get(t, "late"); len(got) != 43 || got == a || got == b {
		t.Errorf("the value of a secret that came later is %q", got)
	}
	if !slices.Equal(created, []string{"late"}) {
		t.Errorf("created was called with %v, want late", created)
	}
	other := store.Record[Secret]{ID: plainARN("other") + "-abcdef", URN: elsewhere.URN, Inputs: Secret{Name: "other"}}
	if err := f.kind.Create(t.Context(), provider.Call{}, &other); err != nil {
		t.Fatal(err)
	}
	if held, err := f.versions(other); err != nil || held.Current != nil {
		t.Errorf("a secret of another project has %v, %v", held, err)
	}
}

// TestValueGoes checks that a deleted secret leaves no value, also not for a
// later secret of its name.
func TestValueGoes(t *testing.T) {
	t.Parallel()
	f := newFixture(t, nothing)
	none := 0
	in := Secret{Name: "s", RecoveryWindowInDays: &none}
	first := f.declare(t, account, in)
	f.value(t, "s", "old")
	f.remove(t, first)
	if held, err := f.db.Count(); err != nil || held[Token]+held[valueToken]+held[deletedToken] > 0 {
		t.Errorf("left %v, %v", held, err)
	}
	_, err := f.put(store.Record[Secret]{ID: first}, version{ID: "x"})
	wantError(t, "put that comes late", err, notFound(store.ErrNotFound).Error())
	if err := f.kind.Delete(t.Context(), provider.Call{}, store.Record[Secret]{ID: first, Inputs: in}); err != nil {
		t.Errorf("deleted twice: %v", err)
	}
}
