package items

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// contractCase is one case of testdata/bad-inputs.json.
type contractCase struct {
	ID      string
	Request struct {
		Method  string
		Path    json.RawMessage
		Headers map[string]json.RawMessage
		Body    json.RawMessage
	}
	Setup  string
	Expect struct {
		Status int
		Error  string
		And    string
	}
}

// generated reads a value that stands there as text or as $gen.
func generated(t *testing.T, raw json.RawMessage) string {
	t.Helper()
	if len(raw) == 0 {
		return ""
	}
	var text string
	if json.Unmarshal(raw, &text) == nil {
		return text
	}
	var value struct {
		Gen struct {
			Pre, Repeat, Post, Hex               string
			N, Nest, Keys, Item, Bytes, MaxBytes int
		} `json:"$gen"`
	}
	if err := json.Unmarshal(raw, &value); err != nil {
		t.Fatal(err)
	}
	gen := value.Gen
	const start = `{"name":"a","status":"active","attributes":{`
	switch {
	case gen.Nest > 0: // attributes is the first level
		return start + strings.Repeat(`"d":{`, gen.Nest-1) + strings.Repeat("}", gen.Nest-1) + "}}"
	case gen.Keys > 0:
		body := []byte(start + `"k":0`)
		for n := 0; n < gen.Keys && len(body) < gen.MaxBytes-20; n++ {
			body = fmt.Appendf(body, `,"%d":0`, n)
		}
		return string(body) + "}}"
	case gen.Item > 0:
		padding := gen.Item - len(start+`"pad":""}}`)
		return start + `"pad":"` + strings.Repeat("x", padding) + `"}}`
	}
	bytes, err := hex.DecodeString(gen.Hex)
	if err != nil {
		t.Fatal(err)
	}
	return gen.Pre + strings.Repeat(gen.Repeat, gen.N) + string(bytes) + gen.Post
}

func (c contractCase) headers(t *testing.T) headers {
	h := headers{}
	for name, value := range c.Request.Headers {
		if name != "$none" {
			h[name] = generated(t, value)
		}
	}
	return h
}

// send sends the case's request, with its placeholders filled in.
func (c contractCase) send(w *world, placeholders ...string) answer {
	w.t.Helper()
	path := strings.NewReplacer(placeholders...).Replace(generated(w.t, c.Request.Path))
	return w.send(c.Request.Method, path, c.headers(w.t), generated(w.t, c.Request.Body))
}

func (c contractCase) expect(w *world, got answer) {
	w.t.Helper()
	if got.StatusCode != c.Expect.Status || (c.Expect.Error != "" && got.text("code") != c.Expect.Error) {
		w.t.Errorf("status %d, code %q; want %d, %q: %.300s", got.StatusCode, got.text("code"), c.Expect.Status, c.Expect.Error, got.Body)
	}
}

func TestContract(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("testdata/bad-inputs.json")
	if err != nil {
		t.Fatal(err)
	}
	var file struct{ Cases []contractCase }
	if err := json.Unmarshal(data, &file); err != nil {
		t.Fatal(err)
	}
	if len(file.Cases) == 0 {
		t.Fatal("no cases")
	}
	for _, c := range file.Cases {
		t.Run(c.ID, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			if run := conversations[c.ID]; run != nil {
				run(w, c)
				return
			}
			if c.Setup != "" || c.Expect.And != "" {
				t.Fatalf("nothing here sets up %q and checks %q", c.Setup, c.Expect.And)
			}
			before := w.ids()
			got := c.send(w)
			c.expect(w, got)
			if after := w.ids(); got.StatusCode != 201 && !slices.Equal(before, after) {
				t.Errorf("the case changed what is stored: %v, %v", before, after)
			}
		})
	}
}

const widget = `{"name":"widget","status":"active"}`

