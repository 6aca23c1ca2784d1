package iam

import (
	"maps"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/protobuf/types/known/structpb"

	"skiff/local/engine/provider"
	"skiff/local/engine/provider/providertest"
	"skiff/local/store"
)

// asked returns lines of IAM actions, all in one region.
func asked(on string, names ...string) (lines []string) {
	for _, name := range names {
		name, keys, _ := strings.Cut(name, " ")
		lines = append(lines, strings.TrimSuffix("iam:"+name+" "+on+" aws:RequestedRegion=us-east-1 "+keys, " "))
	}
	return lines
}

func TestRoleActions(t *testing.T) {
	t.Parallel()
	const role, in, other = "arn:aws:iam::" + account + ":role/project/r", "iam:PermissionsBoundary=" + bound, "iam:PermissionsBoundary=" + bound + "2"
	reads := []string{"GetRole", "ListRolePolicies", "ListAttachedRolePolicies"}
	plain := map[string]any{"name": "r", "path": "/project/", "assumeRolePolicy": trust}
	with := func(changes map[string]any) map[string]any {
		all := maps.Clone(plain)
		maps.Copy(all, changes)
		return all
	}
	bounded := with(map[string]any{"permissionsBoundary": bound, "tags": map[string]any{"Team": "x"}})
	remove := []string{"ListInstanceProfilesForRole", "DeleteRole"}
	for _, test := range []struct {
		name                   string
		created, updated       map[string]any
		create, update, delete []string
	}{
		{"the actions of each setting", plain, with(map[string]any{"assumeRolePolicy": trust + " ", "description": "d", "maxSessionDuration": 7200.0}),
			[]string{"CreateRole"}, []string{"UpdateAssumeRolePolicy", "UpdateRoleDescription", "UpdateRole"}, remove},
		{"bounded", bounded, with(map[string]any{"permissionsBoundary": bound + "2"}),
			[]string{"CreateRole " + in, "TagRole"}, []string{"UntagRole", "PutRolePermissionsBoundary " + other}, remove},
		{"unbounded", bounded, plain, []string{"CreateRole " + in, "TagRole"}, []string{"UntagRole", "DeleteRolePermissionsBoundary " + in}, remove},
		{"forced", plain, with(map[string]any{"forceDetachPolicies": true}), []string{"CreateRole"}, nil,
			[]string{"ListInstanceProfilesForRole", "ListAttachedRolePolicies", "ListRolePolicies", "DeleteRole"}},
	} {
		a := newAuthority(t, nil)
		kind, _ := resourceTypes(a)
		want := map[provider.Verb][]string{
			provider.Create: asked(role, append(test.create, reads...)...), provider.Read: asked(role, reads...),
			provider.Update: asked(role, append(test.update, reads...)...), provider.Delete: asked(role, test.delete...),
		}
		if diff := cmp.Diff(want, providertest.Asked(t, a.db, kind, test.created, test.updated)); diff != "" {
			t.Errorf("%s (-want +got)\n%s", test.name, diff)
		}
	}
}

// TestRoleWithPoliciesActions checks that a read reads inline policies, and
// that a forced delete removes all policies.
func TestRoleWithPoliciesActions(t *testing.T) {
	t.Parallel()
	a := newAuthority(t, nil)
	putPolicy(t, a, "r", "p", readOnly)
	attach(t, a, "r", bound)
	kind, _ := resourceTypes(a)
	in := map[string]any{"name": "r", "assumeRolePolicy": trust, "permissionsBoundary": bound, "forceDetachPolicies": true}
	got := providertest.Asked(t, a.db, kind, in, in)
	const role, of = "arn:aws:iam::" + account + ":role/r", " iam:PermissionsBoundary=" + bound
	if diff := cmp.Diff(asked(role, "GetRole", "ListRolePolicies", "ListAttachedRolePolicies", "GetRolePolicy"), got[provider.Read]); diff != "" {
		t.Errorf("read (-want +got)\n%s", diff)
	}
	want := asked(role, "ListInstanceProfilesForRole", "ListAttachedRolePolicies", "ListRolePolicies", "DetachRolePolicy"+of, "DeleteRolePolicy"+of, "DeleteRole")
	if diff := cmp.Diff(want, got[provider.Delete]); diff != "" {
		t.Errorf("delete (-want +got)\n%s", diff)
	}
}

func attach(t *testing.T, a *Authority, role, policyARN string) {
	t.Helper()
	r := store.Record[Attachment]{ID: role + policyARN, Inputs: Attachment{Role: role, PolicyARN: policyARN}}
	if err := store.Put(a.db, AttachmentToken, r.ID, r); err != nil {
		t.Fatal(err)
	}
}

