package contract

import (
	"crypto/sha256"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"skiff/lambdas/items"
	"skiff/lambdas/table"
)

func keyed(key string) headers { return with(jsonBody, "idempotency-key", key) }

// denyNth denies the nth call of the action.
func denyNth(action string, n int64) func(string, http.ResponseWriter, *http.Request) bool {
	var calls atomic.Int64
	return func(called string, w http.ResponseWriter, r *http.Request) bool {
		if called != action || calls.Add(1) != n {
			return false
		}
		refuseWith(w, "AccessDeniedException")
		return true
	}
}

func wantCreated(t *testing.T, got answer, id string, replayed bool) {
	t.Helper()
	if got.StatusCode != 201 || (id != "" && got.text("id") != id) || (got.Headers["Idempotency-Replayed"] == "true") != replayed {
		t.Errorf("want id %q, replayed %v; got %d %s %v", id, replayed, got.StatusCode, got.Body, got.Headers)
	}
}

const (
	deadID   = "01ARZ3NDEKTSV4RRFFQ69G5FAV"
	lockTime = 30 * time.Second
)

// died writes the record of an attempt to create widget that died, and returns
// the creation time in it. After a deployment, the table holds records of the
// release before it, so the form of a record must not change.
func (w *world) died(key string) (createdAt string) {
	w.t.Helper()
	hash := sha256.Sum256([]byte(widget))
	now := w.clock()
	w.put(map[string]types.AttributeValue{
		"id":            table.Text("idem#" + key),
		"hash":          &types.AttributeValueMemberB{Value: hash[:]},
		"itemId":        table.Text(deadID),
		"itemCreatedAt": table.Text(table.Timestamp(now)),
		"owner":         table.Text("dead"),
		"lockedUntil":   table.Integer(now.Add(lockTime).UnixMilli()),
		"ttl":           table.Integer(now.Add(24 * time.Hour).Unix()),
	})
	return table.Timestamp(now)
}

// If an attempt died before it wrote its item, a later one takes over when the
// lock has ended, and uses the same id.
func TestDiedBeforeItem(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	createdAt := w.died("k")
	got := w.send("POST", "/items", keyed("k"), widget)
	if got.StatusCode != 409 || got.text("code") != "in_progress" || got.Headers["Retry-After"] != "30" {
		t.Fatalf("within the lock: %d %s %v", got.StatusCode, got.Body, got.Headers)
	}
	w.advance(lockTime)
	if got := w.send("POST", "/items", keyed("k"), `{"name":"other","status":"active"}`); got.text("code") != "idempotency_mismatch" {
		t.Errorf("another body: %s", got.Body)
	}
	// Of many simultaneous requests, one takes over.
	for _, got := range parallel(10, func() answer { return w.send("POST", "/items", keyed("k"), widget) }) {
		if got.StatusCode != 409 && (got.StatusCode != 201 || got.text("id") != deadID || got.text("createdAt") != createdAt) {
			t.Errorf("after the lock: %d %s", got.StatusCode, got.Body)
		}
	}
	if ids := w.ids(); !slices.Equal(ids, []string{deadID}) {
		t.Errorf("the table has %v", ids)
	}
	wantCreated(t, w.send("POST", "/items", keyed("k"), widget), deadID, true)
}

// If an attempt died after it wrote its item, a later one finishes with that
// item.
func TestDiedAfterItem(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.died("k")
	w.put(w.item(deadID, items.Draft{Name: "widget", Status: "active"}).Row())
	w.advance(lockTime)
	wantCreated(t, w.send("POST", "/items", keyed("k"), widget), deadID, true)
}

// After a create that failed, the next try with its key does not wait.
func TestFailedCreateFreesItsKey(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.faulty = true
	w.proxy.fault(denyNth("PutItem", 2))
	if got := w.send("POST", "/items", keyed("k"), widget); got.StatusCode != 500 || len(w.ids()) != 0 {
		t.Fatalf("%d %s", got.StatusCode, got.Body)
	}
	wantCreated(t, w.send("POST", "/items", keyed("k"), widget), "", false)
}

// If the item is written and its record cannot be settled, the client still
// gets its item. The next request settles the record.
func TestOpenRecord(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.proxy.fault(denyNth("UpdateItem", 1))
	first := w.send("POST", "/items", keyed("k"), widget)
	wantCreated(t, first, "", false)
	if !strings.Contains(w.log.String(), "stays open") {
		t.Error("the log is empty")
	}
	w.advance(lockTime)
	wantCreated(t, w.send("POST", "/items", keyed("k"), widget), first.text("id"), true)
	// The record is settled, so another request need not wait.
	wantCreated(t, w.send("POST", "/items", keyed("k"), widget), first.text("id"), true)
}

