package contract

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"skiff/lambdas/api"
	"skiff/lambdas/event"
	"skiff/lambdas/items"
	"skiff/lambdas/items/create"
	"skiff/lambdas/items/get"
	"skiff/lambdas/items/itemstest"
	"skiff/lambdas/items/list"
	"skiff/lambdas/items/remove"
	"skiff/lambdas/items/update"
)

func FuzzEvent(f *testing.F) {
	const row = `{"id":{"S":"x"},"name":{"S":"n"},"status":{"S":"done"},"createdAt":{"S":"t"},"updatedAt":{"S":"t"},"version":{"N":"3"}}`
	a, err := itemstest.Offline(io.Discard, func(action string) (int, string) {
		switch action {
		case "GetItem":
			return http.StatusOK, `{"Item":` + row + `}`
		case "UpdateItem", "DeleteItem":
			return http.StatusOK, `{"Attributes":` + row + `}`
		case "Query":
			return http.StatusOK, `{"Items":[` + row + `]}`
		}
		return http.StatusOK, `{}`
	})
	if err != nil {
		f.Fatal(err)
	}
	a.Events, a.CursorSecret = unsent{}, fixed(testSecret+testSecret)
	routes := []api.Route[*items.API]{create.Handle, get.Handle, list.Handle, update.Handle, remove.Handle, healthy}
	f.Add(0, widget, false, "application/json", "", "", "", "", "/staging/items/")
	f.Add(0, "eyJ9", true, "application/json; charset=UTF-8", "gzip", "k", "", "", "")
	f.Add(1, "", false, "", "", "", "../x", "", "/items/x")
	f.Add(2, "", false, "", "", "", "active", "100", "/items")
	f.Add(3, widget, false, "application/json;charset", "identity", `"3"`, "x", "", "/items/x")
	f.Add(4, "", true, "", "", "*", "x", "", "")
	f.Add(5, "", false, "", "", "", "", "", "")
	f.Fuzz(func(t *testing.T, route int, body string, encoded bool, contentType, encoding, condition, id, limit, path string) {
		r := api.Request{
			Body: body, IsBase64Encoded: encoded, RawPath: path,
			Headers:               map[string]string{"content-type": contentType, "content-encoding": encoding, "If-Match": condition},
			PathParameters:        map[string]string{"id": id},
			QueryStringParameters: map[string]string{"status": id, "limit": limit},
		}
		if condition != "" {
			r.Headers["Idempotency-Key"] = condition
		}
		got, err := api.Handler(a, routes[uint(route)%uint(len(routes))])(t.Context(), r)
		if err != nil || got.StatusCode < 200 || got.StatusCode/100 == 3 || got.StatusCode >= 500 {
			t.Fatalf("%v %d %s", err, got.StatusCode, got.Body)
		}
		if got.Body != "" && !json.Valid([]byte(got.Body)) {
			t.Fatalf("not JSON: %q", got.Body)
		}
		for name, value := range got.Headers {
			if strings.ContainsAny(value, "\r\n\x00") {
				t.Fatalf("%s is %q", name, value)
			}
		}
	})
}

// unsent drops events.
type unsent struct{}

func (unsent) Send(context.Context, event.Event) error { return nil }

// fixed is a secret with a fixed value.
type fixed string

func (f fixed) Value(context.Context) (string, error) { return string(f), nil }
