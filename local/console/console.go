// Package console serves pages for the person who works with an open cloud.
// They show the stack, its requests, its data and its logs. AWS has no such
// pages.
//
// The console answers on this machine only. Other people wrote the requests,
// items, messages and log lines that it shows. Templates escape this text, and
// a content security policy allows no script except the console's.
package console

import (
	"bytes"
	"context"
	"crypto/rand"
	"embed"
	"errors"
	"html/template"
	"net/http"
	"strconv"
	"strings"
	"sync"

	"skiff/local/aws/apigateway/websocket"
	"skiff/local/aws/iam"
	"skiff/local/inspect"
)

// Path is the URL path of the console.
const Path = "/_local/"

// Cloud is what the console shows and changes: an *inspect.Inspector.
type Cloud interface {
	Functions() ([]inspect.Function, error)
	Picture() (inspect.Picture, error)
	Requests() []*inspect.Entry
	Request(id string) (*inspect.Entry, bool)
	Changes(ctx context.Context, after uint64) ([]*inspect.Entry, uint64, error)
	Replay(ctx context.Context, id string) (string, error)
	Tables(ctx context.Context) ([]inspect.Table, error)
	Items(ctx context.Context, table string, page inspect.Page) (inspect.ItemPage, error)
	Queues() ([]inspect.Queue, error)
	Messages(queue string, limit int) (inspect.MessagePage, error)
	Redrive(ctx context.Context, dead string) (inspect.Redriven, error)
	Connections() []websocket.Client
	Schedules() ([]inspect.Schedule, error)
	RunSchedule(ctx context.Context, name string) (inspect.Invocation, error)
	Roles() ([]inspect.Role, error)
	Denied() (map[string][]iam.Use, error)
}

// Options configure a Console.
type Options struct {
	Cloud Cloud
	Stack string // its name, as people see it
	URL   string // of the gateway, such as http://127.0.0.1:8080
}

// Console serves the pages below Path.
type Console struct {
	o     Options
	hosts map[string]bool // that it accepts
	token string          // that every form must have
	pages *template.Template
	mux   *http.ServeMux

	closing chan struct{}
	close   sync.Once
	feeds   chan struct{} // holds one value for each open feed
}

//go:embed static templates
var files embed.FS

// New returns a console. Close ends its feeds.
func New(o Options) (*Console, error) {
	pages, err := template.ParseFS(files, "templates/*.html")
	if err != nil {
		return nil, err
	}
	c := &Console{
		o: o, hosts: hostsOf(o.URL), token: rand.Text(), pages: pages, mux: http.NewServeMux(),
		closing: make(chan struct{}), feeds: make(chan struct{}, maxFeeds),
	}
	c.routes()
	return c, nil
}

// Close ends all feeds and refuses further ones, so that a server's Shutdown
// does not wait for them.
func (c *Console) Close() { c.close.Do(func() { close(c.closing) }) }

func (c *Console) routes() {
	show := func(pattern string, page func(*http.Request) (view, error)) {
		c.mux.HandleFunc("GET "+Path+pattern, func(w http.ResponseWriter, r *http.Request) {
			v, err := page(r)
			c.answer(w, r, v, err)
		})
	}
	show("{$}", c.overview)
	show("requests", c.requests)
	show("requests/{id}", c.request)
	show("tables", c.tables)
	show("tables/{name}", c.items)
	show("queues", c.queues)
	show("queues/{name}", c.queue)
	show("connections", c.connections)
	show("schedules", c.schedules)
	show("roles", c.roles)
	c.mux.HandleFunc("GET "+Path+"feed", c.feed)
	c.mux.Handle("GET "+Path+"static/{file}", http.StripPrefix(Path, http.FileServerFS(files)))
	c.mux.Handle("POST "+Path+"requests/{id}/replay", c.changing(c.replay))
	c.mux.Handle("POST "+Path+"queues/{name}/redrive", c.changing(c.redrive))
	c.mux.Handle("POST "+Path+"schedules/{name}/run", c.changing(c.runSchedule))
	c.mux.HandleFunc("GET "+strings.TrimSuffix(Path, "/"), func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, Path, http.StatusFound)
	})
}

// view is the data of a page.
type view struct {
	title    string
	template string
	data     any
}

// errNotFound means that a page does not exist.
var errNotFound = errors.New("it does not exist, or is no longer kept")

// answer renders a page, or an error page for err.
func (c *Console) answer(w http.ResponseWriter, r *http.Request, v view, err error) {
	status := http.StatusOK
	if err != nil {
		status = http.StatusInternalServerError
		if _, unknown := errors.AsType[*inspect.NameError](err); unknown || errors.Is(err, errNotFound) {
			status = http.StatusNotFound
		}
		section, _, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, Path), "/")
		v = view{"It did not work", "failed", map[string]string{"Title": http.StatusText(status), "Text": err.Error(), "Back": Path + section}}
	}
	page, failed := c.page(r, v)
	if failed != nil {
		http.Error(w, failed.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Length", strconv.Itoa(len(page)))
	w.WriteHeader(status)
	_, _ = w.Write(page) // fails only if the client is gone
}

// link is a link to a section, in the navigation.
type link struct {
	Path, Name string
	Here       bool
}

func (c *Console) page(r *http.Request, v view) ([]byte, error) {
	change := lastChange(c.o.Cloud.Requests())
	body, err := c.render(v.template, v.data)
	if err != nil {
		return nil, err
	}
	nav := []link{
		{"", "Overview", false}, {"requests", "Requests", false}, {"tables", "Tables", false}, {"queues", "Queues", false},
		{"connections", "Connections", false}, {"schedules", "Schedules", false}, {"roles", "Roles", false},
	}
	section, _, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, Path), "/")
	for i := range nav {
		nav[i].Here = nav[i].Path == section
		nav[i].Path = Path + nav[i].Path
	}
	page, err := c.render("page", map[string]any{"Title": v.title, "Stack": c.o.Stack, "Change": change, "Nav": nav, "Body": body})
	return []byte(page), err
}

func (c *Console) render(name string, data any) (template.HTML, error) {
	var b bytes.Buffer
	err := c.pages.ExecuteTemplate(&b, name, data)
	return template.HTML(b.String()), err
}

func lastChange(entries []*inspect.Entry) (last uint64) {
	for _, e := range entries {
		last = max(last, e.Change)
	}
	return last
}
