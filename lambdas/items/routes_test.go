package items

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/lambdacontext"

	"skiff/lambdas"
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
		got.text("id"), timestamp(w.clock()), timestamp(w.clock()))
	if got.StatusCode != 201 || got.Body != want || got.Headers["ETag"] != `"1"` || got.Headers["Location"] != "/items/"+got.text("id") {
		t.Errorf("created %d %s %v\nwant %s", got.StatusCode, got.Body, got.Headers, want)
	}
	path := "/items/" + got.text("id")
	if read := w.send("GET", path, nil, ""); read.Body != want || read.Headers["ETag"] != `"1"` {
		t.Errorf("read %s %v\nwant %s", read.Body, read.Headers, want)
	}
	put := w.send("PUT", path, with(jsonBody, "If-Match", ` "1" `), `{"name":"b","status":"done","attributes":{}}`)
	want = fmt.Sprintf(`{"id":%q,"name":"b","status":"done","attributes":{},"createdAt":%q,"updatedAt":%q,"version":2}`,
		got.text("id"), got.text("createdAt"), timestamp(w.clock()))
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
		t.Errorf("then: %s", list.Body)
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
		code   Code
	}{
		{"-", 428, PreconditionRequired}, {"", 400, Validation}, {"1", 400, Validation}, {"*", 400, Validation},
		{`"1`, 400, Validation}, {`"1", "2"`, 400, Validation}, {`"1","1"`, 400, Validation}, {`w/"1"`, 400, Validation},
		{`W/"1"`, 412, VersionConflict}, {`"2"`, 412, VersionConflict}, {`"01"`, 412, VersionConflict}, {`"+1"`, 412, VersionConflict},
		{`""`, 412, VersionConflict}, {`"abc"`, 412, VersionConflict}, {`"99999999999999999999"`, 412, VersionConflict},
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
	} {
		if got.StatusCode != 404 {
			t.Errorf("%d %s", got.StatusCode, got.Body)
		}
	}
	if got := w.send("GET", "/items?status=active", nil, ""); len(idsOf(got)) != 1 || idsOf(got)[0] != long {
		t.Errorf("listed: %s", got.Body)
	}
	for _, ttl := range []int64{w.clock().Unix() - 5, w.clock().Unix()} {
		body := fmt.Sprintf(`{"name":"late","status":"active","ttl":%d}`, ttl)
		if got := w.send("PUT", "/items/"+long, with(jsonBody, "if-match", `"1"`), body); got.text("code") != "validation" {
			t.Errorf("a ttl of the past: %d %s", got.StatusCode, got.Body)
		}
	}
}

// Expired items fill the index's first pages: the list reads on.
func TestListReadsPastExpired(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for range 3 {
		w.create(widget)
	}
	body := fmt.Sprintf(`{"name":"short","status":"active","ttl":%d}`, w.clock().Unix()+2)
	for range 12 {
		w.create(body)
	}
	w.advance(time.Minute)
	if sizes := w.walk("/items?status=active&limit=2"); fmt.Sprint(sizes) != "[2 1]" {
		t.Errorf("pages of %v", sizes)
	}
}

func TestListParameters(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.create(widget)
	for query, want := range map[string]int{
		"status=active&status=active": 400, "status=active&status=done": 400, "status=active&limit=5&limit=5": 400,
		"status=active&cursor=": 400, "status=active&limit=101": 400, "status=active&limit=+5": 400, "status=active&limit=%205": 400,
		"status=active&limit=5.0": 400, "status=active&limit=0x5": 400, "status=active&limit=99999999999999999999": 400, "status=": 400,
		"Status=active": 400, "status=active&limit=100": 200, "status=active&limit=1": 200, "status=active&other=1&other=2": 200,
	} {
		if got := w.send("GET", "/items?"+query, nil, ""); got.StatusCode != want {
			t.Errorf("%s: %d %s", query, got.StatusCode, got.Body)
		}
	}
}

// Two processes that make the cursors' key at once agree on it, and a third
// that starts later reads their cursors.
func TestCursorsAcrossProcesses(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for range 3 {
		w.create(widget)
	}
	const first = "/items?status=active&limit=1"
	pages := parallel(8, func() answer { return w.sendTo(w.process(time.Minute), "GET", first, nil, "") })
	other := w.process(time.Minute)
	for _, page := range pages {
		cursor := page.text("nextCursor")
		got := w.sendTo(other, "GET", first+"&cursor="+cursor, nil, "")
		if got.StatusCode != 200 || cursor != pages[0].text("nextCursor") {
			t.Errorf("a cursor of another process: %d %s", got.StatusCode, got.Body)
		}
	}
	// Every change to a cursor is seen.
	cursor := pages[0].text("nextCursor")
	for i := range cursor {
		changed := []byte(cursor)
		changed[i] ^= 1
		if got := w.send("GET", first+"&cursor="+string(changed), nil, ""); got.text("code") != "invalid_cursor" {
			t.Errorf("changed at %d: %d %s", i, got.StatusCode, got.Body)
		}
	}
}