// conversations are the cases that take more than one request, or say more of
// the answer than its status and code.
var conversations = map[string]func(*world, contractCase){
	"F08": readsBack, "F14": readsBack, "F16": readsBack,
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
			w.t.Errorf("after a deleted item come %v", ids)
		}
	},
	"Q17": func(w *world, c contractCase) {
		for range 7 {
			w.create(widget)
		}
		c.expect(w, c.send(w))
		if sizes := w.walk("/items?status=active&limit=2"); !slices.Equal(sizes, []int{2, 2, 2, 1}) {
			w.t.Errorf("pages of %v", sizes)
		}
	},
	"H02": func(w *world, c contractCase) {
		id := w.create(widget)
		for range 2 {
			c.expect(w, c.send(w, "{existing}", id))
		}
	},
	"I01": func(w *world, c contractCase) {
		first, second := c.send(w), c.send(w)
		c.expect(w, first)
		c.expect(w, second)
		if first.Body != second.Body || len(w.ids()) != 1 {
			w.t.Errorf("answers %s and %s, %d items", first.Body, second.Body, len(w.ids()))
		}
		if first.Headers["Idempotency-Replayed"] != "" || second.Headers["Idempotency-Replayed"] != "true" {
			w.t.Errorf("replay marks: %v, %v", first.Headers, second.Headers)
		}
		if first.Headers["Location"] != second.Headers["Location"] || second.Headers["ETag"] != `"1"` {
			w.t.Errorf("headers: %v, %v", first.Headers, second.Headers)
		}
	},
	"I02": func(w *world, c contractCase) {
		w.send("POST", "/items", c.headers(w.t), widget)
		c.expect(w, c.send(w))
	},
	"I05": func(w *world, c contractCase) {
		created, refused := 0, 0
		ids := map[string]bool{}
		for _, got := range parallel(50, func() answer { return c.send(w) }) {
			switch got.StatusCode {
			case 201:
				created++
				ids[got.text("id")] = true
			case 409:
				refused++
				if got.text("code") != "in_progress" || got.Headers["Retry-After"] == "" {
					w.t.Errorf("409: %s %v", got.Body, got.Headers)
				}
			}
		}
		if created == 0 || created+refused != 50 || len(ids) != 1 || len(w.ids()) != 1 {
			w.t.Errorf("%d created, %d refused, ids %v, stored %v", created, refused, ids, w.ids())
		}
	},
	"I07": func(w *world, c contractCase) {
		id := w.create(widget)
		statuses := map[int]int{}
		for _, got := range parallel(50, func() answer { return c.send(w, "{existing}", id) }) {
			statuses[got.StatusCode]++
		}
		if statuses[200] != 1 || statuses[412] != 49 {
			w.t.Errorf("statuses %v", statuses)
		}
		if got := w.send("GET", "/items/"+id, nil, ""); got.fields["version"] != 2.0 {
			w.t.Errorf("version is %v", got.fields["version"])
		}
	},
	"I08": func(w *world, c contractCase) {
		c.expect(w, c.send(w))
		if got := w.send("GET", generated(w.t, c.Request.Path), nil, ""); got.StatusCode != 404 {
			w.t.Errorf("then it is there: %d", got.StatusCode)
		}
	},
	"I10": func(w *world, c contractCase) {
		id := w.create(widget)
		w.delete(id)
		c.expect(w, c.send(w, "{existing}", id))
	},
	"I11": func(w *world, c contractCase) {
		w.put((&Item{ID: "gone", Draft: Draft{Name: "a", Status: "active", TTL: w.clock().Unix() - 1}, Version: 1}).withTimes(w.clock()).row())
		c.expect(w, c.send(w, "{expired}", "gone"))
	},
	"X01": func(w *world, c contractCase) {
		var calls atomic.Int64
		w.proxy.fault(func(action string, rw http.ResponseWriter, r *http.Request) bool {
			if action != "PutItem" || calls.Add(1) > 2 {
				return false
			}
			refuseWith(rw, "ProvisionedThroughputExceededException")
			return true
		})
		c.expect(w, c.send(w))
		if calls.Load() != 3 || len(w.ids()) != 1 {
			w.t.Errorf("%d calls, %d items", calls.Load(), len(w.ids()))
		}
	},
	"X02": func(w *world, c contractCase) {
		w.faulty, w.deadline = true, 10*time.Second
		w.proxy.fault(func(action string, rw http.ResponseWriter, r *http.Request) bool {
			if action == "PutItem" {
				refuseWith(rw, "ThrottlingException")
			}
			return action == "PutItem"
		})
		got := c.send(w)
		c.expect(w, got)
		if got.Headers["Retry-After"] != "1" || len(w.ids()) != 0 {
			w.t.Errorf("Retry-After %q, %d items", got.Headers["Retry-After"], len(w.ids()))
		}
	},
	"X04": func(w *world, c contractCase) {
		id := w.create(widget)
		w.api = w.process(tryTime)
		// Once the deadline ends it, once the tries do.
		for _, deadline := range []time.Duration{1800 * time.Millisecond, 10 * time.Second} {
			w.faulty, w.deadline = true, deadline
			w.proxy.fault(func(_ string, _ http.ResponseWriter, r *http.Request) bool {
				select {
				case <-r.Context().Done():
				case <-time.After(time.Minute):
				}
				return true
			})
			got := c.send(w, "{existing}", id)
			c.expect(w, got)
			if got.Headers["Retry-After"] != "1" {
				w.t.Errorf("Retry-After %q", got.Headers["Retry-After"])
			}
			if calls := len(w.proxy.seen()); deadline > 5*time.Second && calls != tries {
				w.t.Errorf("%d tries", calls)
			}
		}
	},
	"X05": func(w *world, c contractCase) {
		w.faulty = true
		w.proxy.fault(func(action string, rw http.ResponseWriter, r *http.Request) bool {
			if action == "PutItem" {
				refuseWith(rw, "AccessDeniedException")
			}
			return action == "PutItem"
		})
		c.expect(w, c.send(w))
		if log := w.log.String(); !strings.Contains(log, `"error":"dynamodb:PutItem: AccessDeniedException"`) {
			w.t.Errorf("the log does not say which action was denied: %s", log)
		}
	},
}

