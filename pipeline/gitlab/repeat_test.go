package gitlab

import (
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"skiff/pipeline/note"
)

// A request that fails for a moment is repeated after the time that GitLab
// names, up to patience.
func TestRepeats(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name string
		fail func(w http.ResponseWriter, r *http.Request) bool
		want []time.Duration
	}{
		{"asked to wait", on("POST", 2, 429, "{}", "Retry-After", "7"), []time.Duration{7 * time.Second, 7 * time.Second}},
		{"asked to wait for long", on("GET", 1, 429, "{}", "Retry-After", "3600"), []time.Duration{patience}},
		{"asked to wait without a time", on("GET", 2, 429, "{}"), []time.Duration{leastGap, 2 * leastGap}},
		{"broken", on("POST", 5, 502, "<html>"), []time.Duration{leastGap, 2 * leastGap, 4 * leastGap, 8 * leastGap, mostGap}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			f := newFake(t)
			f.fail = test.fail
			m := f.mergeRequest()
			var waits []time.Duration
			m.backoff = func(least, most time.Duration, attempt int, response *http.Response) time.Duration {
				waits = append(waits, wait(least, most, attempt, response))
				return 0
			}
			if _, err := m.Put(t.Context(), note.Marker, text(2, "now")); err != nil {
				t.Error(err)
			}
			if diff := cmp.Diff(test.want, waits); diff != "" {
				t.Errorf("waits, -want +got:\n%s", diff)
			}
			if len(f.notes) != 1 {
				t.Errorf("there are %d notes, want 1", len(f.notes))
			}
		})
	}
}

// If a failed request has written a note after all, there are two notes. The
// next Put deletes one.
func TestWrittenTwice(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	failed := false
	f.fail = func(w http.ResponseWriter, r *http.Request) bool {
		if r.Method == "POST" && !failed {
			failed = true
			f.add(bot, text(1, "old"))
			w.WriteHeader(502)
			return true
		}
		return false
	}
	for _, want := range []int{2, 1} {
		if _, err := f.mergeRequest().Put(t.Context(), note.Marker, text(2, "now")); err != nil {
			t.Error(err)
		}
		if len(f.notes) != want {
			t.Errorf("%d notes, want %d", len(f.notes), want)
		}
	}
}

// It is not a failure if another pipeline deletes a note at the same time.
func TestDeletedMeanwhile(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	f.add(bot, text(1, "old"))
	f.add(bot, text(1, "old"))
	f.fail = func(w http.ResponseWriter, r *http.Request) bool {
		if r.Method == "DELETE" {
			f.notes = f.notes[:1]
		}
		return false
	}
	if _, err := f.mergeRequest().Put(t.Context(), note.Marker, text(2, "now")); err != nil {
		t.Error(err)
	}
}
