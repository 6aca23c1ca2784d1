package main

import (
	"errors"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"skiff/local/process/npm"
)

// TestBadStarts checks that every start that cannot work fails, with an error
// that says what to do.
func TestBadStarts(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { taken.Close() })
	dir := checkout(t)
	empty := t.TempDir()
	python := t.TempDir()
	if err := os.WriteFile(filepath.Join(python, "Pulumi.yaml"), []byte("name: snake\nruntime: python\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name string
		args []string
		want []string
	}{
		{"port in use", []string{"-C", dir, "-addr", taken.Addr().String()}, []string{"is in use", "use a free port: -addr"}},
		{"address of another machine", []string{"-C", dir, "-addr", "192.0.2.1:80"}, []string{"not a loopback address", "127.0.0.1:80"}},
		{"all addresses", []string{"-C", dir, "-addr", "0.0.0.0:80"}, []string{"not a loopback address", "127.0.0.1:80"}},
		{"no address", []string{"-C", dir, "-addr", "8080"}, []string{"not HOST:PORT"}},
		{"engine on another machine", []string{"-C", dir, "-dynamodb", "http://192.0.2.1:8000"}, []string{"not a loopback address", "http://127.0.0.1:8000"}},
		{"engine by name", []string{"-C", dir, "-dynamodb", "https://dynamodb.eu-west-1.amazonaws.com"}, []string{"-dynamodb", "must be http://HOST:PORT"}},
		{"no engine", []string{"-C", dir, "-dynamodb", "8000"}, []string{"-dynamodb", "must be http://HOST:PORT"}},
		{"unknown stack", []string{"-C", dir, "-stack", "nope"}, []string{`no stack "nope"`, "Pulumi.nope.yaml", "local, production, review, staging"}},
		{"unknown stack of a command", []string{"-C", checkout(t), "pulumi", "up", "--stack", "nope"}, []string{`no stack "nope"`, "local, production, review, staging"}},
		{"no project", []string{"-C", empty}, []string{"no Pulumi.yaml", "-C DIR"}},
		{"another language", []string{"-C", python}, []string{`runtime "python"`, "Go programs"}},
		{"unknown command", []string{"-C", dir, "serve"}, []string{`"serve" is not a command`}},
		{"unknown flag", []string{"-port", "80"}, []string{"-port"}},
		{"login", []string{"-C", dir, "pulumi", "login", "s3://bucket"}, []string{"stays on this machine"}},
		{"a remote key", []string{"-C", dir, "pulumi", "stack", "init", "x", "--secrets-provider=awskms://alias/x"}, []string{"outside this machine"}},
		{"a template", []string{"-C", dir, "pulumi", "up", "https://github.com/pulumi/examples"}, []string{"leave this machine", "template"}},
		{"AWS's own logs", []string{"-C", dir, "pulumi", "logs"}, []string{"leave this machine", "go run ./local logs"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			refused(t, os.Environ(), test.args, test.want)
		})
	}
	t.Run("no Node", func(t *testing.T) {
		t.Parallel()
		refused(t, withoutDynoxide(t, withPath(t, "go", "git", "sh")), []string{"-C", checkout(t), "-addr", "127.0.0.1:0"}, []string{"Node.js 20", "install"})
	})
}

func refused(t *testing.T, env, args, want []string) {
	t.Helper()
	out, err := localWith(t, env, args...)
	if err == nil {
		t.Errorf("exit code 0\n%s", out)
	}
	for _, w := range want {
		if !strings.Contains(out, w) {
			t.Errorf("no %q in\n%s", w, out)
		}
	}
}

