package contract

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"skiff/lambdas/api"
	"skiff/lambdas/items/create"
	"skiff/lambdas/table"
)

func TestItemsLife(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const body = `{"name":"é","status":"active","ttl":1900000000,"attributes":{"z":[1.10,1e4e]}}`
	if got := w.send("POST", "/items", jsonBody, body); got.text("code") != "invalid_json" {
		t.Fatal(got.Body)
	}
	got := w.send("POST", "/items", with(jsonBody, "content-type", `Application/JSON; charset="UTF-8"`),
		`{"name":"é","status":"active","ttl":1900000000,"attributes":{"z":[1.10,1e100,0.1],"":""}}`)
	if got.text("code") != "validation" {
		t.Fatal(got.Body)
	}
	got = w.send("POST", "/items", jsonBody,
		`{"name":"é","status":"active","ttl":1900000000,"attributes":{"z":[1.10,1e100,12345678901234567890.12345678901234567],"a":{"__proto__":null,"b":"\u0000<&"},"e":""}}`)
	want := fmt.Sprintf(`{"id":%q,"name":"é","status":"active","attributes":{"a":{"__proto__":null,"b":"\u0000<&"},"e":"","z":[1.1,1e100,12345678901234567890.12345678901234567]},"ttl":1900000000,"createdAt":%q,"updatedAt":%q,"version":1}`,
		got.text("id"), table.Timestamp(w.clock()), table.Timestamp(w.clock()))
	if got.StatusCode != 201 || got.Body != want || got.Headers["ETag"] != `"1"` || got.Headers["Location"] != "/items/"+got.text("id") {
		t.Errorf("created %d %s %v\nwant %s", got.StatusCode, got.Body, got.Headers, want)
	}
	path := "/items/" + got.text("id")
	if read := w.send("GET", path, nil, ""); read.Body != want || read.Headers["ETag"] != `"1"` {
		t.Errorf("read %s %v\nwant %s", read.Body, read.Headers, want)
	}
	put := w.send("PUT", path, with(jsonBody, "If-Match", ` "1" `), `{"name":"b","status":"done","attributes":{}}`)
	want = fmt.Sprintf(`{"id":%q,"name":"b","status":"done","attributes":{},"createdAt":%q,"updatedAt":%q,"version":2}`,
		got.text("id"), got.text("createdAt"), table.Timestamp(w.clock()))
	if put.StatusCode != 200 || put.Body != want || put.Headers["ETag"] != `"2"` {
		t.Errorf("put %d %s %v\nwant %s", put.StatusCode, put.Body, put.Headers, want)
	}
	for status, n := range map[string]int{"active": 0, "done": 1} {
		if list := w.send("GET", "/items?status="+status, nil, ""); len(idsOf(list)) != n || list.text("nextCursor") != "" {
			t.Errorf("%s: %s", status, list.Body)
		}
	}
	put = w.send("PUT", path, with(jsonBody, "if-match", `"2"`), widget)
	if _, found := put.fields["attributes"]; found || put.fields["version"] != 3.0 {
		t.Errorf("an item without attributes: %s", put.Body)
	}
	w.delete(got.text("id"))
	if list := w.send("GET", "/items?status=active", nil, ""); list.Body != `{"items":[]}` {
		t.Errorf("after the delete, the list is %s", list.Body)
	}
	if got := w.send("GET", "/health", nil, ""); got.StatusCode != 200 || got.Body != `{"status":"ok"}` {
		t.Errorf("health: %d %s", got.StatusCode, got.Body)
	}
}