func TestKeyIsForgottenAfterADay(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	kept := w.send("POST", "/items", keyed("k"), widget)
	w.advance(24*time.Hour - time.Second)
	wantCreated(t, w.send("POST", "/items", keyed("k"), widget), kept.text("id"), true)
	w.advance(2 * time.Second)
	// DynamoDB has not deleted the record, but it has expired.
	again := w.send("POST", "/items", keyed("k"), `{"name":"other","status":"active"}`)
	wantCreated(t, again, "", false)
	if again.text("id") == kept.text("id") {
		t.Error("an expired key gives the old item")
	}
}

// A replay shows the item as it was created, whatever changed later.
func TestReplayAfterChange(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	body := fmt.Sprintf(`{"name":"short","status":"active","ttl":%d,"attributes":{"n":1.10}}`, w.clock().Unix()+60)
	first := w.send("POST", "/items", keyed("k"), body)
	path := "/items/" + first.text("id")
	if got := w.send("PUT", path, with(jsonBody, "if-match", `"1"`), widget); got.StatusCode != 200 {
		t.Fatal(got.Body)
	}
	again := w.send("POST", "/items", keyed("k"), body)
	wantCreated(t, again, first.text("id"), true)
	// After the item's ttl, a new create with that ttl is refused, but a replay is not.
	w.advance(2 * time.Minute)
	late := w.send("POST", "/items", keyed("k"), body)
	wantCreated(t, late, first.text("id"), true)
	if again.Body != first.Body || late.Body != first.Body {
		t.Errorf("replays %s and %s of %s", again.Body, late.Body, first.Body)
	}
	for _, key := range []string{"", "other"} {
		h := jsonBody
		if key != "" {
			h = keyed(key)
		}
		if got := w.send("POST", "/items", h, body); got.StatusCode != 400 || got.text("code") != "validation" {
			t.Errorf("a ttl in the past under key %q: %d %s", key, got.StatusCode, got.Body)
		}
	}
	w.delete(first.text("id"))
	replay := w.send("POST", "/items", keyed("k"), body)
	wantCreated(t, replay, first.text("id"), true)
	delete(w.stored, first.text("id"))
}

// A key belongs to its caller. Another caller's request with the same key is a
// separate create, with the same body or another one. A subject is the same
// caller whether a JWT authorizer or the authorizer function passes it on. All
// callers without a subject are one caller.
func TestKeyIsTheCallers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	byFunction := func(subject any) *caller { return &caller{Lambda: map[string]any{"subject": subject}} }
	byIssuer := func(claims map[string]string) *caller {
		return &caller{JWT: &events.APIGatewayV2HTTPRequestContextAuthorizerJWTDescription{Claims: claims}}
	}
	ids := map[string]string{} // by caller
	for _, c := range []struct {
		name string
		who  *caller
	}{
		{"", nil}, {"", &caller{}}, {"", byFunction("")}, {"", byFunction(7)}, {"", byIssuer(nil)}, {"", byIssuer(map[string]string{"subject": "ann"})},
		{"ann", byFunction("ann")}, {"ann", byIssuer(map[string]string{"sub": "ann"})}, {"ann", byFunction("ann")},
		{"bob", byFunction("bob")}, {"k", byFunction("k")}, {"ann#k", byFunction("ann#k")}, {"long", byFunction(strings.Repeat("ü", 4000))},
	} {
		body := fmt.Sprintf(`{"name":"of %s","status":"active"}`, c.name)
		got := w.sendAs(c.who, w.api, "POST", "/items", keyed("k"), body)
		wantCreated(t, got, ids[c.name], ids[c.name] != "")
		ids[c.name] = got.text("id")
	}
	if len(w.ids()) != len(ids) {
		t.Errorf("the table has %d items of %d callers", len(w.ids()), len(ids))
	}
	if got := w.sendAs(byFunction("bob"), w.api, "POST", "/items", keyed("k"), widget); got.text("code") != "idempotency_mismatch" {
		t.Errorf("another body of the same caller: %s", got.Body)
	}
}

func TestIdempotencyKeyForms(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for key, want := range map[string]int{
		"": 400, "a,b": 400, "ü": 400, "a#b": 400, strings.Repeat("k", 129): 400, strings.Repeat("k", 128): 201, "A_z-9": 201,
	} {
		if got := w.send("POST", "/items", keyed(key), widget); got.StatusCode != want {
			t.Errorf("%q: %d %s", key, got.StatusCode, got.Body)
		}
	}
}
