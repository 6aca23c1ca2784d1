package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestSubcommand(t *testing.T) {
	t.Parallel()
	for args, want := range map[string]string{
		"up --yes":                      "up",
		"--stack staging preview":       "preview",
		"-s staging -C x stack output":  "stack",
		"--stack=staging destroy --yes": "destroy",
		"--logtostderr -v 9 refresh":    "refresh",
		"--help":                        "",
		"":                              "",
	} {
		if got := subcommand(strings.Fields(args)); got != want {
			t.Errorf("%q is %q, not %q", args, got, want)
		}
	}
}

func TestRefuse(t *testing.T) {
	t.Parallel()
	for _, args := range []string{
		"login", "logout", "login file:///tmp/x", "up --cloud-url=https://example.com", "stack change-secrets-provider awskms://alias/x",
		"--stack x login", "stack init a --secrets-provider=gcpkms://x", "logs", "logs --follow",
		"stack init a --secrets-provider gcpkms://x", "up --secrets-provider awskms://alias/x", "stack select --create --stack a --secrets-provider hashivault://x",
		"stack change-secrets-provider hashivault", "--stack x stack change-secrets-provider --cwd . azurekeyvault://x",
		"new", "new https://github.com/a/b", "new go", "up https://github.com/a/b", "up go", "up --yes -- go", "up --yes -m x go", "update git@github.com:a/b",
		"env ls", "config env add a", "--stack x config env init", "org get-default", "console", "deployment run", "api", "ai web", "neo", "do aws", "insights", "template ls",
		"policy publish", "policy new", "plugin install resource aws 6.0.0", "plugin run resource aws", "package add aws", "package get-schema aws", "install", "convert --from terraform",
		"up --remote", "preview --remote-git-branch main", "destroy --remote=true", "up --cloud-url https://example.com", "up --neo", "up --copilot",
		"up --policy-pack https://example.com/pack", "up --tracing http://example.com", "--otel-traces grpc://example.com up", "--otel-traces=grpc://example.com up", "a-command-of-tomorrow",
	} {
		if err := refuse(strings.Fields(args)); err == nil || !strings.Contains(err.Error(), "this machine") {
			t.Errorf("%q is not refused: %v", args, err)
		}
	}
	for _, args := range []string{
		"up --yes", "config set project:memory 512", "stack import --file state.json", "preview --save-plan=plan.json",
		"state delete urn:pulumi:local::project::aws:iam/role:Role::x",
		"config set project:issuer https://example.com/", "config set --path project:corsOrigins[0] https://example.com", "config set-all --plaintext project:issuer=https://example.com",
		"config set project:issuer=https://example.com", "config set project:zone -- https://example.com", "-s x config --config-file Pulumi.x.yaml set a https://example.com",
		"up -m https://example.com", "up --message https://example.com --yes", "up --message=https://example.com", "up -c project:issuer=https://example.com", "up --config project:issuer=https://example.com -p 4",
		"up -t urn:x --replace urn:x --target-replace urn:x --exclude urn:x", "preview --policy-pack ./pack", "import aws:x/y:Y name https://example.com/id",
		"stack tag set url https://example.com", "stack select --create --stack x --secrets-provider passphrase", "stack init x --secrets-provider=default", "stack change-secrets-provider passphrase",
		"--tracing file:./trace up", "--otel-traces=file:///tmp/x up", "plugin ls", "whoami", "about", "cancel --yes", "refresh --preview-only", "--help", "", "version",
		"stack export --file x", "stack ls --json", "stack rm x", "watch", "up --plan https",
	} {
		if err := refuse(strings.Fields(args)); err != nil {
			t.Errorf("%q is refused: %v", args, err)
		}
	}
}

func TestStackOf(t *testing.T) {
	t.Parallel()
	p := project{Name: "p", dir: "/p", state: t.TempDir()}
	e := &engine{project: p}
	if got := e.stackOf([]string{"up"}); got != defaultStack {
		t.Errorf("without a selection it is %q", got)
	}
	e.session = session{Stack: "served", Serving: true}
	if got := e.stackOf([]string{"up"}); got != "served" {
		t.Errorf("while one is served it is %q", got)
	}
	e.session.Serving = false
	if got := e.stackOf([]string{"up"}); got != defaultStack {
		t.Errorf("after one was served it is %q", got)
	}
	e.session.Serving = true
	file := filepath.Join(p.state, "home", "workspaces", "p-3cb4967322f36d7a491f46d51d197b172738f193-workspace.json") // Pulumi names it by the SHA-1 of /p/Pulumi.yaml
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(`{"stack": "organization/p/selected"}`), 0o644); err != nil {
		t.Fatal(err)
	}
	for args, want := range map[string]string{
		"up":                                "selected",
		"up --stack staging":                "staging",
		"up -s staging":                     "staging",
		"--stack=organization/p/staging up": "staging",
	} {
		if got := e.stackOf(strings.Fields(args)); got != want {
			t.Errorf("%q is for %q, not %q", args, got, want)
		}
	}
	e.project.dir = "/q" // another checkout in the same cloud, without a selection
	e.session.Serving = false
	if got := e.stackOf([]string{"up"}); got != defaultStack {
		t.Errorf("of another folder it is %q", got)
	}
}

