package function

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/smithy-go"
)

// environment returns an environment with all variables that Lambda sets,
// except missing.
func environment(missing string) Environment {
	variables := map[string]string{
		"AWS_REGION": "eu-west-1", "AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b",
		"AWS_ENDPOINT_URL_SQS": "http://127.0.0.1:1",
	}
	return Environment{Getenv: func(name string) string {
		if name == missing {
			return ""
		}
		return variables[name]
	}}
}

func TestConfigRefuses(t *testing.T) {
	t.Parallel()
	for _, missing := range []string{"AWS_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"} {
		_, err := environment(missing).Config("SQS")
		if err == nil || !strings.Contains(err.Error(), missing+" is not set") {
			t.Errorf("without %s: %v", missing, err)
		}
	}
}

func TestConfig(t *testing.T) {
	t.Parallel()
	c, err := environment("").Config("SQS")
	if err != nil || c.BaseEndpoint == nil || *c.BaseEndpoint != "http://127.0.0.1:1" || c.HTTPClient == nil {
		t.Errorf("%+v, %v", c, err)
	}
	if c, err := environment("").Config("DYNAMODB"); err != nil || c.BaseEndpoint != nil {
		t.Errorf("DYNAMODB has the endpoint of another service: %+v, %v", c, err)
	}
	all := Environment{Getenv: func(name string) string {
		if name == "AWS_ENDPOINT_URL" {
			return "http://127.0.0.1:2"
		}
		return environment("").Getenv(name)
	}}
	for service, want := range map[string]string{"SQS": "http://127.0.0.1:1", "KINESIS": "http://127.0.0.1:2"} {
		if c, err := all.Config(service); err != nil || c.BaseEndpoint == nil || *c.BaseEndpoint != want {
			t.Errorf("%s: %v, %v, want %s", service, c.BaseEndpoint, err, want)
		}
	}
}

func TestLogLevel(t *testing.T) {
	t.Parallel()
	for level, lines := range map[string]int{"": 3, "debug": 4, "info": 3, "warn": 2, "error": 1} {
		var log bytes.Buffer
		e, err := New(func(string) string { return level }, &log)
		if err != nil {
			t.Fatal(err)
		}
		e.Log.Debug("a")
		e.Log.Info("a")
		e.Log.Warn("a")
		e.Log.Error("a")
		if got := strings.Count(log.String(), "\n"); got != lines {
			t.Errorf("level %q writes %d lines, want %d", level, got, lines)
		}
	}
	for _, level := range []string{"INFO", "trace", "warning"} {
		if _, err := New(func(string) string { return level }, nil); err == nil || !strings.Contains(err.Error(), "set it to debug, info, warn or error") {
			t.Errorf("%q: %v", level, err)
		}
	}
}

func TestFail(t *testing.T) {
	t.Parallel()
	over, cancel := context.WithCancel(t.Context())
	cancel()
	const secret = "arn:aws:iam::1:role/r is not authorized"
	for name, c := range map[string]struct {
		ctx  context.Context
		err  error
		want Failure
	}{
		"denied":   {t.Context(), &smithy.GenericAPIError{Code: "AccessDenied", Message: secret}, Failure{"a:B", "AccessDenied", false}},
		"throttle": {t.Context(), fmt.Errorf("%s: %w", secret, &smithy.GenericAPIError{Code: "ThrottlingException"}), Failure{"a:B", "ThrottlingException", true}},
		"deadline": {over, errors.New(secret), Failure{"a:B", "deadline", true}},
		"other":    {t.Context(), errors.New(secret), Failure{"a:B", "client", false}},
	} {
		var got *Failure
		if !errors.As(Fail(c.ctx, "a:B", c.err), &got) || *got != c.want || strings.Contains(got.Error(), "arn:") {
			t.Errorf("%s: %v", name, got)
		}
	}
	if err := Fail(t.Context(), "a:B", nil); err != nil {
		t.Error(err)
	}
}

func TestCatch(t *testing.T) {
	t.Parallel()
	err := func() (err error) {
		defer Catch(&err)
		var none map[string]int
		none["x"] = 1 //lint:ignore SA5000 the panic is what is tested
		return nil
	}()
	if err == nil || !strings.Contains(err.Error(), "panic of runtime.") || !strings.Contains(err.Error(), "function.TestCatch") {
		t.Errorf("%v", err)
	}
	if err == nil || !strings.HasSuffix(err.Error(), ": assignment to entry in nil map") {
		t.Errorf("the error does not end with the panic's text: %v", err)
	}
}

// When a service does not answer, the tries end before the invocation does,
// with AnswerTime left. The shortest invocation has ten seconds: an
// authorizer's limit, and the default timeout of a stack.
func TestTriesFitAnInvocation(t *testing.T) {
	t.Parallel()
	if longest := tries*tryTime + (tries-1)*maxBackoff; longest > 10*time.Second-500*time.Millisecond {
		t.Errorf("the tries of one call may take %s, which is too long", longest)
	}
}
