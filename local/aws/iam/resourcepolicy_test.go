package iam

import "testing"

func TestAllowsAccount(t *testing.T) {
	t.Parallel()
	const other = "222222222222"
	form := func(effect, principal, action, condition string) string {
		return `{"Version":"2012-10-17","Statement":[{"Effect":"` + effect + `","Principal":` + principal + `,"Action":"` + action + `","Resource":"*"` + condition + `}]}`
	}
	const ifMine = `,"Condition":{"StringEquals":{"aws:PrincipalAccount":"111111111111"}}`
	for _, test := range []struct {
		name, policy            string
		mine, theirs, publicToo bool
	}{
		{"the account", form("Allow", `{"AWS":"arn:aws:iam::111111111111:root"}`, "kms:*", ""), true, false, false},
		{"its id", form("Allow", `{"AWS":"111111111111"}`, "kms:*", ""), true, false, false},
		{"one of it", form("Allow", `{"AWS":["arn:aws:iam::111111111111:role/a","x"]}`, "kms:Put*", ""), true, false, false},
		{"everyone", form("Allow", `"*"`, "kms:*", ""), true, true, true},
		{"every account", form("Allow", `{"AWS":"*"}`, "kms:*", ""), true, true, true},
		{"everyone, if", form("Allow", `"*"`, "kms:*", ifMine), false, false, false},
		{"everyone denied", form("Deny", `"*"`, "kms:*", ""), false, false, false},
		{"another action", form("Allow", `{"AWS":"111111111111"}`, "kms:Get*", ""), false, false, false},
		{"a service", form("Allow", `{"Service":"111111111111"}`, "kms:*", ""), false, false, false},
	} {
		d, err := ParseResource(test.policy)
		if err != nil {
			t.Fatal(err)
		}
		put := Request{Action: "kms:PutKeyPolicy"}
		if got := d.AllowsAccount(account, put); got != test.mine {
			t.Errorf("%s: lets its account in: %v", test.name, got)
		}
		if got := d.AllowsAccount(other, put); got != test.theirs {
			t.Errorf("%s: lets another account in: %v", test.name, got)
		}
		if got := d.Public(); got != test.publicToo {
			t.Errorf("%s: public: %v", test.name, got)
		}
	}
}

func TestOutside(t *testing.T) {
	t.Parallel()
	d, err := ParseResource(`{"Statement":[{"Effect":"Deny","Principal":"*","NotAction":["a:B"],"NotResource":"arn:a:b:c:d:e"},{"Effect":"Deny","Principal":"*","Action":"a:C","Resource":"arn:a:b:c:d:f"}]}`)
	if err != nil {
		t.Fatal(err)
	}
	but := func(name string) func(string) bool { return func(s string) bool { return s != name } }
	for _, name := range []string{"a:B", "a:C"} {
		if got := d.Outside(but(name), but("")); got != name {
			t.Errorf("of %s it is %q", name, got)
		}
	}
	for _, name := range []string{"arn:a:b:c:d:e", "arn:a:b:c:d:f", ""} {
		if got := d.Outside(but(""), but(name)); got != name {
			t.Errorf("of %s it is %q", name, got)
		}
	}
}
