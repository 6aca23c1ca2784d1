package contract

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"skiff/lambdas/items"
	"skiff/lambdas/table"
)

// If the response to a write is lost, the SDK repeats the write. The repeated
// write finds the first one's result and succeeds.
func TestLostAnswers(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		lost    string
		request func(w *world, id string) answer
		status  int
	}{
		{"PutItem", func(w *world, _ string) answer { return w.send("POST", "/items", jsonBody, widget) }, 201},
		{"PutItem", func(w *world, _ string) answer { return w.send("POST", "/items", keyed("k"), widget) }, 201},
		{"UpdateItem", func(w *world, _ string) answer { return w.send("POST", "/items", keyed("k"), widget) }, 201},
		{"GetItem", func(w *world, id string) answer { return w.send("GET", "/items/"+id, nil, "") }, 200},
		{"UpdateItem", func(w *world, id string) answer {
			return w.send("PUT", "/items/"+id, with(jsonBody, "if-match", `"1"`), widget)
		}, 200},
	} {
		t.Run(c.lost, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			id := w.create(widget)
			w.proxy.fault(loseFirst(c.lost))
			got := c.request(w, id)
			if got.StatusCode != c.status || got.Headers["Idempotency-Replayed"] != "" {
				t.Errorf("%d %s %v", got.StatusCode, got.Body, got.Headers)
			}
			if calls := w.proxy.seen(); count(calls, "dynamodb:"+c.lost) < 2 {
				t.Errorf("no call was repeated: %v", calls)
			}
		})
	}
}

func count(calls []string, call string) int {
	n := 0
	for _, c := range calls {
		if c == call {
			n++
		}
	}
	return n
}

// Each case is an error of DynamoDB, and what the client and the log show of
// it.
func TestStoreErrors(t *testing.T) {
	t.Parallel()
	for code, want := range map[string]int{
		"ThrottlingException": 503, "ProvisionedThroughputExceededException": 503, "RequestLimitExceeded": 503,
		"AccessDeniedException": 500, "ResourceNotFoundException": 500, "ValidationException": 500, "UnrecognizedClientException": 500,
	} {
		t.Run(code, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.faulty = true
			w.proxy.fault(func(_ string, rw http.ResponseWriter, _ *http.Request) bool {
				refuseWith(rw, code)
				return true
			})
			got := w.send("GET", "/items/x", nil, "")
			if got.StatusCode != want || (got.Headers["Retry-After"] != "") != (want == 503) {
				t.Errorf("%d %s %v", got.StatusCode, got.Body, got.Headers)
			}
			if !strings.Contains(w.log.String(), "dynamodb:GetItem: "+code) {
				t.Error(w.log.String())
			}
		})
	}
}

// AWS calls its size rule approximate, so DynamoDB may refuse an item that
// CheckSize accepts.
func TestStoreFindsItemTooLarge(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.create(widget)
	w.proxy.fault(func(_ string, rw http.ResponseWriter, _ *http.Request) bool {
		rw.WriteHeader(http.StatusBadRequest)
		fmt.Fprint(rw, `{"__type":"com.amazon.coral.validate#ValidationException","message":"Item size has exceeded the maximum allowed size"}`)
		return true
	})
	for _, got := range []answer{
		w.send("POST", "/items", jsonBody, widget), w.send("PUT", "/items/"+id, with(jsonBody, "if-match", `"1"`), widget),
	} {
		if got.StatusCode != 413 || got.text("code") != "too_large" {
			t.Errorf("%d %s", got.StatusCode, got.Body)
		}
	}
}

// A store that is down, or answers like a broken proxy, gives a 503.
func TestStoreDown(t *testing.T) {
	t.Parallel()
	for name, harm := range map[string]func(http.ResponseWriter){
		"cut":  func(http.ResponseWriter) { panic(http.ErrAbortHandler) },
		"html": func(w http.ResponseWriter) { w.WriteHeader(502); fmt.Fprint(w, "<html>arn:aws:bad</html>") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.faulty = true
			w.proxy.fault(func(_ string, rw http.ResponseWriter, _ *http.Request) bool { harm(rw); return true })
			if got := w.send("GET", "/items/x", nil, ""); got.StatusCode != 503 || got.Headers["Retry-After"] == "" {
				t.Errorf("%d %s", got.StatusCode, got.Body)
			}
		})
	}
}

// A row that no handler can have written gives a 500 and no panic.
func TestForeignRows(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.faulty = true
	w.put(map[string]types.AttributeValue{"id": table.Text("bare")})
	delete(w.stored, "bare")
	set := map[string]types.AttributeValue{"s": &types.AttributeValueMemberSS{Value: []string{"a"}}}
	w.put(w.item("set", items.Draft{Name: "a", Status: "done", Attributes: set}).Row())
	for _, path := range []string{"/items/bare", "/items/set", "/items?status=done"} {
		if got := w.send("GET", path, nil, ""); got.StatusCode != 500 || got.text("code") != "internal" {
			t.Errorf("%s: %d %s", path, got.StatusCode, got.Body)
		}
	}
}
