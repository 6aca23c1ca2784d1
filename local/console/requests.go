package console

import (
	"bytes"
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"skiff/local/inspect"
)

// maxRows is the number of rows of a list; the overview shows fewer.
const (
	maxRows  = 200
	fewRows  = 8
	maxShown = 64 << 10 // bytes of a body
)

// row is an entry in a list.
type row struct {
	ID, Kind, Time, What string
	Result, Tone         string // Tone is good, warn or bad
	Took                 string
	Cold                 bool
	Functions, Verdict   string
	Said                 string // for screen readers
}

// names maps functions' names in AWS to their names in the Pulumi program.
type names map[string]string

func (c *Console) names() names {
	all, err := c.o.Cloud.Functions()
	if err != nil {
		return nil // without this map, pages show names in AWS
	}
	n := names{}
	for _, f := range all {
		n[f.Name] = f.Logical
	}
	return n
}

func (n names) of(function string) string { return cmp.Or(n[function], function) }

func (n names) row(e *inspect.Entry) row {
	r := row{ID: e.ID, Kind: e.Kind, Time: e.Began.Local().Format("15:04:05.000"), Took: took(e.Duration)}
	m := maskOf(e)
	var functions []string
	for _, i := range e.Invocations {
		functions = append(functions, n.of(i.Function))
		r.Cold = r.Cold || i.Cold()
	}
	r.Functions = strings.Join(functions, ", ")
	if e.Request != nil {
		r.What = m.text(e.Request.Method) + " " + m.uri(e.Request.URI)
		r.Result, r.Tone = resultOf(e.Request.Status)
		r.Verdict = verdictOf(e.Request)
	} else {
		r.What = e.Kind + " " + sourceName(m.text(e.Source))
		r.Result, r.Tone = "succeeded", "good"
		if slices.ContainsFunc(e.Invocations, inspect.Execution.Failed) {
			r.Result, r.Tone = "failed", "bad"
		}
	}
	r.Said = r.What + ": " + r.Result
	return r
}

// resultOf returns a status as text, and its tone.
func resultOf(status int) (text, tone string) {
	text = strings.TrimSpace(strconv.Itoa(status) + " " + http.StatusText(status))
	switch {
	case status >= 500:
		return text, "bad"
	case status >= 400:
		return text, "warn"
	}
	return text, "good"
}

func verdictOf(r *inspect.Request) string {
	switch {
	case r.Authorizer == "":
		return ""
	case r.Refused != nil:
		return "refused"
	case r.Kept:
		return "allowed (cached)"
	}
	return "allowed"
}

// sourceName returns the last part of an ARN.
func sourceName(source string) string {
	parts := strings.SplitN(source, ":", 6)
	if len(parts) < 6 {
		return source
	}
	return parts[5]
}

// took formats a duration.
func took(d time.Duration) string {
	switch {
	case d >= time.Second:
		return fmt.Sprintf("%.2f s", d.Seconds())
	case d >= 100*time.Millisecond:
		return fmt.Sprintf("%.0f ms", float64(d)/1e6)
	}
	return fmt.Sprintf("%.1f ms", float64(d)/1e6)
}

// live is a list that the feed adds entries to.
type live struct {
	Rows []row
	Most int
	Try  string // how to cause an entry
}

func (c *Console) live(most int) live {
	l, n := live{Most: most}, c.names()
	for _, e := range c.o.Cloud.Requests() {
		if len(l.Rows) == most {
			break
		}
		l.Rows = append(l.Rows, n.row(e))
	}
	return l
}

func (c *Console) requests(*http.Request) (view, error) {
	return view{"Requests", "requests", c.live(maxRows)}, nil
}

// text is a body or a log as a page shows it.
type text struct{ Name, Note, Text string }

type field struct{ Name, Value string }

// execution is an invocation as its page shows it.
type execution struct {
	Function, ID, Role string
	Result, Tone       string
	Took, Init         string
	Event, Answer, Log text
	Calls              []inspect.Call
}

