package host

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/protobuf/types/known/emptypb"
	"google.golang.org/protobuf/types/known/structpb"

	"skiff/local/process/child/childtest"
)

// TestBinary checks that a binary in the project's options is run without a
// build.
func TestBinary(t *testing.T) {
	t.Parallel()
	e := newEngine(t)
	c := connect(t, e, `echo built`)
	for name, want := range map[string]string{"": "built\n", "ready": "ready\n", "none": ""} {
		r := request(t)
		if name != "" {
			options, err := structpb.NewStruct(map[string]any{"binary": "../" + filepath.Base(r.Pwd) + "/" + name})
			if err != nil {
				t.Fatal(err)
			}
			r.Info.Options = options
		}
		if err := childtest.Script(filepath.Join(r.Pwd, "ready"), "echo ready"); err != nil {
			t.Fatal(err)
		}
		e.lines = map[int32]string{}
		response, err := c.Run(t.Context(), r)
		if err != nil || e.lines[901] != want {
			t.Errorf("%q: %v, %v, printed %q", name, response, err, e.lines[901])
		}
		if missing := strings.Contains(response.Error, "runtime.options.binary"); missing != (want == "") {
			t.Errorf("%q: error %q", name, response.Error)
		}
	}
}

func TestEnds(t *testing.T) {
	t.Parallel()
	tests := []struct {
		script, want string
		bail         bool
	}{
		{"exit 0", "", false},
		{"exit 32", "", true},
		{"exit 7", "the program failed: exit status 7", false},
		{"kill -9 $$", "the program failed: signal: killed", false},
	}
	for _, test := range tests {
		t.Run(test.script, func(t *testing.T) {
			t.Parallel()
			response, err := connect(t, newEngine(t), test.script).Run(t.Context(), request(t))
			if err != nil || response.Error != test.want || response.Bail != test.bail {
				t.Errorf("run: %v, %v; want %q, bail %v", response, err, test.want, test.bail)
			}
		})
	}
}

func TestEnvironment(t *testing.T) {
	t.Setenv("AWS_ACCESS_KEY_ID", "real")
	e := newEngine(t)
	c := connect(t, e, "pwd -P; env", "GIVEN=yes")
	r := request(t)
	r.Config, r.ConfigSecretKeys = map[string]string{"project:memory": "256", "project:token": `a "secret"`}, []string{"project:token"}
	r.DryRun, r.Parallel = true, 8
	if response, err := c.Run(t.Context(), r); err != nil || response.Error != "" {
		t.Fatalf("run: %v, %v", response, err)
	}
	lines := strings.Split(e.lines[901], "\n")
	if dir, err := filepath.EvalSymlinks(r.Pwd); err != nil || lines[0] != dir {
		t.Errorf("runs in %s, want %s, %v", lines[0], dir, err)
	}
	got := map[string]string{}
	for _, line := range lines[1:] {
		name, value, _ := strings.Cut(line, "=")
		got[name] = value
	}
	for name, want := range map[string]string{
		"GIVEN": "yes", "AWS_ACCESS_KEY_ID": "", "PULUMI_PROJECT": "project", "PULUMI_STACK": "dev", "PULUMI_ORGANIZATION": "organization",
		"PULUMI_ROOT_DIRECTORY": "/root/dir", "PULUMI_DRY_RUN": "true", "PULUMI_PARALLEL": "8", "PULUMI_MONITOR": "127.0.0.1:9", "PULUMI_ENGINE": e.addr,
		"PULUMI_CONFIG_SECRET_KEYS": `["project:token"]`,
	} {
		if got[name] != want {
			t.Errorf("%s is %q, want %q", name, got[name], want)
		}
	}
	config := map[string]string{}
	if err := json.Unmarshal([]byte(got["PULUMI_CONFIG"]), &config); err != nil || !maps.Equal(config, r.Config) {
		t.Errorf("config %v, %v; want %v", config, err, r.Config)
	}
}

func TestBuildFails(t *testing.T) {
	t.Parallel()
	e := newEngine(t)
	c := dial(t, e, New(func(_ context.Context, dir string) (string, error) { return "", fmt.Errorf("%s: undefined: x", dir) }, nil))
	r := request(t)
	response, err := c.Run(t.Context(), r)
	if err != nil || response.Error != r.Pwd+": undefined: x" {
		t.Errorf("run: %v, %v", response, err)
	}
	c = dial(t, e, New(func(context.Context, string) (string, error) { return "/does/not/exist", nil }, nil))
	if response, err = c.Run(t.Context(), r); err != nil || !strings.Contains(response.Error, "no such file") {
		t.Errorf("run of what was not built: %v, %v", response, err)
	}
}

