// Package itemstest is for tests of the handlers that need a store but no
// database.
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

// Now is the time of an Offline API, which does not pass.
func Now() time.Time { return time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC) }

// Offline is an API without a network: answer takes the place of
// DynamoDB. It gets the action, such as GetItem, and returns the status and body
// of the response.
// The API logs nothing that is not an error, and that to log.
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

// client is an HTTP client that does not leave the process.
type client func(action string) (int, string)

func (c client) Do(r *http.Request) (*http.Response, error) {
	_, action, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
	status, body := c(action)
	return &http.Response{
		StatusCode: status, Header: http.Header{"Content-Type": {"application/x-amz-json-1.0"}},
		Body: io.NopCloser(strings.NewReader(body)),
	}, nil
}
