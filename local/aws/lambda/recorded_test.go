package lambda_test

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"skiff/local/aws/lambda"
)

// recording reads a case of LocalStack's snapshots of AWS. Each file names its
// source and its license.
func recording(t *testing.T, file, name string, content any) {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", file))
	if err != nil {
		t.Fatal(err)
	}
	var all struct {
		Cases map[string]struct{ Content json.RawMessage }
	}
	if err := json.Unmarshal(data, &all); err != nil {
		t.Fatal(err)
	}
	c, found := all.Cases[name]
	if !found {
		t.Fatalf("%s has no case %s", file, name)
	}
	if err := json.Unmarshal(c.Content, content); err != nil {
		t.Fatal(err)
	}
}

type invokeResult struct {
	FunctionError string
	Payload       json.RawMessage
}

// wantRecorded compares a result with a recorded one, in which a placeholder
// replaces the request id.
func wantRecorded(t *testing.T, got lambda.Result, want invokeResult) {
	t.Helper()
	var compact map[string]any
	payload := string(want.Payload)
	for _, placeholder := range []string{"<timeout_error_msg>", "<uuid>"} {
		payload = strings.ReplaceAll(payload, placeholder, "ID")
	}
	if err := json.Unmarshal([]byte(payload), &compact); err != nil {
		t.Fatal(err)
	}
	var have map[string]any
	if err := json.Unmarshal(got.Payload, &have); err != nil {
		t.Fatalf("%v in %s", err, got.Payload)
	}
	if m, ok := have["errorMessage"].(string); ok && strings.HasPrefix(m, "RequestId: ") {
		have["errorMessage"] = "RequestId: ID " + strings.SplitN(m, " ", 3)[2]
	}
	if diff := cmp.Diff(compact, have); diff != "" {
		t.Errorf("payload (-recorded +got):\n%s", diff)
	}
	if got.FunctionError != want.FunctionError {
		t.Errorf("function error = %q, recorded %q", got.FunctionError, want.FunctionError)
	}
}

func TestRecordedTimeout(t *testing.T) {
	t.Parallel()
	var want struct {
		Result invokeResult `json:"invoke-result"`
	}
	recording(t, "invoke_errors.json", "TestLambdaBehavior::test_lambda_invoke_with_timeout", &want)
	f := newFixture(t, lambda.Options{})
	v := f.with(func(v *lambda.Version) { v.Timeout = time.Second })
	wantRecorded(t, f.do(t, v, `{"do":"sleep","number":20000}`), want.Result)
}

// TestRecordedTimeoutEnvironmentReuse checks what survives a timeout. It does
// not compare the message of the timeout, which differs in a newer recording.
func TestRecordedTimeoutEnvironmentReuse(t *testing.T) {
	t.Parallel()
	var want map[string]invokeResult
	recording(t, "invoke_errors.json", "TestLambdaBehavior::test_lambda_invoke_timed_out_environment_reuse", &want)
	f := newFixture(t, lambda.Options{})
	v := f.with(func(v *lambda.Version) { v.Timeout = time.Second })
	path := filepath.Join(t.TempDir(), "file")
	events := []struct{ name, event string }{
		{"invoke-result-file-write", `{"do":"write","path":"` + path + `","text":"some-content"}`},
		{"invoke-result-file-read", `{"do":"read","path":"` + path + `"}`},
		{"invoke-result-set-number", `{"do":"set","number":42}`},
		{"invoke-result-read-number", `{"do":"get"}`},
		{"invoke-result-timed-out", `{"do":"sleep","number":20000}`},
		{"invoke-result-file-read-after-timeout", `{"do":"read","path":"` + path + `"}`},
		{"invoke-result-read-number-after-timeout", `{"do":"get"}`},
	}
	for _, e := range events {
		got, recorded := f.do(t, v, e.event), want[e.name]
		if got.FunctionError != recorded.FunctionError {
			t.Errorf("%s: function error = %q, recorded %q", e.name, got.FunctionError, recorded.FunctionError)
		}
		if e.name == "invoke-result-timed-out" {
			continue
		}
		payload := recorded.Payload
		var text string // the snapshot stores the payload null as the string "null"
		if json.Unmarshal(payload, &text) == nil {
			payload = json.RawMessage(text)
		}
		var a, b any
		if json.Unmarshal(payload, &a) != nil || json.Unmarshal(got.Payload, &b) != nil || !cmp.Equal(a, b) {
			t.Errorf("%s: payload = %s, recorded %s", e.name, got.Payload, payload)
		}
	}
}

