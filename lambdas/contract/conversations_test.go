package contract

import (
	"encoding/json"
	"strings"
	"sync"

	"skiff/lambdas/items"
)

// conversation runs a case that has several requests, or that checks more than
// a status and a code.
type conversation func(*world, contractCase)

// writeConversations returns the cases about writes.
func writeConversations() map[string]conversation {
	return map[string]conversation{
		"F08": readsBack, "F14": readsBack, "F16": readsBack,
		"R01": toExisting, "R02": toExisting, "R03": toExisting,
		"I05": oneOfManyCreates, "I07": oneOfManyUpdates,
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
				w.t.Errorf("the answers are %s and %s, with %d items in the table", first.Body, second.Body, len(w.ids()))
			}
			if first.Headers["Idempotency-Replayed"] != "" || second.Headers["Idempotency-Replayed"] != "true" {
				w.t.Errorf("the headers %v and %v have a wrong Idempotency-Replayed", first.Headers, second.Headers)
			}
			if first.Headers["Location"] != second.Headers["Location"] || second.Headers["ETag"] != `"1"` {
				w.t.Errorf("the headers %v and %v have a wrong Location or ETag", first.Headers, second.Headers)
			}
		},
		"I02": func(w *world, c contractCase) {
			w.send("POST", "/items", c.headers(w.t), widget)
			c.expect(w, c.send(w))
		},
		"I08": func(w *world, c contractCase) {
			c.expect(w, c.send(w))
			if got := w.send("GET", generated(w.t, c.Request.Path), nil, ""); got.StatusCode != 404 {
				w.t.Errorf("the refused item has status %d, want 404", got.StatusCode)
			}
		},
		"I10": func(w *world, c contractCase) {
			id := w.create(widget)
			w.delete(id)
			c.expect(w, c.send(w, "{existing}", id))
		},
		"I11": func(w *world, c contractCase) {
			w.put(w.item("gone", items.Draft{Name: "a", Status: "active", TTL: w.clock().Unix() - 1}).Row())
			c.expect(w, c.send(w, "{expired}", "gone"))
		},
	}
}

// toExisting checks that a refused request does not change an existing item.
func toExisting(w *world, c contractCase) {
	id := w.create(widget)
	c.expect(w, c.send(w, "{existing}", id))
	if got := w.send("GET", "/items/"+id, nil, ""); got.Headers["ETag"] != `"1"` {
		w.t.Errorf("the item has changed: %s", got.Body)
	}
}

// oneOfManyCreates checks that only one of many simultaneous creates with the
// same key creates an item.
func oneOfManyCreates(w *world, c contractCase) {
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
}

// oneOfManyUpdates checks that only one of many simultaneous updates of the
// same version succeeds.
func oneOfManyUpdates(w *world, c contractCase) {
	id := w.create(widget)
	statuses := map[int]int{}
	for _, got := range parallel(50, func() answer { return c.send(w, "{existing}", id) }) {
		statuses[got.StatusCode]++
	}
	if statuses[200] != 1 || statuses[412] != 49 {
		w.t.Errorf("statuses %v", statuses)
	}
	if got := w.send("GET", "/items/"+id, nil, ""); got.fields["version"] != 2.0 {
		w.t.Errorf("the version is %v, want 2", got.fields["version"])
	}
}

// readsBack checks that a created item is read as it was sent.
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

func (w *world) delete(id string) {
	w.t.Helper()
	if got := w.send("DELETE", "/items/"+id, nil, ""); got.StatusCode != 204 {
		w.t.Fatalf("delete: %d %s", got.StatusCode, got.Body)
	}
	w.mutex.Lock()
	defer w.mutex.Unlock()
	delete(w.stored, id)
}

// parallel calls f n times at the same time.
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