// TestPolicyActions checks the actions on inline and attached policies, with
// the role's boundary as a condition key.
func TestPolicyActions(t *testing.T) {
	t.Parallel()
	const role, managed, of = "arn:aws:iam::" + account + ":role/project/r", "arn:aws:iam::" + account + ":policy/project/p", " iam:PermissionsBoundary=" + bound
	a := newAuthority(t, nil)
	putRole(t, a, Role{Name: "r", Path: "/project/", AssumeRolePolicy: trust, PermissionsBoundary: bound})
	_, inline := resourceTypes(a)
	policies, attachments := managedPolicies(a)
	put := map[string]any{"name": "p", "role": "r", "policy": readOnly}
	in := map[string]any{"name": "p", "path": "/project/", "policy": readOnly, "tags": map[string]any{"Team": "x"}}
	attachment := map[string]any{"role": "r", "policyArn": managed}
	which := of + " iam:PolicyARN=" + managed
	for name, test := range map[string]struct{ got, want map[provider.Verb][]string }{
		"inline": {providertest.Asked(t, a.db, inline, put, put), map[provider.Verb][]string{
			provider.Create: asked(role, "PutRolePolicy"+of, "GetRolePolicy"), provider.Read: asked(role, "GetRolePolicy"),
			provider.Update: asked(role, "PutRolePolicy"+of, "GetRolePolicy"), provider.Delete: asked(role, "DeleteRolePolicy"+of),
		}},
		"managed": {providertest.Asked(t, a.db, policies, in, map[string]any{"name": "p", "path": "/project/", "policy": readOnly + " "}), map[provider.Verb][]string{
			provider.Create: asked(managed, "CreatePolicy", "TagPolicy", "GetPolicy", "GetPolicyVersion"),
			provider.Read:   asked(managed, "GetPolicy", "GetPolicyVersion"),
			provider.Update: asked(managed, "UntagPolicy", "ListPolicyVersions", "CreatePolicyVersion", "GetPolicy", "GetPolicyVersion"),
			provider.Delete: asked(managed, "ListPolicyVersions", "DeletePolicy"), // the harness counts no versions
		}},
		"attachment": {providertest.Asked(t, a.db, attachments, attachment, attachment), map[provider.Verb][]string{
			provider.Create: asked(role, "AttachRolePolicy"+which, "ListAttachedRolePolicies"), provider.Read: asked(role, "ListAttachedRolePolicies"),
			provider.Update: asked(role, "ListAttachedRolePolicies", "ListAttachedRolePolicies"), // no input can change
			provider.Delete: asked(role, "DetachRolePolicy"+which),
		}},
	} {
		if diff := cmp.Diff(test.want, test.got); diff != "" {
			t.Errorf("%s (-want +got)\n%s", name, diff)
		}
	}
}

// TestPolicyVersions checks that the sixth version deletes the oldest, and that
// a delete deletes all versions.
func TestPolicyVersions(t *testing.T) {
	t.Parallel()
	r := store.Record[Policy]{ID: bound, Inputs: Policy{Policy: "0"}}
	for n := range 6 {
		old := r
		r.Inputs.Policy += "x"
		if err := updatePolicy(t.Context(), provider.Call{}, old, &r); err != nil {
			t.Fatal(err)
		}
		if want := min(n+2, 5); versionsOf(r) != want {
			t.Errorf("%d versions after %d updates, want %d", versionsOf(r), n+1, want)
		}
	}
	same := r
	if err := updatePolicy(t.Context(), provider.Call{}, r, &same); err != nil || versionsOf(same) != 5 {
		t.Errorf("an update of tags makes %d versions, %v", versionsOf(same), err)
	}
	removes := func(o provider.Operation[Policy]) bool {
		for _, a := range policyActions(o) {
			if a.Name == "iam:DeletePolicyVersion" {
				return true
			}
		}
		return false
	}
	if one := (store.Record[Policy]{ID: bound}); removes(provider.Operation[Policy]{Verb: provider.Delete, Record: one}) || !removes(provider.Operation[Policy]{Verb: provider.Delete, Record: r}) {
		t.Error("a delete must also delete the other versions")
	}
}

func TestOIDCProviderActions(t *testing.T) {
	t.Parallel()
	a := newAuthority(t, nil)
	const on = "arn:aws:iam::" + account + ":oidc-provider/gitlab.com"
	in := func(thumbprint string, audiences ...any) map[string]any {
		return map[string]any{"url": "https://gitlab.com", "clientIdLists": audiences, "thumbprintLists": []any{thumbprint}, "tags": map[string]any{"Team": thumbprint}}
	}
	got := providertest.Asked(t, a.db, oidcProviders(a), in("a", "x", "y"), in("b", "y", "z"))
	want := map[provider.Verb][]string{
		provider.Create: asked(on, "CreateOpenIDConnectProvider", "TagOpenIDConnectProvider", "GetOpenIDConnectProvider"),
		provider.Read:   asked(on, "GetOpenIDConnectProvider"),
		provider.Update: asked(on, "TagOpenIDConnectProvider", "UpdateOpenIDConnectProviderThumbprint", "AddClientIDToOpenIDConnectProvider", "RemoveClientIDFromOpenIDConnectProvider", "GetOpenIDConnectProvider"),
		provider.Delete: asked(on, "DeleteOpenIDConnectProvider"),
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// TestGetOIDCProviderActions finds a provider as a program with a role.
func TestGetOIDCProviderActions(t *testing.T) {
	t.Parallel()
	a := newAuthority(t, nil)
	for key, want := range map[string]string{"url": "iam:ListOpenIDConnectProviders", "arn": "iam:GetOpenIDConnectProvider"} {
		var first string
		p := provider.New(provider.Options{Account: account, Permit: func(_ string, action provider.Action) error {
			first = action.Name
			return &Denied{Request: Request{Action: action.Name, Resource: action.Resource}, By: IdentityBased}
		}})
		p.AddInvoke(GetOIDCProviderToken, a.GetOIDCProvider)
		value := map[string]string{"url": "https://gitlab.com", "arn": "arn:aws:iam::" + account + ":oidc-provider/gitlab.com"}[key]
		args, err := structpb.NewStruct(map[string]any{key: value})
		if err != nil {
			t.Fatal(err)
		}
		_, err = p.For("", "arn:aws:sts::"+account+":assumed-role/r/s").Invoke(t.Context(), &pulumirpc.InvokeRequest{Tok: GetOIDCProviderToken, Args: args})
		if err == nil || !strings.Contains(err.Error(), "is not authorized to perform: "+want) || first != want {
			t.Errorf("by %s: %v", key, err)
		}
	}
}