func TestBodyForms(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, c := range []struct {
		name, value string
		want        Code
	}{
		{"content-type", "application/json;charset=utf-8", ""},
		{"content-type", "application/json; charset=utf-8; x=y", UnsupportedMediaType},
		{"content-type", "application/json,application/json", UnsupportedMediaType},
		{"content-type", "application/merge-patch+json", UnsupportedMediaType},
		{"content-encoding", "gzip", UnsupportedEncoding},
		{"content-encoding", "identity, gzip", UnsupportedEncoding},
		{"content-encoding", "Identity", ""},
	} {
		if got := w.send("POST", "/items", with(jsonBody, c.name, c.value), widget); got.text("code") != string(c.want) {
			t.Errorf("%s %s: %d %s", c.name, c.value, got.StatusCode, got.Body)
		}
	}
	event, _ := eventOf(t, "POST", "/items", jsonBody, widget)
	for body, want := range map[string]int{base64.StdEncoding.EncodeToString([]byte(widget)): 201, widget: 400} {
		event.Body, event.IsBase64Encoded, event.RawPath = body, true, "/staging/items/"
		got, _ := w.api.Handler(Create)(t.Context(), event)
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

// Within the body's limit, an item may still be larger than DynamoDB holds:
// what JSON writes in two bytes takes three.
func TestItemTooLargeForTheStore(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.create(widget)
	body := func(n int) string {
		return `{"name":"a","status":"active","attributes":{"v":[` + strings.TrimSuffix(strings.Repeat("1,", n), ",") + `]}}`
	}
	for n, want := range map[int]int{136_400: 201, 136_600: 413} {
		w.proxy.fault(nil)
		got := w.send("POST", "/items", jsonBody, body(n))
		if got.StatusCode != want {
			t.Errorf("%d numbers: %d %.200s", n, got.StatusCode, got.Body)
		}
		// The store is asked only for what it will take.
		if calls := w.proxy.seen(); (len(calls) > 0) != (want == 201) {
			t.Errorf("%d numbers: calls %v", n, calls)
		}
	}
	if got := w.send("PUT", "/items/"+id, with(jsonBody, "if-match", `"1"`), body(190_000)); got.StatusCode != 413 {
		t.Errorf("put: %d %.200s", got.StatusCode, got.Body)
	}
}

func TestPanicIsAnAnswer(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.faulty = true
	handler := w.api.Handler(func(context.Context, *API, Request) (Response, error) {
		var none map[string]int
		none["x"] = 1
		return Response{}, nil
	})
	ctx := lambdacontext.NewContext(t.Context(), &lambdacontext.LambdaContext{AwsRequestID: "request-1"})
	got, err := handler(ctx, Request{})
	if err != nil || w.check("request-1", got).text("code") != "internal" {
		t.Errorf("%v %d %s", err, got.StatusCode, got.Body)
	}
	if log := w.log.String(); !strings.Contains(log, "TestPanicIsAnAnswer") || !strings.Contains(log, `"requestId":"request-1"`) {
		t.Errorf("the log does not name the place: %s", log)
	}
}

func TestRandomnessFails(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.create(widget)
	w.faulty = true
	broken := w.process(time.Minute)
	broken.Random = failing{}
	for _, got := range []answer{
		w.sendTo(broken, "POST", "/items", jsonBody, widget),
		w.sendTo(broken, "PUT", "/items/"+id, with(jsonBody, "if-match", `"1"`), widget),
	} {
		if got.StatusCode != 500 {
			t.Errorf("%d %s", got.StatusCode, got.Body)
		}
	}
}

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, errors.New("none left") }

func TestRequestLine(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.send("GET", "/items/bad!", nil, "")
	var line map[string]any
	if err := json.Unmarshal([]byte(w.log.String()), &line); err != nil {
		t.Fatalf("%v: %s", err, w.log.String())
	}
	for name, want := range map[string]any{
		"level": "INFO", "msg": "request", "requestId": "request-1", "method": "GET", "route": "GET /items/{id}",
		"status": 400.0, "durationMs": 0.0, "code": "invalid_id",
	} {
		if line[name] != want {
			t.Errorf("%s is %v, want %v", name, line[name], want)
		}
	}
}

func TestStartRefuses(t *testing.T) {
	t.Parallel()
	whole := map[string]string{
		lambdas.TableNameVariable: "t", "AWS_REGION": "eu-west-1", "AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b",
	}
	for missing := range whole {
		_, err := newStore(func(name string) string {
			if name == missing {
				return ""
			}
			return whole[name]
		}, tryTime)
		if err == nil || !strings.Contains(err.Error(), missing+" is not set") {
			t.Errorf("without %s: %v", missing, err)
		}
	}
	if _, err := newStore(func(name string) string { return whole[name] }, tryTime); err != nil {
		t.Error(err)
	}
	for level, lines := range map[string]int{"": 3, "debug": 4, "info": 3, "warn": 2, "error": 1} {
		var log bytes.Buffer
		api, err := newAPI(func(string) string { return level }, &log)
		if err != nil {
			t.Fatal(err)
		}
		api.Log.Debug("a")
		api.Log.Info("a")
		api.Log.Warn("a")
		api.Log.Error("a")
		if got := strings.Count(log.String(), "\n"); got != lines {
			t.Errorf("%q writes %d lines", level, got)
		}
	}
	for _, level := range []string{"INFO", "trace", "warning"} {
		if _, err := newAPI(func(string) string { return level }, nil); err == nil || !strings.Contains(err.Error(), "set it to debug, info, warn or error") {
			t.Errorf("%q: %v", level, err)
		}
	}
}
