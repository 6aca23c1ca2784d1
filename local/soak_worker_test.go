package main

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"time"

	"github.com/coder/websocket"
)

// answerLimit is the time that a worker retries: through a restart of the
// program, and until the Idempotency-Key of a killed attempt is free again.
const answerLimit = 10 * time.Minute

// keptItems is the number of items that a worker keeps at a time.
const keptItems = 30

// soakItem is the state of an item that only its worker changes.
type soakItem struct {
	name, id string
	version  int  // of the last change
	answered bool // the last change was acknowledged, not only found to be done
	deleted  bool
}

// A soakWorker creates, reads, changes and deletes its items.
type soakWorker struct {
	soak   *soak
	number int
	random *rand.Rand
	made   int
	live   []*soakItem
	all    []*soakItem
}

// run works until stop is closed, and finishes the current step.
func (w *soakWorker) run(stop <-chan struct{}) {
	for {
		select {
		case <-stop:
			return
		default:
		}
		n := w.random.IntN(100)
		switch {
		case len(w.live) == 0 || n < 15 && len(w.live) < keptItems:
			w.create()
		case n < 35:
			w.update(w.any())
		case n < 40:
			w.list()
		case n < 50 || len(w.live) >= keptItems:
			w.delete(w.any())
		default:
			w.get(w.any())
		}
	}
}

func (w *soakWorker) any() *soakItem { return w.live[w.random.IntN(len(w.live))] }

// send retries until an answer is final. If tries is above 1, an earlier try
// may have succeeded.
func (w *soakWorker) send(what, method, path, body string, headers ...string) (a answer, tries int) {
	began := time.Now()
	for tries = 1; ; tries++ {
		var err error
		a, err = w.soak.connected().send(method, path, body, headers...)
		switch {
		case err != nil:
			w.soak.count(what + " without an answer")
		case a.status >= 500 || a.status == http.StatusTooManyRequests || a.status == http.StatusConflict && what == "create":
			w.soak.count(fmt.Sprintf("%s answered %d", what, a.status))
		default:
			w.soak.count(what)
			return a, tries
		}
		if time.Since(began) > answerLimit {
			w.soak.t.Errorf("%s %s has no answer in %s: %d %s, %v", method, path, answerLimit, a.status, a.body, err)
			return a, tries
		}
		<-time.After(every)
	}
}

func (w *soakWorker) fail(what string, i *soakItem, a answer, tries int) {
	w.soak.t.Errorf("%s of %+v, try %d, answers %d %s", what, *i, tries, a.status, a.body)
}

func (w *soakWorker) create() {
	w.made++
	i := &soakItem{name: fmt.Sprintf("soak-%d-%d", w.number, w.made), version: 1, answered: true}
	again := w.random.IntN(10) == 0
	for {
		a, tries := w.send("create", http.MethodPost, "/items", fmt.Sprintf(`{"name":%q,"status":"active"}`, i.name), "Idempotency-Key", i.name)
		var got item
		if err := json.Unmarshal([]byte(a.body), &got); err != nil || a.status != http.StatusCreated || got.Version != 1 || i.id != "" && got.ID != i.id {
			w.fail("create", i, a, tries)
			return
		}
		if i.id = got.ID; !again {
			break
		}
		again = false
	}
	w.live, w.all = append(w.live, i), append(w.all, i)
}

func (w *soakWorker) get(i *soakItem) {
	a, tries := w.send("get", http.MethodGet, "/items/"+i.id, "")
	var got item
	if err := json.Unmarshal([]byte(a.body), &got); err != nil || a.status != http.StatusOK || got.Version != i.version || got.Name != i.name {
		w.fail("get", i, a, tries)
	}
}

func (w *soakWorker) update(i *soakItem) {
	body := fmt.Sprintf(`{"name":%q,"status":"active","attributes":{"change":%d}}`, i.name, i.version)
	a, tries := w.send("update", http.MethodPut, "/items/"+i.id, body, "If-Match", fmt.Sprintf(`"%d"`, i.version))
	switch {
	case a.status == http.StatusOK:
		i.version, i.answered = i.version+1, true
	case a.status == http.StatusPreconditionFailed && tries > 1:
		i.version, i.answered = i.version+1, false
		w.get(i)
	default:
		w.fail("update", i, a, tries)
	}
}

// delete accepts a 404 if an earlier try may have deleted the item. That is
// this worker's try, or the function's if the store was killed meanwhile.
func (w *soakWorker) delete(i *soakItem) {
	began := time.Now()
	a, tries := w.send("delete", http.MethodDelete, "/items/"+i.id, "")
	again := tries > 1 || w.soak.killedSince(began)
	if a.status != http.StatusNoContent && (a.status != http.StatusNotFound || !again) {
		w.fail("delete", i, a, tries)
	}
	i.version, i.answered, i.deleted = i.version+1, a.status == http.StatusNoContent, true
	w.live = slices.DeleteFunc(w.live, func(o *soakItem) bool { return o == i })
}

func (w *soakWorker) list() {
	a, _ := w.send("list", http.MethodGet, "/items?status=active&limit=20", "")
	if a.status != http.StatusOK {
		w.soak.t.Errorf("list answers %d %s", a.status, a.body)
	}
}

// listen receives events, and reconnects whenever the connection ends.
func (s *soak) listen(stop <-chan struct{}) {
	ctx, cancel := context.WithCancel(s.t.Context())
	defer cancel()
	go func() {
		select {
		case <-stop:
			cancel()
		case <-ctx.Done():
		}
	}()
	for ctx.Err() == nil {
		c := s.connected()
		s.mu.Lock()
		url := s.sockets + "?token=" + c.token
		s.mu.Unlock()
		conn, _, err := websocket.Dial(ctx, url, &websocket.DialOptions{HTTPClient: c.http})
		if err != nil {
			select {
			case <-ctx.Done():
			case <-time.After(every):
			}
			continue
		}
		s.count("WebSocket client connected")
		s.receive(ctx, conn)
		conn.CloseNow()
	}
}

// receive reads events until the connection ends.
func (s *soak) receive(ctx context.Context, conn *websocket.Conn) {
	for {
		_, message, err := conn.Read(ctx)
		if err != nil {
			return
		}
		var event struct{ ID string }
		if err := json.Unmarshal(message, &event); err != nil || event.ID == "" {
			s.t.Errorf("a client received %s, %v", message, err)
		}
		s.count("event received by a client")
		s.mu.Lock()
		s.received[event.ID]++
		s.mu.Unlock()
	}
}
