package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/coder/websocket"
)

// item has the fields of an item that the tests use.
type item struct {
	ID, Name, Status string
	Version          int
}

func decode[T any](t *testing.T, a answer) T {
	t.Helper()
	var v T
	if err := json.Unmarshal([]byte(a.body), &v); err != nil {
		t.Fatalf("%d %s: %v", a.status, a.body, err)
	}
	return v
}

func (c client) create(t *testing.T, name string) item {
	t.Helper()
	a := c.request(t, http.MethodPost, "/items", fmt.Sprintf(`{"name":%q,"status":"active"}`, name))
	if a.status != http.StatusCreated {
		t.Fatalf("POST /items answers %d %s", a.status, a.body)
	}
	return decode[item](t, a)
}

// useEveryRoute calls every route, and expects no items at the start.
func (c client) useEveryRoute(t *testing.T) {
	needs(t, "POST /items", "GET /items/{id}", "GET /items", "PUT /items/{id}", "DELETE /items/{id}")
	var made []item
	for i := range 3 {
		made = append(made, c.create(t, fmt.Sprint("item ", i)))
	}
	first := "/items/" + made[0].ID
	key := []string{"Idempotency-Key", "key-1"}
	once := c.request(t, http.MethodPost, "/items", `{"name":"once","status":"active"}`, key...)
	again := c.request(t, http.MethodPost, "/items", `{"name":"once","status":"active"}`, key...)
	if once.status != 201 || again.status != 201 || again.body != once.body || again.header.Get("Idempotency-Replayed") != "true" {
		t.Errorf("a replay answers %d %q, not %d %q", again.status, again.body, once.status, once.body)
	}
	if a := c.request(t, http.MethodGet, first, ""); a.status != 200 || a.header.Get("ETag") != `"1"` || decode[item](t, a) != made[0] {
		t.Errorf("GET answers %d %s", a.status, a.body)
	}
	if a := c.request(t, http.MethodPut, first, `{"name":"new","status":"done"}`); a.status != http.StatusPreconditionRequired {
		t.Errorf("PUT without If-Match answers %d %s", a.status, a.body)
	}
	if a := c.request(t, http.MethodPut, first, `{"name":"new","status":"done"}`, "If-Match", `"1"`); a.status != 200 || decode[item](t, a).Version != 2 {
		t.Errorf("PUT answers %d %s", a.status, a.body)
	}
	if a := c.request(t, http.MethodPut, first, `{"name":"new","status":"done"}`, "If-Match", `"1"`); a.status != http.StatusPreconditionFailed {
		t.Errorf("PUT of an old version answers %d %s", a.status, a.body)
	}
	c.walk(t, []string{decode[item](t, once).ID, made[2].ID, made[1].ID})
	if a := c.request(t, http.MethodDelete, first, ""); a.status != http.StatusNoContent || a.body != "" {
		t.Errorf("DELETE answers %d %q", a.status, a.body)
	}
	if a := c.request(t, http.MethodGet, first, ""); a.status != http.StatusNotFound || a.header.Get("Content-Type") != "application/problem+json" {
		t.Errorf("GET of a deleted item answers %d %s", a.status, a.body)
	}
	if a := c.request(t, http.MethodGet, "/nowhere", ""); a.status != http.StatusNotFound || a.body != `{"message":"Not Found"}` {
		t.Errorf("a path without a route answers %d %s", a.status, a.body)
	}
}

// walk pages through the active items, two at a time, newest first.
func (c client) walk(t *testing.T, want []string) {
	t.Helper()
	var got []string
	for cursor := ""; ; {
		a := c.request(t, http.MethodGet, "/items?status=active&limit=2&cursor="+cursor, "")
		if cursor == "" {
			a = c.request(t, http.MethodGet, "/items?status=active&limit=2", "")
		}
		page := decode[struct {
			Items      []item
			NextCursor string
		}](t, a)
		for _, i := range page.Items {
			got = append(got, i.ID)
		}
		if cursor = page.NextCursor; cursor == "" {
			break
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("the list is %v, not %v", got, want)
	}
}

// receives connects, creates items, and checks that one event of each arrives.
func (c client) receives(t *testing.T, sockets string) {
	listener, _, err := websocket.Dial(t.Context(), sockets+"?token="+c.token, &websocket.DialOptions{HTTPClient: c.http})
	if err != nil {
		t.Fatal(err)
	}
	defer listener.CloseNow()
	made := []item{c.create(t, "first"), c.create(t, "second")}
	received := map[string]int{}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for len(received) < len(made) {
		_, message, err := listener.Read(ctx)
		if err != nil {
			t.Fatalf("received %v: %v", received, err)
		}
		var event struct {
			Type, ItemID string
			Version      int
		}
		if err := json.Unmarshal(message, &event); err != nil || event.Type != "item.created" || event.Version != 1 {
			t.Errorf("received %s, %v", message, err)
		}
		received[event.ItemID]++
	}
	for _, i := range made {
		if received[i.ID] != 1 {
			t.Errorf("received %s %d times", i.ID, received[i.ID])
		}
	}
	listener.Close(websocket.StatusNormalClosure, "")
	for _, i := range made { // restore the previous state
		c.request(t, http.MethodDelete, "/items/"+i.ID, "")
	}
}