func TestWithConfig(t *testing.T) {
	t.Parallel()
	e := &engine{project: project{state: "/s"}}
	for _, test := range []struct{ args, want string }{
		{"up --yes", "up --yes --config-file /s/config/Pulumi.x.yaml"},
		{"--stack x preview", "--stack x preview --config-file /s/config/Pulumi.x.yaml"},
		{"up --config-file=mine", "up --config-file=mine"},
		{"stack output", "stack output"},
		// This setting goes into the project's own file.
		{"config set a b", "config set a b"},
	} {
		if got := e.withConfig(strings.Fields(test.args), "x"); !slices.Equal(got, strings.Fields(test.want)) {
			t.Errorf("%q becomes %q, not %q", test.args, got, test.want)
		}
	}
}

func TestLocalConfig(t *testing.T) {
	t.Parallel()
	const ours = "encryptionsalt: " + salt + "\n"
	for _, test := range []struct{ name, file, want string }{
		{"empty", "", ours},
		{"plain", "config:\n  a:b: c\n", "config:\n  a:b: c\n" + ours},
		{"no line end", "config:\n  a:b: c", "config:\n  a:b: c\n" + ours},
		{"another provider", "secretsprovider: awskms://alias/x\nencryptedkey: abc\nconfig:\n  a:b: c\n", "config:\n  a:b: c\n" + ours},
		{"another salt, of no use", "encryptionsalt: v1:other\nconfig: {}\n", "config: {}\n" + ours},
		{"secrets of this machine", "encryptionsalt: v1:other\nconfig:\n  a:b:\n    secure: xyz\n", "encryptionsalt: v1:other\nconfig:\n  a:b:\n    secure: xyz\n"},
	} {
		if diff := cmp.Diff(test.want, string(localConfig([]byte(test.file)))); diff != "" {
			t.Errorf("%s: %s", test.name, diff)
		}
	}
}

func TestCleanEnvironment(t *testing.T) {
	t.Parallel()
	got := cleanEnvironment([]string{
		"PATH=/bin", "AWS_PROFILE=production", "AWS_ACCESS_KEY_ID=real", "AWS_SECRET_ACCESS_KEY=secret", "AWS_SESSION_TOKEN=t",
		"PULUMI_ACCESS_TOKEN=token", "PULUMI_BACKEND_URL=s3://bucket", "GOFLAGS=-mod=mod",
	})
	want := []string{
		"PATH=/bin", "GOFLAGS=-mod=mod", "AWS_ACCESS_KEY_ID=local", "AWS_SECRET_ACCESS_KEY=local", "AWS_EC2_METADATA_DISABLED=true",
		"AWS_CONFIG_FILE=" + os.DevNull, "AWS_SHARED_CREDENTIALS_FILE=" + os.DevNull,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestOpenProject(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ name, file, program, refusal string }{
		{"short runtime", "name: p\nruntime: go\nmain: infra\n", "infra", ""},
		{"long runtime", "name: p\nruntime:\n  name: go\n  options: {}\n", ".", ""},
		{"another runtime", "name: p\nruntime: nodejs\n", "", `"nodejs"`},
		{"no name", "runtime: go\n", "", "has no name"},
		{"not YAML", "name: [\n", "", "Pulumi.yaml"},
	} {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "Pulumi.yaml"), []byte(test.file), 0o644); err != nil {
			t.Fatal(err)
		}
		p, err := openProject(options{dir: dir})
		switch {
		case test.refusal == "" && (err != nil || p.program != filepath.Join(dir, test.program) || p.state != filepath.Join(dir, ".local")):
			t.Errorf("%s: %+v, %v", test.name, p, err)
		case test.refusal != "" && (err == nil || !strings.Contains(err.Error(), test.refusal)):
			t.Errorf("%s: %v", test.name, err)
		}
	}
}
