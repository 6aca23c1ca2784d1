// Package itemstest provides an API with a fake DynamoDB for tests of the
// handlers.
package itemstest

import (
	"io"
	"net/http"
	"strings"
	"time"

	"skiff/lambdas/api"
	"skiff/lambdas/function"
	"skiff/lambdas/items"
	"skiff/lambdas/names"
)

// Now is the fixed time of an Offline API.
func Now() time.Time { return time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC) }

// Offline returns an API that answers without a network. answer gets the
// DynamoDB action, such as GetItem, and returns the status and body of the
// response. Only errors are logged, to log.
func Offline(log io.Writer, answer func(action string) (status int, body string)) (*items.API, error) {
	environment := map[string]string{
		names.TableNameVariable: "items", names.LogLevelVariable: "error", "AWS_REGION": "us-east-1",
		"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "secret",
	}
	getenv := func(name string) string { return environment[name] }
	e, err := function.New(getenv, log)
	if err != nil {
		return nil, err
	}
	e.HTTP = client(answer)
	a, err := api.New(e, items.WithTable)
	if err != nil {
		return nil, err
	}
	a.Now = Now
	return a, nil
}

// client is an HTTP client that calls a function instead of a server.
type client func(action string) (int, string)

func (c client) Do(r *http.Request) (*http.Response, error) {
	_, action, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
	status, body := c(action)
	return &http.Response{
		StatusCode: status, Header: http.Header{"Content-Type": {"application/x-amz-json-1.0"}},
		Body: io.NopCloser(strings.NewReader(body)),
	}, nil
}
