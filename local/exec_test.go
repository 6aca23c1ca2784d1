package main

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestExecStaysHere checks that a command of exec reaches only this machine,
// whatever the person's environment says. Services that the cloud lacks are
// refused by name.
func TestExecStaysHere(t *testing.T) {
	t.Parallel()
	asked := make(chan string, 100)
	outside := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked <- r.Method + " " + r.Host
		http.Error(w, "this is the internet", http.StatusTeapot)
	}))
	defer outside.Close()
	dir, home := t.TempDir(), t.TempDir()
	reach := filepath.Join(dir, "reach")
	build := exec.Command("go", "build", "-tags", "lambda.norpc", "-o", reach, "./cloud/testdata/reach")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for name, text := range map[string]string{
		filepath.Join(dir, "Pulumi.yaml"):          "name: other\nruntime: go\n",
		filepath.Join(home, ".aws", "config"):      "[default]\nignore_configured_endpoint_urls = true\nuse_fips_endpoint = true\n",
		filepath.Join(home, ".aws", "credentials"): "[default]\naws_access_key_id = AKIDEXAMPLE\naws_secret_access_key = s\n",
	} {
		if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	env := append(os.Environ(), "HOME="+home, "HTTP_PROXY="+outside.URL, "HTTPS_PROXY="+outside.URL, "NO_PROXY=internal.example", "AWS_PROFILE=default",
		"AWS_USE_FIPS_ENDPOINT=true", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS=true", "AWS_CONTAINER_CREDENTIALS_FULL_URI="+outside.URL, "AWS_ENDPOINT_URL_S3=https://s3.example.com")
	out, err := localWith(t, env, "-C", dir, "-addr", "127.0.0.1:0", "exec", reach)
	var found map[string]string
	if start := strings.Index(out, "{"); err != nil || start < 0 || json.Unmarshal([]byte(out[start:]), &found) != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for name, want := range map[string]string{
		"dynamodbstreams": "", "sts": "", "kms": "does not have the service KMS, kms (ListKeys)", "s3": "NoSuchBucket",
		"sqs": "The specified queue does not exist", "secretsmanager": "ResourceNotFoundException", "ssm": "ParameterNotFound", "sso": "does not have the service sso",
	} {
		if got, called := found[name]; !called || want == "" && got != "" || !strings.Contains(got, want) {
			t.Errorf("%s came to %q, want %q", name, got, want)
		}
	}
	select {
	case request := <-asked:
		t.Errorf("the internet was asked for %s", request)
	default:
	}
	out, err = localWith(t, env, "-C", dir, "-addr", "127.0.0.1:0", "exec", "env")
	if lines := strings.Split(out, "\n"); err != nil || !slices.Contains(lines, "NO_PROXY=internal.example,127.0.0.1,localhost") || !slices.Contains(lines, "AWS_REGION=us-east-1") {
		t.Errorf("%v\n%s", err, out)
	}
}
