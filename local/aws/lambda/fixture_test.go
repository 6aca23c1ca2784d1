package lambda_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"skiff/local/aws/lambda"
)

// codeDir contains the test function's bootstrap, which is built once per test
// binary.
var codeDir string

func TestMain(m *testing.M) {
	os.Exit(run(m))
}

func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "lambda-test")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	codeDir = dir
	cmd := exec.Command("go", "build", "-tags", "lambda.norpc", "-o", filepath.Join(dir, "bootstrap"), "./testdata/function")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "building the test function: %v\n%s", err, out)
		return 1
	}
	return m.Run()
}

// fixture is a runtime and its log.
type fixture struct {
	*lambda.Runtime
	version lambda.Version

	mu    sync.Mutex
	lines map[string][]string // by stream
}

func newFixture(t testing.TB, o lambda.Options) *fixture {
	t.Helper()
	r, err := lambda.NewRuntime(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		if err := r.Close(ctx); err != nil && err != lambda.ErrClosed {
			t.Errorf("close: %v", err)
		}
	})
	f := &fixture{Runtime: r, lines: map[string][]string{}}
	f.version = lambda.Version{
		ID: "1", Name: "tester", ARN: "arn:aws:lambda:eu-west-1:111111111111:function:tester",
		Region: "eu-west-1", Handler: "bootstrap", Dir: codeDir,
		MemoryMB: 128, Timeout: 30 * time.Second, Reserved: -1,
		Credentials: lambda.Credentials{AccessKeyID: "AKID", SecretAccessKey: "secret", SessionToken: "token"},
		Log:         f.log,
	}
	return f
}

func (f *fixture) log(stream string, lines ...[]byte) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, line := range lines {
		f.lines[stream] = append(f.lines[stream], string(line))
	}
}

// text returns everything logged so far.
func (f *fixture) text() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	var all []string
	for _, lines := range f.lines {
		all = append(all, lines...)
	}
	return strings.Join(all, "\n")
}

func (f *fixture) streams() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.lines)
}

// with returns the version changed by edit.
func (f *fixture) with(edit func(*lambda.Version)) lambda.Version {
	v := f.version
	edit(&v)
	return v
}

func (f *fixture) mode(mode string) lambda.Version {
	return f.with(func(v *lambda.Version) { v.Environment = map[string]string{"MODE": mode} })
}

// do invokes v with the event and fails the test on an error.
func (f *fixture) do(t testing.TB, v lambda.Version, event string) lambda.Result {
	t.Helper()
	result, err := f.Invoke(context.Background(), v, []byte(event))
	if err != nil {
		t.Fatalf("invoke %s: %v", event, err)
	}
	return result
}

// value invokes v, which must succeed, and decodes its answer.
func value[T any](t testing.TB, f *fixture, v lambda.Version, event string) T {
	t.Helper()
	result := f.do(t, v, event)
	if result.FunctionError != "" {
		t.Fatalf("invoke %s: %s: %s", event, result.FunctionError, result.Payload)
	}
	var out T
	if err := json.Unmarshal(result.Payload, &out); err != nil {
		t.Fatalf("invoke %s: %v in %s", event, err, result.Payload)
	}
	return out
}

type description struct {
	PID       int
	Dir       string
	Env       map[string]string
	RequestID string
	ARN       string
	LeftMS    int64
	Local     string
}

// wantFailure checks an error payload, with the request id replaced by ID.
func wantFailure(t *testing.T, result lambda.Result, payload string) {
	t.Helper()
	uuid := regexp.MustCompile(`[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}`)
	if got := uuid.ReplaceAllString(string(result.Payload), "ID"); got != payload {
		t.Errorf("payload = %s\nwant      %s", got, payload)
	}
	if result.FunctionError != "Unhandled" {
		t.Errorf("function error = %q, want Unhandled", result.FunctionError)
	}
}

// eventually polls until ok returns true.
func eventually(t testing.TB, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !ok(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not within a minute: %s", what)
		}
	}
}

// alive reports whether a process exists. A zombie does not count: another
// process reaps the processes that the tests check.
func alive(pid int) bool {
	if syscall.Kill(pid, 0) != nil {
		return false
	}
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return err != nil || !strings.Contains(string(status), ") Z ")
}