func (c *Console) request(r *http.Request) (view, error) {
	e, ok := c.o.Cloud.Request(r.PathValue("id"))
	if !ok {
		return view{}, fmt.Errorf("request %s: %w", r.PathValue("id"), errNotFound)
	}
	p, err := c.o.Cloud.Picture()
	if err != nil {
		return view{}, err
	}
	m := maskOf(e)
	n := c.names()
	data := map[string]any{"Row": n.row(e), "Token": c.token, "Picture": draw(p, p.Path(e))}
	if err := e.Replayable(); err != nil {
		data["CannotReplay"] = err.Error()
	}
	if x := e.Request; x != nil {
		data["Route"] = x.Route
		data["Request"] = map[string]any{
			"Headers": m.headers(x.Header), "Body": m.body("Body", x.Body, x.BodySize),
			"AnswerHeaders": m.headers(x.AnswerHeader), "Answer": m.body("Body", x.Answer, x.AnswerSize),
		}
		if x.Err != nil {
			data["Error"] = m.text(x.Err.Error())
		} else if x.Refused != nil {
			data["Error"] = m.text(x.Refused.Error())
		}
	} else {
		data["From"] = m.text(e.Source)
	}
	var executions []execution
	for _, i := range e.Invocations {
		executions = append(executions, m.execution(i))
	}
	data["Invocations"] = executions
	return view{n.row(e).What, "entry", data}, nil
}

func (m mask) execution(i inspect.Execution) execution {
	x := execution{
		Function: i.Function, ID: i.ID, Role: "Function", Result: "succeeded", Tone: "good", Took: took(i.Duration), Calls: i.Calls,
		Event: m.body("Event", i.Event, i.EventSize), Answer: m.body("Answer", i.Result.Payload, i.AnswerSize),
		Log: text{Name: "Log", Text: m.text(readable(i.Result.Log))},
	}
	if i.Origin.Kind == "authorizer" {
		x.Role = "Authorizer"
	}
	if i.Cold() {
		x.Init = "init took " + took(i.Init)
	}
	if i.Failed() {
		x.Result, x.Tone = "failed", "bad"
	}
	if i.Err != nil {
		x.Result += ": " + m.text(i.Err.Error())
	}
	if len(i.Result.Log) > 0 && !bytes.HasPrefix(i.Result.Log, []byte("START ")) {
		x.Log.Note = "its last 4 KB"
	}
	return x
}

// body formats a body: indented JSON, or other text as it is.
func (m mask) body(name string, data []byte, size int) text {
	t := text{Name: name}
	switch {
	case len(data) == 0:
		return t
	case !utf8.Valid(data) && size == len(data):
		t.Note, t.Text = fmt.Sprintf("%d bytes, not text", size), fmt.Sprintf("%x", data[:min(len(data), 256)])
		return t
	}
	t.Text = m.json(data)
	if len(t.Text) > maxShown {
		t.Text, t.Note = readable([]byte(t.Text[:maxShown])), fmt.Sprintf("the start of %d bytes", size)
	} else if size > len(data) {
		t.Note = fmt.Sprintf("the first %d of %d bytes", len(data), size)
	}
	return t
}

func readable(data []byte) string { return strings.ToValidUTF8(string(data), "\uFFFD") }

func (m mask) headers(h http.Header) []field {
	var fields []field
	for name, values := range h {
		for _, v := range values {
			fields = append(fields, field{name, m.header(name, v)})
		}
	}
	slices.SortFunc(fields, func(a, b field) int { return strings.Compare(a.Name, b.Name) })
	return fields
}

// maskOf returns a mask that hides the credentials of a request wherever a
// function repeats them.
func maskOf(e *inspect.Entry) mask {
	if e.Request == nil {
		return newMask()
	}
	var values []string
	for name, all := range e.Request.Header {
		if !secretName.MatchString(name) {
			continue
		}
		for _, v := range all {
			if _, credentials, ok := strings.Cut(v, " "); ok {
				values = append(values, credentials)
			}
			values = append(values, v)
		}
	}
	_, query, _ := strings.Cut(e.Request.URI, "?")
	for pair := range strings.SplitSeq(query, "&") {
		if name, value, ok := strings.Cut(pair, "="); ok && secretParameter.MatchString(name) {
			values = append(values, value)
		}
	}
	return newMask(values...)
}

func (c *Console) replay(w http.ResponseWriter, r *http.Request) {
	id, err := c.o.Cloud.Replay(r.Context(), r.PathValue("id"))
	if err != nil {
		c.answer(w, r, view{}, err)
		return
	}
	http.Redirect(w, r, Path+"requests/"+id, http.StatusSeeOther)
}