func TestIfMatch(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	path := "/items/" + w.create(widget)
	for _, c := range []struct {
		match  string
		status int
		code   api.Code
	}{
		{"-", 428, api.PreconditionRequired}, {"", 400, api.Validation}, {"1", 400, api.Validation},
		{`"1`, 400, api.Validation}, {`w/"1"`, 400, api.Validation},
		{`*, "1"`, 400, api.Validation}, {`"1", *`, 400, api.Validation}, {"**", 400, api.Validation}, {`"*`, 400, api.Validation},
		{`"1" "2"`, 400, api.Validation}, {`"1";"2"`, 400, api.Validation}, {`"2", 1`, 400, api.Validation}, {",", 400, api.Validation}, {`"1", "2`, 400, api.Validation},
		{tagsUpTo(102), 400, api.Validation},
		{`"*"`, 412, api.VersionConflict}, {`W/*`, 400, api.Validation}, {`W/"1", "2"`, 412, api.VersionConflict}, {`"2","3", "4"`, 412, api.VersionConflict},
		{`"0,1"`, 412, api.VersionConflict}, {`"2" , W/"1"`, 412, api.VersionConflict}, {`"1"2"`, 400, api.Validation},
		{`W/"1"`, 412, api.VersionConflict}, {`"2"`, 412, api.VersionConflict}, {`"01"`, 412, api.VersionConflict}, {`"+1"`, 412, api.VersionConflict},
		{`""`, 412, api.VersionConflict}, {`"abc"`, 412, api.VersionConflict}, {`"99999999999999999999"`, 412, api.VersionConflict},
	} {
		h := with(jsonBody, "if-match", c.match)
		if c.match == "-" {
			h = jsonBody
		}
		if got := w.send("PUT", path, h, widget); got.StatusCode != c.status || got.text("code") != string(c.code) {
			t.Errorf("%q: %d %s", c.match, got.StatusCode, got.Body)
		}
		if got := w.send("PUT", "/items/absent", h, widget); got.StatusCode != 404 {
			t.Errorf("%q on an absent item: %d %s", c.match, got.StatusCode, got.Body)
		}
	}
}

// tagsUpTo returns the tags of the versions 2 to n.
func tagsUpTo(n int64) string {
	var tags []string
	for version := int64(2); version <= n; version++ {
		tags = append(tags, api.ETag(version))
	}
	return strings.Join(tags, ",")
}

// If-Match may be * for any version, or a list of versions (RFC 9110, 13.1.1).
// Each header is sent while the item has version 2.
func TestIfMatchAnyOrSeveral(t *testing.T) {
	t.Parallel()
	for _, header := range []string{
		"*", " * ", "\t*", `"1", "2"`, `"2","1"`, `"1" ,	"2"`, `, "2",,`, `"2", "2"`, `"a,b", "2"`, `W/"2", "2"`, `"x", W/"1", "2"`, `"1",` + tagsUpTo(100),
	} {
		w := newWorld(t)
		path := "/items/" + w.create(widget)
		first := w.send("PUT", path, with(jsonBody, "if-match", `"1"`), `{"name":"first","status":"done"}`)
		second := w.send("PUT", path, with(jsonBody, "if-match", header), `{"name":"second","status":"done"}`)
		if first.StatusCode != 200 || second.StatusCode != 200 || second.Headers["ETag"] != `"3"` || second.fields["version"] != 3.0 || second.text("name") != "second" {
			t.Errorf("%q: %d %s after %d", header, second.StatusCode, second.Body, first.StatusCode)
		}
		if second.text("createdAt") != first.text("createdAt") {
			t.Errorf("%q: created at %s, and before at %s", header, second.text("createdAt"), first.text("createdAt"))
		}
	}
}

// All simultaneous updates with If-Match: * succeed, and each makes its own
// version.
func TestIfMatchAnyAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	path := "/items/" + w.create(widget)
	seen := map[string]bool{}
	for _, got := range parallel(20, func() answer { return w.send("PUT", path, with(jsonBody, "if-match", "*"), widget) }) {
		if got.StatusCode != 200 || seen[got.Headers["ETag"]] {
			t.Errorf("%d %s %v", got.StatusCode, got.Body, got.Headers)
		}
		seen[got.Headers["ETag"]] = true
	}
	if got := w.send("GET", path, nil, ""); got.Headers["ETag"] != `"21"` {
		t.Errorf("after all updates, the item is %s", got.Body)
	}
}

