package main

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// operator is a person who calls the cloud of a checkout with an SDK.
type operator struct {
	dir, stack string
	env        map[string]string
}

// newOperator returns an operator with the environment that `go run ./local
// exec` sets.
func newOperator(t *testing.T, dir, stack string) operator {
	t.Helper()
	o := operator{dir, stack, map[string]string{}}
	for line := range strings.Lines(mustLocal(t, "-C", dir, "-stack", stack, "exec", "env")) {
		name, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "=")
		o.env[name] = value
	}
	return o
}

// config returns the SDK's configuration for a service. The service is the
// suffix of its AWS_ENDPOINT_URL_ variable.
func (o operator) config(service string) aws.Config {
	keys := aws.Credentials{AccessKeyID: o.env["AWS_ACCESS_KEY_ID"], SecretAccessKey: o.env["AWS_SECRET_ACCESS_KEY"], SessionToken: o.env["AWS_SESSION_TOKEN"]}
	return aws.Config{
		Region: o.env["AWS_REGION"], BaseEndpoint: aws.String(o.env["AWS_ENDPOINT_URL_"+service]),
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) { return keys, nil }),
	}
}

// output returns an output of the stack.
func output[T any](t *testing.T, o operator, name string) T {
	t.Helper()
	var v T
	out := mustPulumi(t, o.dir, "stack", "output", name, "--json", "--stack", o.stack)
	if err := json.Unmarshal([]byte(out), &v); err != nil {
		t.Fatalf("output %s is %s: %v", name, out, err)
	}
	return v
}

// logged waits until the function's log has a line that contains all words.
func (o operator) logged(t *testing.T, function string, words ...string) {
	t.Helper()
	logs := filepath.Join(o.dir, ".local", "logs", projectHere(t)+"-"+o.stack+"-"+function+"-???????.log")
	var data []byte
	deadline := time.After(time.Minute)
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		if files, _ := filepath.Glob(logs); len(files) == 1 {
			data, _ = os.ReadFile(files[0])
		}
		for line := range strings.Lines(string(data)) {
			if containsAll(line, words) {
				return
			}
		}
		select {
		case <-tick.C:
		case <-deadline:
			t.Errorf("%s logged no line with %q within a minute:\n%s", function, words, data)
			return
		}
	}
}

func containsAll(text string, words []string) bool {
	for _, w := range words {
		if !strings.Contains(text, w) {
			return false
		}
	}
	return true
}
