package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"skiff/local/aws/iam"
	"skiff/local/aws/kms"
	"skiff/local/aws/s3"
	"skiff/local/store"
)

// TestBootstrap prepares the accounts of two stacks in one local cloud, assumes
// the roles as GitLab's pipelines do, and destroys staging's stack.
func TestBootstrap(t *testing.T) {
	t.Parallel()
	b := bootstrap{filepath.Join(checkout(t), "bootstrap"), t.TempDir()}
	for _, stack := range []string{"staging", "production"} {
		b.must(t, "up", "--yes", "--skip-preview", "--stack", stack)
		b.must(t, "up", "--yes", "--skip-preview", "--expect-no-changes", "--stack", stack)
	}
	t.Run("who may take a role", b.takesRoles)
	t.Run("a provider that is there", b.usesProvider)
	t.Run("destroy", b.destroys)
	nothingRuns(t, b.state)
}

// bootstrap is the folder of the program and the folder of its local cloud.
type bootstrap struct{ dir, state string }

func (b bootstrap) pulumi(t *testing.T, args ...string) (string, error) {
	t.Helper()
	return local(t, append([]string{"-C", b.dir, "-state", b.state, "pulumi"}, args...)...)
}

func (b bootstrap) must(t *testing.T, args ...string) string {
	t.Helper()
	out, err := b.pulumi(t, args...)
	if err != nil {
		t.Fatalf("pulumi %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return out
}

// open opens the store of the cloud between two commands.
func (b bootstrap) open(t *testing.T) *store.Store {
	t.Helper()
	db, err := store.Open(b.state, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

// takesRoles assumes roles with the claims of pipelines' tokens.
func (b bootstrap) takesRoles(t *testing.T) {
	project := projectHere(t)
	staging, production := "arn:aws:iam::111111111111:role/bootstrap/"+project+"-staging-", "arn:aws:iam::222222222222:role/bootstrap/"+project+"-production-"
	deploy := strings.TrimSpace(b.must(t, "stack", "output", "deployRoleArn", "--stack", "staging"))
	preview := strings.TrimSpace(b.must(t, "stack", "output", "previewRoleArn", "--stack", "staging"))
	if deploy != staging+"deploy" || preview != staging+"preview" {
		t.Errorf("the roles are %s and %s", deploy, preview)
	}
	a := iam.NewAuthority(b.open(t), nil)
	for _, test := range []struct {
		role, branch string
		want         bool
	}{
		{deploy, "main", true},
		{preview, "main", true},
		{preview, "feature", true}, // a merge request
		{deploy, "feature", false},
		{production + "deploy", "main", true},
		{production + "preview", "main", true},
		{production + "preview", "feature", false},
		{production + "deploy", "feature", false},
	} {
		caller, err := take(a, test.role, test.branch)
		if (err == nil) != test.want || err == nil && caller.RoleARN != test.role {
			t.Errorf("%s takes %s: %v", test.branch, test.role, err)
		}
	}
	mayCall(t, a, deploy, preview)
}

// take assumes a role as the pipeline of a branch does.
func take(a *iam.Authority, role, branch string) (iam.Caller, error) {
	s, err := a.AssumeWithWebIdentity(iam.WebIdentity{
		RoleARN: role, Session: "job", Issuer: "https://gitlab.com", Audience: "sts.amazonaws.com",
		Subject: "project_path:acme/api:ref_type:branch:ref:" + branch,
	})
	return s.Caller, err
}

// mayCall checks calls with the rights of staging's roles.
func mayCall(t *testing.T, a *iam.Authority, deploy, preview string) {
	table := iam.Request{Action: "dynamodb:DescribeTable", Resource: "arn:aws:dynamodb:eu-central-1:111111111111:table/" + projectHere(t) + "-staging-items-0000000"}
	write := iam.Request{Action: "dynamodb:CreateTable", Resource: table.Resource}
	secret := iam.Request{Action: "secretsmanager:GetSecretValue", Resource: "arn:aws:secretsmanager:eu-central-1:111111111111:secret:" + projectHere(t) + "-staging-key-0000000-AbCdEf"}
	for _, test := range []struct {
		role    string
		request iam.Request
		want    bool
	}{
		{deploy, table, true}, {preview, table, true},
		{deploy, write, true}, {preview, write, false},
		{deploy, secret, false}, {preview, secret, false},
	} {
		caller, err := take(a, test.role, "main")
		if err != nil {
			t.Fatal(err)
		}
		if err := a.Authorize(caller, test.request); (err == nil) != test.want {
			t.Errorf("%s, %s: %v", caller.ARN, test.request.Action, err)
		}
	}
}

// usesProvider prepares a second stack in staging's account, which uses the
// OIDC provider of the first.
func (b bootstrap) usesProvider(t *testing.T) {
	data, err := os.ReadFile(filepath.Join(b.dir, "Pulumi.staging.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(b.dir, "Pulumi.qa.yaml")
	if err := os.WriteFile(file, data, 0o644); err != nil {
		t.Fatal(err)
	}
	up := []string{"up", "--yes", "--skip-preview", "--stack", "qa"}
	if out, err := b.pulumi(t, up...); err == nil || !strings.Contains(out, `"arn:aws:iam::111111111111:oidc-provider/gitlab.com" already exists`) {
		t.Errorf("a second provider for one URL: %v\n%s", err, out)
	}
	own := projectName(t, b.dir)
	edit(t, file, "config:\n", "config:\n  "+own+":createProvider: false\n  "+own+":gitlabAudience: other\n")
	if out, err := b.pulumi(t, up...); err == nil || !strings.Contains(out, "accepts the audiences sts.amazonaws.com but not other") {
		t.Errorf("an audience that the provider lacks: %v\n%s", err, out)
	}
	edit(t, file, "  "+own+":gitlabAudience: other\n", "")
	b.must(t, up...)
	b.must(t, append(up, "--expect-no-changes")...)
	if roles := count(t, b.open(t), iam.RoleToken); roles != 6 {
		t.Errorf("there are %d roles", roles)
	}
}

// destroys destroys staging's stack. While it is protected, the destroy fails;
// then it deletes everything except the resources that are retained.
func (b bootstrap) destroys(t *testing.T) {
	down := []string{"destroy", "--yes", "--stack", "staging"}
	if out, err := b.pulumi(t, down...); err == nil || !strings.Contains(out, "cannot be deleted\n    because it is protected") {
		t.Errorf("destroyed although it is protected: %v\n%s", err, out)
	}
	b.must(t, append(down, "--skip-preview", "--exclude-protected")...)
	b.must(t, "state", "unprotect", "--all", "--yes", "--stack", "staging")
	b.must(t, append(down, "--skip-preview")...)
	db := b.open(t)
	for token, want := range map[string]int{
		iam.RoleToken: 4, iam.OIDCProviderToken: 1, // of production and qa
		s3.BucketToken: 3, s3.PolicyToken: 3, kms.KeyToken: 3, kms.AliasToken: 3,
	} {
		if got := count(t, db, token); got != want {
			t.Errorf("%d of %s are left, want %d", got, token, want)
		}
	}
}

func count(t *testing.T, db *store.Store, token string) int {
	t.Helper()
	counts, err := db.Count()
	if err != nil {
		t.Fatal(err)
	}
	return counts[token]
}