func TestRecordedExits(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, mode, event string }{
		{"TestLambdaErrors::test_lambda_runtime_exit", "exit", `{}`},
		{"TestLambdaErrors::test_lambda_handler_exit", "", `{"do":"exit"}`},
		{"TestLambdaErrors::test_lambda_runtime_wrapper_not_found", "exit-127", `{}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var want struct {
				Result invokeResult `json:"invocation_error"`
			}
			recording(t, "invoke_errors.json", c.name, &want)
			f := newFixture(t, lambda.Options{})
			wantRecorded(t, f.do(t, f.mode(c.mode), c.event), want.Result)
		})
	}
}

// TestRecordedInitError compares only the message and the type: the recorded
// runtime is Python's.
func TestRecordedInitError(t *testing.T) {
	t.Parallel()
	var want struct {
		Result invokeResult `json:"invocation_error"`
	}
	recording(t, "invoke_errors.json", "TestLambdaErrors::test_lambda_runtime_error", &want)
	var recorded, got map[string]any
	if err := json.Unmarshal(want.Result.Payload, &recorded); err != nil {
		t.Fatal(err)
	}
	f := newFixture(t, lambda.Options{})
	result := f.do(t, f.mode("init-error"), `{}`)
	if err := json.Unmarshal(result.Payload, &got); err != nil {
		t.Fatal(err)
	}
	recorded["stackTrace"], got["stackTrace"] = nil, nil
	if diff := cmp.Diff(recorded, got); diff != "" || result.FunctionError != want.Result.FunctionError {
		t.Errorf("function error %q, payload (-recorded +got):\n%s", result.FunctionError, diff)
	}
}

func TestRecordedGoError(t *testing.T) {
	t.Parallel()
	var want struct {
		Result invokeResult `json:"error_result"`
	}
	recording(t, "provided_al2023.json", "TestGoProvidedRuntimes::test_uncaught_exception_invoke[provided.al2023]", &want)
	f := newFixture(t, lambda.Options{})
	wantRecorded(t, f.do(t, f.version, `{"do":"error","text":"Error: some_error_msg"}`), want.Result)
}

func TestRecordedEnvironment(t *testing.T) {
	t.Parallel()
	var want struct {
		Payload struct {
			Context     map[string]any `json:"ctx"`
			Environment map[string]string
		} `json:"invocation_result_payload"`
	}
	recording(t, "provided_al2023.json", "TestLambdaRuntimesCommon::test_introspection_invoke[provided.al2023]", &want)

	f := newFixture(t, lambda.Options{})
	v := f.with(func(v *lambda.Version) {
		v.MemoryMB = 1024
		v.Handler = "function.handler"
		v.Environment = map[string]string{"TEST_KEY": "TEST_VAL"}
	})
	got := value[description](t, f, v, `{"do":"describe"}`)

	recorded := want.Payload.Environment
	if diff := cmp.Diff(slices.Sorted(maps.Keys(recorded)), slices.Sorted(maps.Keys(got.Env))); diff != "" {
		t.Errorf("names (-recorded +got):\n%s", diff)
	}
	local := map[string]string{ // see environment for the reasons
		"AWS_LAMBDA_RUNTIME_API": "", "AWS_XRAY_DAEMON_ADDRESS": "127.0.0.1:2000",
		"_AWS_XRAY_DAEMON_ADDRESS": "127.0.0.1", "LAMBDA_TASK_ROOT": codeDir,
		"LD_LIBRARY_PATH": strings.ReplaceAll(recorded["LD_LIBRARY_PATH"], "/var/task", codeDir),
	}
	for name, value := range recorded {
		if masked := strings.Contains(value, "<"); masked {
			continue
		}
		if replaced, ok := local[name]; ok {
			value = replaced
		}
		if value != "" && got.Env[name] != value {
			t.Errorf("%s = %q, want %q", name, got.Env[name], value)
		}
	}
	if want.Payload.Context["function_version"] != got.Env["AWS_LAMBDA_FUNCTION_VERSION"] {
		t.Errorf("version = %q", got.Env["AWS_LAMBDA_FUNCTION_VERSION"])
	}
}