func TestCancel(t *testing.T) {
	t.Parallel()
	e := newEngine(t)
	e.received = make(chan string, 10)
	c := connect(t, e, `trap 'exit 3' INT; echo ready; while :; do sleep 0.01; done`)
	// The engine also cancels before the first run.
	if _, err := c.Cancel(t.Context(), &emptypb.Empty{}); err != nil {
		t.Fatal(err)
	}
	type answer struct {
		response *pulumirpc.RunResponse
		err      error
	}
	ended := make(chan answer, 1)
	r := request(t)
	go func() {
		response, err := c.Run(t.Context(), r)
		ended <- answer{response, err}
	}()
	<-e.received
	if _, err := c.Cancel(t.Context(), &emptypb.Empty{}); err != nil {
		t.Fatal(err)
	}
	if a := <-ended; a.err != nil || a.response.Error != "the program was cancelled" {
		t.Errorf("run: %v, %v", a.response, a.err)
	}
}

// TestCLIGoesAway checks that a program ends with the CLI that runs it.
func TestCLIGoesAway(t *testing.T) {
	t.Parallel()
	e := newEngine(t)
	e.received = make(chan string, 10)
	trace := filepath.Join(t.TempDir(), "ended")
	c := connect(t, e, `trap 'echo x > `+trace+`; exit 3' INT; echo ready; while :; do sleep 0.01; done`)
	ctx, cancel := context.WithCancel(t.Context())
	r := request(t)
	ended := make(chan error, 1)
	go func() {
		_, err := c.Run(ctx, r)
		ended <- err
	}()
	<-e.received
	cancel()
	if err := <-ended; err == nil {
		t.Error("a cancelled run has no error")
	}
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(time.Millisecond) {
		if _, err := os.Stat(trace); err == nil {
			return
		}
		if time.Now().After(deadline) {
			t.Fatal("the program lives on")
		}
	}
}

func TestOldEngine(t *testing.T) {
	t.Parallel()
	_, err := connect(t, newEngine(t), "exit 0").Run(t.Context(), &pulumirpc.RunRequest{})
	if err == nil || !strings.Contains(err.Error(), "too old for this language host") {
		t.Errorf("error %v", err)
	}
}

// TestSmallQuestions checks the methods with a constant answer.
func TestSmallQuestions(t *testing.T) {
	t.Parallel()
	c := connect(t, newEngine(t), "exit 0")
	packages, err := c.GetRequiredPackages(t.Context(), &pulumirpc.GetRequiredPackagesRequest{})
	if err != nil || len(packages.Packages) > 0 {
		t.Errorf("packages %v, %v: the engine would look for plugins", packages, err)
	}
	//lint:ignore SA1019 an older engine asks it
	plugins, err := c.GetRequiredPlugins(t.Context(), &pulumirpc.GetRequiredPluginsRequest{})
	if err != nil || len(plugins.Plugins) > 0 {
		t.Errorf("plugins %v, %v: the engine would look for them", plugins, err)
	}
	about, err := c.About(t.Context(), &pulumirpc.AboutRequest{})
	if err != nil || !slices.Contains(slices.Collect(maps.Values(about.Metadata)), "the local cloud") {
		t.Errorf("about %v, %v", about, err)
	}
	if _, err := c.GetPluginInfo(t.Context(), &emptypb.Empty{}); err != nil {
		t.Error(err)
	}
	if _, err := c.GetProgramDependencies(t.Context(), &pulumirpc.GetProgramDependenciesRequest{}); err != nil {
		t.Error(err)
	}
	install, err := c.InstallDependencies(t.Context(), &pulumirpc.InstallDependenciesRequest{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := install.Recv(); err == nil || err.Error() != "EOF" {
		t.Errorf("install: %v", err)
	}
}

// TestBuiltOnce checks that an update runs the binary that its preview built.
func TestBuiltOnce(t *testing.T) {
	t.Parallel()
	builds := 0
	build := func(_ context.Context, dir string) (string, error) {
		builds++
		path := filepath.Join(dir, "program")
		return path, childtest.Script(path, "")
	}
	c, r := dial(t, newEngine(t), New(build, nil)), request(t)
	for range 2 {
		if response, err := c.Run(t.Context(), r); err != nil || response.Error != "" {
			t.Fatalf("run: %v, %v", response, err)
		}
	}
	if builds != 1 {
		t.Errorf("built %d times", builds)
	}
}