// withoutDynoxide returns the environment of a user who has not installed
// Dynoxide. After its installation, nothing needs Node.js.
func withoutDynoxide(t *testing.T, env []string) []string {
	t.Helper()
	from, err := npm.CacheDir()
	if err != nil {
		t.Fatal(err)
	}
	installed, err := os.ReadDir(from)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	cache := t.TempDir()
	env = append(env, "XDG_CACHE_HOME="+cache, "HOME="+cache)
	for _, name := range []string{"GOCACHE", "GOMODCACHE"} {
		value, err := exec.Command("go", "env", name).Output()
		if err != nil {
			t.Fatal(err)
		}
		env = append(env, name+"="+strings.TrimSpace(string(value)))
	}
	to := filepath.Join(cache, filepath.Base(from))
	if runtime.GOOS == "darwin" {
		to = filepath.Join(cache, "Library", "Caches", filepath.Base(from))
	}
	if err := os.MkdirAll(to, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, entry := range installed {
		if strings.HasPrefix(entry.Name(), "dynoxide-") {
			continue
		}
		if err := os.Symlink(filepath.Join(from, entry.Name()), filepath.Join(to, entry.Name())); err != nil {
			t.Fatal(err)
		}
	}
	return env
}

// withPath returns the environment with a PATH that has only the given
// programs.
func withPath(t *testing.T, programs ...string) []string {
	t.Helper()
	dir := t.TempDir()
	for _, name := range programs {
		for _, from := range filepath.SplitList(os.Getenv("PATH")) {
			if os.Symlink(filepath.Join(from, name), filepath.Join(dir, name)) == nil {
				if _, err := os.Stat(filepath.Join(dir, name)); err == nil {
					break
				}
				os.Remove(filepath.Join(dir, name))
			}
		}
	}
	env := os.Environ()
	for i, v := range env {
		if strings.HasPrefix(v, "PATH=") {
			env[i] = "PATH=" + dir
		}
	}
	return env
}

// TestRefusedPrograms changes config and program in ways that AWS or the local
// cloud refuses. Each error names the problem, and nothing is changed.
func TestRefusedPrograms(t *testing.T) {
	t.Parallel()
	dir := checkout(t)
	stack := filepath.Join(dir, "Pulumi.local.yaml")
	config := func(line string) func(*testing.T) {
		return func(t *testing.T) { edit(t, stack, "config:\n", "config:\n  "+key(t, line)+"\n") }
	}
	for _, test := range []struct {
		name   string
		change func(*testing.T)
		want   []string
	}{
		{"wrong type", config("memory: lots"), []string{"memory"}},
		{"out of range", config("memory: 64"), []string{key(t, "memory"), "128", "10240"}},
		{"unknown key", config("colour: red"), []string{"colour"}},
		{"unknown resource type", func(t *testing.T) {
			edit(t, filepath.Join(dir, "infra", "table.go"), "func newTables(", unknownType+"func newTables(")
			edit(t, filepath.Join(dir, "infra", "stores.go"), "d = &stores{}\n", "d = &stores{}\n\tif err := addUnknown(s.ctx, s.in); err != nil {\n\t\treturn nil, err\n\t}\n")
		}, []string{"the local cloud does not know the resource type aws:dynamodb/tag:Tag", "dynamodb/table:Table"}},
		{"unknown property", func(t *testing.T) {
			edit(t, filepath.Join(dir, "infra", "table.go"), "&dynamodb.TableArgs{", "&dynamodb.TableArgs{\nRestoreToLatestTime: pulumi.Bool(true),")
		}, []string{"restoreToLatestTime", "the local cloud does not know this property"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			files := map[string][]byte{}
			for _, name := range []string{"Pulumi.local.yaml", "infra/table.go", "infra/stores.go"} {
				data, err := os.ReadFile(filepath.Join(dir, name))
				if err != nil {
					t.Fatal(err)
				}
				files[name] = data
			}
			test.change(t)
			for _, args := range [][]string{{"-C", dir, "-addr", "127.0.0.1:0"}, {"-C", dir, "pulumi", "preview"}} {
				refused(t, os.Environ(), args, test.want)
			}
			for name, data := range files {
				if err := os.WriteFile(filepath.Join(dir, name), data, 0o644); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

const unknownType = `func addUnknown(ctx *pulumi.Context, in pulumi.ResourceOption) error {
	_, err := dynamodb.NewTag(ctx, "tag", &dynamodb.TagArgs{
		ResourceArn: pulumi.String("arn:aws:dynamodb:eu-central-1:000000000000:table/x"), Key: pulumi.String("k"), Value: pulumi.String("v"),
	}, in)
	return err
}

`
