package contract

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"skiff/lambdas/items"
	"skiff/lambdas/table"
)

// listConversations returns the cases about pages and cursors.
func listConversations() map[string]conversation {
	return map[string]conversation{
		"S10": bigPages,
		"Q13": func(w *world, c contractCase) {
			first := w.firstPage(3, 2)
			c.expect(w, c.send(w, "{cursor-of-active}", first.text("nextCursor")))
		},
		"Q14": func(w *world, c contractCase) {
			first := w.firstPage(3, 2)
			last := idsOf(first)[1]
			w.delete(last)
			got := c.send(w, "{cursor}", first.text("nextCursor"))
			c.expect(w, got)
			if ids := idsOf(got); len(ids) != 1 || slices.Contains(idsOf(first), ids[0]) {
				w.t.Errorf("the page after a deleted item has %v", ids)
			}
		},
		"Q17": func(w *world, c contractCase) {
			for range 7 {
				w.create(widget)
			}
			c.expect(w, c.send(w))
			if sizes := w.walk("/items?status=active&limit=2"); !slices.Equal(sizes, []int{2, 2, 2, 1}) {
				w.t.Errorf("the pages have %v items", sizes)
			}
		},
	}
}

// bigPages checks that a page of large items ends at about 1 MB.
func bigPages(w *world, c contractCase) {
	pad := map[string]types.AttributeValue{"pad": table.Text(strings.Repeat("x", 380_000))}
	var group sync.WaitGroup
	for n := range 4 {
		group.Go(func() {
			for i := n; i < 100; i += 4 {
				item := w.item(fmt.Sprintf("item-%03d", i), items.Draft{Name: "big", Status: "active", Attributes: pad})
				item.CreatedAt = table.Timestamp(w.clock().Add(time.Duration(i) * time.Second))
				w.put(item.Row())
			}
		})
	}
	group.Wait()
	got := c.send(w)
	c.expect(w, got)
	if n := len(idsOf(got)); n == 0 || n >= 100 || got.text("nextCursor") == "" || len(got.Body) > 1<<20+1000 {
		w.t.Errorf("%d items, %d bytes", n, len(got.Body))
	}
	sum := 0
	for _, size := range w.walk("/items?status=active&limit=100") {
		sum += size
	}
	if sum != 100 {
		w.t.Errorf("all pages together have %d items", sum)
	}
}

// firstPage creates items and returns the first page of their list.
func (w *world) firstPage(count, limit int) answer {
	w.t.Helper()
	for range count {
		w.create(widget)
	}
	got := w.send("GET", fmt.Sprintf("/items?status=active&limit=%d", limit), nil, "")
	if len(idsOf(got)) != limit || got.text("nextCursor") == "" {
		w.t.Fatalf("the first page: %s", got.Body)
	}
	return got
}

// walk reads a list to its end and returns the sizes of its pages. It fails if
// an id appears twice, or after an older one.
func (w *world) walk(path string) []int {
	w.t.Helper()
	var sizes []int
	seen := map[string]bool{}
	newest := "~"
	for cursor := ""; ; {
		next := path
		if cursor != "" {
			next += "&cursor=" + cursor
		}
		got := w.send("GET", next, nil, "")
		if got.StatusCode != 200 {
			w.t.Fatalf("page %d: %d %s", len(sizes), got.StatusCode, got.Body)
		}
		for _, entry := range got.fields["items"].([]any) {
			item := entry.(map[string]any)
			id, created := item["id"].(string), item["createdAt"].(string)
			if seen[id] || created > newest {
				w.t.Fatalf("%s appears twice, or after an older item", id) // the walk might never end
			}
			seen[id], newest = true, created
		}
		sizes = append(sizes, len(idsOf(got)))
		if cursor = got.text("nextCursor"); cursor == "" {
			return sizes
		}
	}
}

func idsOf(page answer) []string {
	var ids []string
	entries, _ := page.fields["items"].([]any)
	for _, entry := range entries {
		ids = append(ids, entry.(map[string]any)["id"].(string))
	}
	return ids
}

// If expired items fill the first pages of the index, the list reads on.
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
		t.Errorf("the pages have %v items", sizes)
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

// All processes derive the same key from the secret, so each reads the others'
// cursors.
func TestCursorsAcrossProcesses(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for range 3 {
		w.create(widget)
	}
	const first = "/items?status=active&limit=1"
	pages := parallel(8, func() answer { return w.sendTo(w.process(patience), "GET", first, nil, "") })
	other := w.process(patience)
	for _, page := range pages {
		cursor := page.text("nextCursor")
		got := w.sendTo(other, "GET", first+"&cursor="+cursor, nil, "")
		if got.StatusCode != 200 || cursor != pages[0].text("nextCursor") {
			t.Errorf("a cursor of another process: %d %s", got.StatusCode, got.Body)
		}
	}
	// A cursor with any changed character is refused.
	cursor := pages[0].text("nextCursor")
	for i := range cursor {
		changed := []byte(cursor)
		changed[i] ^= 1
		if got := w.send("GET", first+"&cursor="+string(changed), nil, ""); got.text("code") != "invalid_cursor" {
			t.Errorf("changed at %d: %d %s", i, got.StatusCode, got.Body)
		}
	}
}

// Without a secret, a list that needs a cursor fails, and the log says what an
// operator must do. A list that needs no cursor is answered.
func TestListWithoutSecret(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	value := w.services.secrets[cursorARN]
	for range 2 {
		w.create(widget)
	}
	cursor := w.send("GET", "/items?status=active&limit=1", nil, "").text("nextCursor")
	w.faulty = true
	for name, c := range map[string]struct {
		set    func(*services)
		want   string
		harm   func(string, http.ResponseWriter, *http.Request) bool
		status int
	}{
		"no value": {func(s *services) { delete(s.secrets, cursorARN) }, "secret staging-cursors has no value; put one: go run ./infra/key staging-cursors", nil, 503},
		"short":    {func(s *services) { s.secrets[cursorARN] = "short" }, "secret staging-cursors has a value of fewer than 32 bytes; put one: go run ./infra/key staging-cursors", nil, 503},
		"denied":   {func(*services) {}, "secretsmanager:GetSecretValue: AccessDeniedException", deny("secretsmanager:GetSecretValue"), 500},
	} {
		w.services.change(c.set)
		w.services.fault(c.harm)
		w.api = w.process(patience)
		for _, query := range []string{"", "&cursor=" + cursor} {
			got := w.send("GET", "/items?status=active&limit=1"+query, nil, "")
			if got.StatusCode != c.status || (got.Headers["Retry-After"] != "") != (c.status == 503) {
				t.Errorf("%s: %d %s %v", name, got.StatusCode, got.Body, got.Headers)
			}
		}
		if got := w.send("GET", "/items?status=active", nil, ""); got.StatusCode != 200 {
			t.Errorf("%s: %d %s", name, got.StatusCode, got.Body)
		}
		if log := w.log.String(); !strings.Contains(log, c.want) {
			t.Errorf("%s: the log does not say %q: %s", name, c.want, log)
		}
	}
	w.services.fault(nil)
	w.services.change(func(s *services) { s.secrets[cursorARN] = value })
	if got := w.send("GET", "/items?status=active&limit=1&cursor="+cursor, nil, ""); got.StatusCode != 200 {
		t.Errorf("%d %s", got.StatusCode, got.Body)
	}
}
