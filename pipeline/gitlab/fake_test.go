package gitlab

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"
)

// fake implements the part of GitLab's API that Put uses, for merge request 7
// of project 42.
// https://docs.gitlab.com/api/notes/
// https://docs.gitlab.com/api/rest/#offset-based-pagination
type fake struct {
	url string

	mu    sync.Mutex
	notes []*fakeNote // oldest first
	last  int64
	calls []string                                                 // "METHOD path", in order
	fail  func(w http.ResponseWriter, r *http.Request) (done bool) // answers a request and returns true, or returns false; nil answers none
}

type fakeNote struct {
	ID     int64  `json:"id"`
	Body   string `json:"body"`
	System bool   `json:"system"`
	Author struct {
		ID int64 `json:"id"`
	} `json:"author"`
	CreatedAt time.Time `json:"created_at"`
}

// The token belongs to bot.
const (
	token = "glpat-abcdefghijklmnopqrst"
	bot   = 5
	human = 6
)

// The limits of GitLab: characters of a note, notes on a page.
const (
	maxNote = 1_000_000
	maxPage = 100
)

func newFake(t *testing.T) *fake {
	t.Helper()
	f := &fake{last: 100}
	mux := http.NewServeMux()
	const notes = "/api/v4/projects/42/merge_requests/7/notes"
	mux.HandleFunc("GET /api/v4/user", func(w http.ResponseWriter, r *http.Request) { answer(w, 200, map[string]any{"id": bot}) })
	mux.HandleFunc("GET /api/v4/projects/42/merge_requests/7", func(w http.ResponseWriter, r *http.Request) {
		answer(w, 200, map[string]any{"iid": 7, "web_url": f.url + "/group/project/-/merge_requests/7"})
	})
	mux.HandleFunc("GET "+notes, f.list)
	mux.HandleFunc("POST "+notes, f.create)
	mux.HandleFunc("PUT "+notes+"/{id}", f.change)
	mux.HandleFunc("DELETE "+notes+"/{id}", f.remove)
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		answer(w, 404, map[string]any{"message": "404 Not Found"})
	})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.calls = append(f.calls, r.Method+" "+strings.TrimPrefix(r.URL.Path, "/api/v4"))
		switch {
		case r.Header.Get("PRIVATE-TOKEN") != token:
			answer(w, 401, map[string]any{"message": "401 Unauthorized"})
		case f.fail == nil || !f.fail(w, r):
			mux.ServeHTTP(w, r)
		}
	}))
	t.Cleanup(server.Close)
	f.url = server.URL
	return f
}

// mergeRequest returns the fake's merge request, with no wait between tries.
func (f *fake) mergeRequest() MergeRequest {
	return MergeRequest{API: f.url + "/api/v4", Project: "42", IID: 7, Token: token,
		backoff: func(time.Duration, time.Duration, int, *http.Response) time.Duration { return 0 }}
}

// add adds a note that was written earlier.
func (f *fake) add(author int64, body string) *fakeNote {
	f.last++
	n := &fakeNote{ID: f.last, Body: body, CreatedAt: time.Unix(f.last, 0)}
	n.Author.ID = author
	f.notes = append(f.notes, n)
	return n
}

func answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(body)
}

func (f *fake) list(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	size, _ := strconv.Atoi(q.Get("per_page"))
	size = min(cmp.Or(size, 20), maxPage)
	page, _ := strconv.Atoi(q.Get("page"))
	page = max(page, 1)
	sorted := slices.Clone(f.notes)
	if q.Get("sort") != "asc" {
		slices.Reverse(sorted)
	}
	from := min((page-1)*size, len(sorted))
	to := min(page*size, len(sorted))
	w.Header().Set("X-Page", fmt.Sprint(page))
	w.Header().Set("X-Next-Page", "") // as on the last page
	if to < len(sorted) {
		w.Header().Set("X-Next-Page", fmt.Sprint(page+1))
		q.Set("page", fmt.Sprint(page+1))
		w.Header().Set("Link", fmt.Sprintf(`<%s%s?%s>; rel="next"`, f.url, r.URL.Path, q.Encode()))
	}
	answer(w, 200, sorted[from:to])
}

func (f *fake) create(w http.ResponseWriter, r *http.Request) {
	if body, ok := bodyOf(w, r); ok {
		answer(w, 201, f.add(bot, body))
	}
}

// find returns the index of the note in the path, if the token may change it.
func (f *fake) find(w http.ResponseWriter, r *http.Request) (i int, ok bool) {
	i = slices.IndexFunc(f.notes, func(n *fakeNote) bool { return fmt.Sprint(n.ID) == r.PathValue("id") })
	switch {
	case i < 0:
		answer(w, 404, map[string]any{"message": "404 Note Not Found"})
	case f.notes[i].Author.ID != bot:
		answer(w, 403, map[string]any{"message": "403 Forbidden"})
	default:
		return i, true
	}
	return 0, false
}

func (f *fake) change(w http.ResponseWriter, r *http.Request) {
	if i, ok := f.find(w, r); ok {
		if body, ok := bodyOf(w, r); ok {
			f.notes[i].Body = body
			answer(w, 200, f.notes[i])
		}
	}
}

func (f *fake) remove(w http.ResponseWriter, r *http.Request) {
	if i, ok := f.find(w, r); ok {
		f.notes = slices.Delete(f.notes, i, i+1)
		w.WriteHeader(204)
	}
}

func bodyOf(w http.ResponseWriter, r *http.Request) (body string, ok bool) {
	var sent struct{ Body string }
	if err := json.NewDecoder(r.Body).Decode(&sent); err != nil || sent.Body == "" {
		answer(w, 400, map[string]any{"error": "body is missing"})
		return "", false
	}
	if utf8.RuneCountInString(sent.Body) > maxNote {
		answer(w, 400, map[string]any{"message": map[string]any{"note": []string{"is too long (maximum is 1000000 characters)"}}})
		return "", false
	}
	return sent.Body, true
}