// readsBack: what was created is read as it was sent.
func readsBack(w *world, c contractCase) {
	got := c.send(w)
	c.expect(w, got)
	var sent struct{ Name string }
	if err := json.Unmarshal([]byte(generated(w.t, c.Request.Body)), &sent); err != nil {
		w.t.Fatal(err)
	}
	read := w.send("GET", "/items/"+got.text("id"), nil, "")
	if read.text("name") != sent.Name || read.Body != got.Body || !strings.Contains(read.Body, sent.Name) {
		w.t.Errorf("sent %q, read %s", sent.Name, read.Body)
	}
}

// bigPages: a page of large items ends at about 1 MB.
func bigPages(w *world, c contractCase) {
	attributes := map[string]types.AttributeValue{"pad": text(strings.Repeat("x", 380_000))}
	var group sync.WaitGroup
	for n := range 4 {
		group.Go(func() {
			for i := n; i < 100; i += 4 {
				item := newItem(fmt.Sprintf("item-%03d", i), timestamp(w.clock().Add(time.Duration(i)*time.Second)),
					Draft{Name: "big", Status: "active", Attributes: attributes})
				if _, err := w.api.Store.Create(w.t.Context(), item); err != nil {
					w.t.Error(err)
				}
			}
		})
	}
	group.Wait()
	for i := range 100 {
		w.stored[fmt.Sprintf("item-%03d", i)] = true
	}
	got := c.send(w)
	c.expect(w, got)
	if n := len(idsOf(got)); n == 0 || n >= 100 || got.text("nextCursor") == "" || len(got.Body) > pageBytes+1000 {
		w.t.Errorf("%d items, %d bytes", n, len(got.Body))
	}
	sum := 0
	for _, size := range w.walk("/items?status=active&limit=100") {
		sum += size
	}
	if sum != 100 {
		w.t.Errorf("the walk met %d items", sum)
	}
}

// firstPage makes items and gives the first page of a list of them.
func (w *world) firstPage(items, limit int) answer {
	w.t.Helper()
	for range items {
		w.create(widget)
	}
	got := w.send("GET", fmt.Sprintf("/items?status=active&limit=%d", limit), nil, "")
	if len(idsOf(got)) != limit || got.text("nextCursor") == "" {
		w.t.Fatalf("the first page: %s", got.Body)
	}
	return got
}

func (w *world) delete(id string) {
	w.t.Helper()
	if got := w.send("DELETE", "/items/"+id, nil, ""); got.StatusCode != 204 {
		w.t.Fatalf("delete: %d %s", got.StatusCode, got.Body)
	}
	w.mutex.Lock()
	defer w.mutex.Unlock()
	delete(w.stored, id)
}

// walk reads a list to its end and gives the sizes of its pages. No id may
// come twice, and none before a newer one.
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
				w.t.Fatalf("%s comes twice, or too late", id) // and might for ever
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

func (i *Item) withTimes(t time.Time) *Item {
	i.CreatedAt, i.UpdatedAt = timestamp(t), timestamp(t)
	return i
}

// parallel calls f n times at once.
func parallel(n int, f func() answer) []answer {
	answers := make([]answer, n)
	start := make(chan struct{})
	var group sync.WaitGroup
	for i := range n {
		group.Go(func() {
			<-start
			answers[i] = f()
		})
	}
	close(start)
	group.Wait()
	return answers
}