func TestExpiredIsAbsent(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	body := fmt.Sprintf(`{"name":"short","status":"active","ttl":%d}`, w.clock().Unix()+10)
	short, long := w.create(body), w.create(widget)
	w.advance(10 * time.Second)
	path := "/items/" + short
	for _, got := range []answer{
		w.send("GET", path, nil, ""), w.send("DELETE", path, nil, ""),
		w.send("PUT", path, with(jsonBody, "if-match", `"1"`), widget), w.send("PUT", path, jsonBody, widget),
		w.send("PUT", path, with(jsonBody, "if-match", "*"), widget), w.send("PUT", path, with(jsonBody, "if-match", `"1", "2"`), widget),
	} {
		if got.StatusCode != 404 {
			t.Errorf("%d %s", got.StatusCode, got.Body)
		}
	}
	if got := w.send("GET", "/items?status=active", nil, ""); len(idsOf(got)) != 1 || idsOf(got)[0] != long {
		t.Errorf("the list has an expired item: %s", got.Body)
	}
	for _, ttl := range []int64{w.clock().Unix() - 5, w.clock().Unix()} {
		body := fmt.Sprintf(`{"name":"late","status":"active","ttl":%d}`, ttl)
		if got := w.send("PUT", "/items/"+long, with(jsonBody, "if-match", `"1"`), body); got.text("code") != "validation" {
			t.Errorf("a ttl in the past: %d %s", got.StatusCode, got.Body)
		}
	}
}

func TestBodyForms(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, c := range []struct {
		name, value string
		want        api.Code
	}{
		{"content-type", "application/json;charset=utf-8", ""},
		{"content-type", "application/json; charset=utf-8; x=y", api.UnsupportedMediaType},
		{"content-type", "application/json,application/json", api.UnsupportedMediaType},
		{"content-type", "application/merge-patch+json", api.UnsupportedMediaType},
		{"content-encoding", "gzip", api.UnsupportedEncoding},
		{"content-encoding", "identity, gzip", api.UnsupportedEncoding},
		{"content-encoding", "Identity", ""},
	} {
		if got := w.send("POST", "/items", with(jsonBody, c.name, c.value), widget); got.text("code") != string(c.want) {
			t.Errorf("%s %s: %d %s", c.name, c.value, got.StatusCode, got.Body)
		}
	}
	event, _ := eventOf(t, "POST", "/items", jsonBody, widget)
	for body, want := range map[string]int{base64.StdEncoding.EncodeToString([]byte(widget)): 201, widget: 400} {
		event.Body, event.IsBase64Encoded, event.RawPath = body, true, "/staging/items/"
		got, _ := api.Handler(w.api, create.Handle)(t.Context(), event)
		a := answer{Response: got}
		json.Unmarshal([]byte(got.Body), &a.fields)
		if got.StatusCode != want || (want == 201 && got.Headers["Location"] != "/staging/items/"+a.text("id")) {
			t.Errorf("base64: %d %s %v", got.StatusCode, got.Body, got.Headers)
		}
		if want == 201 {
			w.stored[a.text("id")] = true
		}
	}
}

// A body within its limit may still be an item that is too large for DynamoDB:
// DynamoDB needs three bytes for some text that JSON writes in two.
func TestItemTooLargeForTheStore(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.create(widget)
	body := func(numbers, pad int) string {
		list := strings.TrimSuffix(strings.Repeat("1,", numbers), ",")
		return `{"name":"a","status":"active","attributes":{"v":[` + list + `],"pad":"` + strings.Repeat("x", pad) + `"}}`
	}
	// DynamoDB counts 60,000 bytes for the numbers, the pad, and about 150
	// bytes for the rest.
	for pad, want := range map[int]int{349_100: 201, 349_500: 413} {
		w.proxy.fault(nil)
		got := w.send("POST", "/items", jsonBody, body(20_000, pad))
		if got.StatusCode != want {
			t.Errorf("a pad of %d: %d %.200s", pad, got.StatusCode, got.Body)
		}
		// The store is asked only for what it will take.
		if calls := w.proxy.seen(); (len(calls) > 0) != (want == 201) {
			t.Errorf("a pad of %d: calls %v", pad, calls)
		}
	}
	if got := w.send("PUT", "/items/"+id, with(jsonBody, "if-match", `"1"`), body(190_000, 0)); got.StatusCode != 413 {
		t.Errorf("put: %d %.200s", got.StatusCode, got.Body)
	}
}
