package gitlab

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"skiff/pipeline/note"
)

// text returns a note that package note has rendered.
func text(pipeline int64, commit string) string {
	p, err := note.Read("staging", []byte(`{"changeSummary": {"same": 3}}`))
	if err != nil {
		panic(err)
	}
	return note.Render(note.Options{Commit: commit, Pipeline: pipeline}, []note.Preview{p})
}

// bodies returns the notes with their ids.
func (f *fake) bodies() (bodies []string) {
	for _, n := range f.notes {
		bodies = append(bodies, fmt.Sprint(n.ID, " ", n.Body))
	}
	return bodies
}

// Put replaces the right note and no other.
func TestPut(t *testing.T) {
	t.Parallel()
	old, now := text(10, "old"), text(11, "now")
	for _, test := range []struct {
		name   string
		there  func(f *fake)
		put    string
		want   []string // the notes afterwards
		at     int64    // the returned note
		failed error
	}{
		{"none", func(f *fake) {}, now, []string{"101 " + now}, 101, nil},
		{"an own one", func(f *fake) { f.add(human, "hello"); f.add(bot, old) }, now, []string{"101 hello", "102 " + now}, 102, nil},
		{"one of the same pipeline", func(f *fake) { f.add(bot, now) }, now, []string{"101 " + now}, 101, nil},
		{"one without a pipeline", func(f *fake) { f.add(bot, note.Marker+"\n\nold") }, now, []string{"101 " + now}, 101, nil},
		{"a text without a pipeline", func(f *fake) { f.add(bot, old) }, text(0, "now"), []string{"101 " + text(0, "now")}, 101, nil},
		{"another user's", func(f *fake) { f.add(human, old) }, now, []string{"101 " + old, "102 " + now}, 102, nil},
		{"another user's newer one", func(f *fake) { f.add(human, text(12, "new")) }, now, []string{"101 " + text(12, "new"), "102 " + now}, 102, nil},
		{"an own one that quotes it", func(f *fake) { f.add(bot, "see\n"+note.Marker) }, now, []string{"101 see\n" + note.Marker, "102 " + now}, 102, nil},
		{"an own one with another marker", func(f *fake) { f.add(bot, "<!-- other -->\n") }, now, []string{"101 <!-- other -->\n", "102 " + now}, 102, nil},
		{"a system note", func(f *fake) { f.add(bot, old).System = true }, now, []string{"101 " + old, "102 " + now}, 102, nil},
		{"several", func(f *fake) { f.add(bot, old); f.add(human, old); f.add(bot, old); f.add(bot, text(9, "x")) }, now,
			[]string{"101 " + now, "102 " + old}, 101, nil},
		{"a newer one", func(f *fake) { f.add(bot, text(12, "new")) }, now, []string{"101 " + text(12, "new")}, 101, ErrNewer},
		{"a newer one among several", func(f *fake) { f.add(bot, old); f.add(bot, text(12, "new")) }, now,
			[]string{"101 " + old, "102 " + text(12, "new")}, 102, ErrNewer},
		{"lines that end as on Windows", func(f *fake) { f.add(bot, note.Marker+"\r\n") }, now, []string{"101 " + now}, 101, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			f := newFake(t)
			test.there(f)
			url, err := f.mergeRequest().Put(t.Context(), note.Marker, test.put)
			if !errors.Is(err, test.failed) {
				t.Errorf("Put fails with %v, want %v", err, test.failed)
			}
			if want := fmt.Sprintf("%s/group/project/-/merge_requests/7#note_%d", f.url, test.at); url != want {
				t.Errorf("the note is at %s, want %s", url, want)
			}
			if diff := cmp.Diff(test.want, f.bodies()); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

// Put finds the note on any page.
func TestPages(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	for i := range 250 {
		if i == 230 {
			f.add(bot, text(1, "old"))
		}
		f.add(human, fmt.Sprint(i))
	}
	url, err := f.mergeRequest().Put(t.Context(), note.Marker, text(2, "now"))
	if err != nil || !strings.HasSuffix(url, "#note_331") {
		t.Errorf("the note is at %s, %v", url, err)
	}
	if len(f.notes) != 251 {
		t.Errorf("%d notes, want 251", len(f.notes))
	}
	want := []string{
		"GET /projects/42/merge_requests/7", "GET /user",
		"GET /projects/42/merge_requests/7/notes", "GET /projects/42/merge_requests/7/notes", "GET /projects/42/merge_requests/7/notes",
		"PUT /projects/42/merge_requests/7/notes/331",
	}
	if diff := cmp.Diff(want, f.calls); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// on fails the first requests with the method.
func on(method string, times, status int, body string, headers ...string) func(w http.ResponseWriter, r *http.Request) bool {
	return func(w http.ResponseWriter, r *http.Request) bool {
		if r.Method != method || times == 0 {
			return false
		}
		times--
		for i := 0; i < len(headers); i += 2 {
			w.Header().Set(headers[i], headers[i+1])
		}
		w.WriteHeader(status)
		fmt.Fprint(w, body)
		return true
	}
}

const always = -1

// Each error is one sentence that says what to do and does not contain the
// token.
func TestFailures(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name   string
		change func(f *fake, m *MergeRequest)
		want   string
	}{
		{"no token", func(f *fake, m *MergeRequest) { m.Token = " \n" }, ErrNoToken.Error()},
		{"no URL", func(f *fake, m *MergeRequest) { m.API = "" }, `"" is not the URL of GitLab's API; a pipeline sets it in CI_API_V4_URL`},
		{"a wrong token", func(f *fake, m *MergeRequest) { m.Token = "glpat-wrong" },
			"could not read the merge request: GitLab refuses the token (401); it has expired, was revoked or is for another GitLab, so create a new one with the scope api"},
		{"another project", func(f *fake, m *MergeRequest) { m.Project = "43" },
			"could not read the merge request: the token does not see a merge request 7 in project 43 (404); check that it is a token of this project"},
		{"a token that may read", func(f *fake, m *MergeRequest) { f.fail = on("POST", always, 403, `{"error":"insufficient_scope"}`) },
			"could not write a note: the token has no right to do so (403); it needs the scope api and the role Developer in the project"},
		{"a note that may not be changed", func(f *fake, m *MergeRequest) {
			f.add(bot, text(1, "old"))
			f.fail = func(w http.ResponseWriter, r *http.Request) bool { // the note turns out to be another user's
				f.notes[0].Author.ID = bot
				if r.Method == "PUT" {
					f.notes[0].Author.ID = human
				}
				return false
			}
		}, "could not change its note 101: the token has no right to do so (403); it needs the scope api and the role Developer in the project"},
		{"busy", func(f *fake, m *MergeRequest) { f.fail = on("GET", always, 429, `{"message":"Too many"}`) },
			"could not read the merge request: GitLab limits the rate of requests (429), even after 5 repetitions; run the job again later"},
		{"broken", func(f *fake, m *MergeRequest) {
			f.fail = on("POST", always, 500, `{"message":"500 Internal Server Error"}`)
		},
			"could not write a note: GitLab fails (500), even after 5 repetitions; run the job again later"},
		{"a repeated token", func(f *fake, m *MergeRequest) {
			f.fail = on("POST", always, 400, `{"message":"`+token+` is`+"\u202e"+`\n bad"}`)
		},
			"could not write a note: GitLab refuses the request (400): {message: [token] is   bad}"},
		{"a page of a proxy", func(f *fake, m *MergeRequest) { f.fail = on("GET", always, 200, "<html>"+token) },
			"could not read the merge request: invalid character '<' looking for beginning of value"},
		{"a long answer", func(f *fake, m *MergeRequest) { f.fail = on("GET", always, 418, strings.Repeat("é", 400)) },
			"could not read the merge request: failed to parse unknown error format: " + strings.Repeat("é", 300-len("failed to parse unknown error format: ")) + "…"},
		{"another text", func(f *fake, m *MergeRequest) {}, `the note begins with "hello", not with its marker "<!-- pulumi preview -->"`},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			f := newFake(t)
			m := f.mergeRequest()
			test.change(f, &m)
			put := text(2, "now")
			if test.name == "another text" {
				put = "hello"
			}
			_, err := m.Put(t.Context(), note.Marker, put)
			if fmt.Sprint(err) != test.want {
				t.Errorf("got  %v\nwant %s", err, test.want)
			}
			if strings.Contains(fmt.Sprintf("%v %+v %#v", err, err, err), token) {
				t.Error("the token is in the error")
			}
		})
	}
}

// GitLab refuses a note that is too long. It does not cut it.
func TestTooLong(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	_, err := f.mergeRequest().Put(t.Context(), note.Marker, note.Marker+"\n"+strings.Repeat("é", maxNote))
	want := "could not write a note: GitLab refuses the request (400): {message: {note: [is too long (maximum is 1000000 characters)]}}"
	if fmt.Sprint(err) != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
	if len(f.notes) != 0 {
		t.Error("a note was added")
	}
}

// The token is not sent to another host.
func TestRedirect(t *testing.T) {
	t.Parallel()
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		t.Errorf("the other host got %s with the token %q", r.URL, r.Header.Get("PRIVATE-TOKEN"))
	}))
	t.Cleanup(other.Close)
	f := newFake(t)
	f.fail = func(w http.ResponseWriter, r *http.Request) bool {
		http.Redirect(w, r, other.URL, http.StatusFound)
		return true
	}
	_, err := f.mergeRequest().Put(t.Context(), note.Marker, text(2, "now"))
	want := "could not read the merge request: " + f.url + "/api/v4 answers with a redirect (302), which is not followed with the token; check that it is the URL of GitLab's API"
	if fmt.Sprint(err) != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
}

// A stopped job returns an error that wraps context.Canceled.
func TestStopped(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	ctx, cancel := context.WithCancel(t.Context())
	f.fail = func(w http.ResponseWriter, r *http.Request) bool {
		cancel()
		return r.Method == "GET"
	}
	if _, err := f.mergeRequest().Put(ctx, note.Marker, text(2, "now")); !errors.Is(err, context.Canceled) {
		t.Errorf("failed with %v, want %v", err, context.Canceled)
	}
}
