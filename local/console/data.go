package console

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"skiff/local/inspect"
)

// Limits of a page: its items and its messages.
const (
	pageSize    = 50
	maxMessages = 100
)

// named is a name with the path of its page.
type named struct{ Logical, Name, Path string }

func nameOf(section string, r inspect.Ref) named {
	n := named{r.Logical, r.Name, Path + section + "/" + url.PathEscape(r.Name)}
	if n.Logical == "" {
		n.Logical = r.Name
	}
	return n
}

// table is a row of the list of tables.
type table struct {
	named
	Keys, Indexes string
	Items         int
}

func (c *Console) tables(r *http.Request) (view, error) {
	all, err := c.o.Cloud.Tables(r.Context())
	if err != nil {
		return view{}, err
	}
	var tables []table
	for _, t := range all {
		keys := t.HashKey
		if t.RangeKey != "" {
			keys += ", " + t.RangeKey
		}
		tables = append(tables, table{nameOf("tables", t.Ref), keys, strings.Join(t.Indexes, ", "), t.Items})
	}
	return view{"Tables", "tables", map[string]any{"Tables": tables}}, nil
}

// item is an item of a table: its key and its JSON.
type item struct {
	Keys []string
	Text string
}

func (c *Console) items(r *http.Request) (view, error) {
	start := r.FormValue("page")
	page, err := c.o.Cloud.Items(r.Context(), r.PathValue("name"), inspect.Page{Limit: pageSize, Start: start})
	if err != nil {
		return view{}, err
	}
	var items []item
	for _, i := range page.Items {
		shown := item{}
		for _, key := range page.Keys {
			shown.Keys = append(shown.Keys, valueText(i.Plain[key]))
		}
		data, err := json.MarshalIndent(i.Plain, "", "  ")
		if err != nil {
			return view{}, err
		}
		shown.Text = string(unescape(data))
		items = append(items, shown)
	}
	n := nameOf("tables", page.Table)
	count := fmt.Sprintf("%d items on this page", len(items))
	if start == "" && page.Next == "" {
		count = fmt.Sprintf("%d items", len(items))
	}
	return view{n.Logical, "items", map[string]any{
		"Name": n.Name, "Logical": n.Logical, "Keys": page.Keys, "Items": items, "Next": page.Next, "Paged": start != "", "Count": count,
	}}, nil
}

func valueText(v any) string {
	if s, ok := v.(string); ok {
		return s
	}
	data, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprint(v)
	}
	return string(data)
}

// unescape reverts the HTML escapes of package json, because the templates
// escape too.
func unescape(data []byte) []byte {
	return []byte(strings.NewReplacer(`\u003c`, "<", `\u003e`, ">", `\u0026`, "&").Replace(string(data)))
}

// queue is a queue as a page shows it.
type queue struct {
	named
	Waiting, InFlight, Delayed int
	MaxReceives                int
	DeadPath, DeadName         string // of its dead-letter queue
	DeadOf                     string // the queues that use it as dead-letter queue
}

func queueOf(q inspect.Queue) queue {
	shown := queue{
		named: nameOf("queues", q.Ref), Waiting: q.Waiting, InFlight: q.InFlight, Delayed: q.Delayed,
		MaxReceives: q.MaxReceives, DeadName: q.DeadLetters, DeadOf: strings.Join(q.Sources, ", "),
	}
	if q.DeadLetters != "" {
		shown.DeadPath = Path + "queues/" + url.PathEscape(q.DeadLetters)
	}
	return shown
}

func (c *Console) queues(*http.Request) (view, error) {
	all, err := c.o.Cloud.Queues()
	var queues []queue
	for _, q := range all {
		queues = append(queues, queueOf(q))
	}
	return view{"Queues", "queues", map[string]any{"Queues": queues}}, err
}

// message is a message as a page shows it.
type message struct {
	ID, State, Sent, Source, Body string
	Receives                      int
	Attributes                    []field
}

func (c *Console) queue(r *http.Request) (view, error) {
	page, err := c.o.Cloud.Messages(r.PathValue("name"), maxMessages)
	if err != nil {
		return view{}, err
	}
	all, err := c.o.Cloud.Queues()
	if err != nil {
		return view{}, err
	}
	i := slices.IndexFunc(all, func(q inspect.Queue) bool { return q.ARN == page.Queue.ARN })
	if i < 0 {
		return view{}, fmt.Errorf("queue %s: %w", page.Queue.Name, errNotFound)
	}
	m := newMask()
	var messages []message
	for _, l := range page.Messages {
		shown := message{ID: l.ID, State: l.State, Sent: clock(l.Sent), Source: l.Queue, Receives: l.Receives, Body: m.json([]byte(l.Body))}
		for _, name := range slices.Sorted(maps.Keys(l.Attributes)) {
			shown.Attributes = append(shown.Attributes, field{name, m.header(name, l.Attributes[name])})
		}
		messages = append(messages, shown)
	}
	q := queueOf(all[i])
	return view{q.Logical, "queue", map[string]any{
		"Q": q, "Messages": messages, "More": page.Total > len(messages), "Token": c.token, "Moved": movedText(r),
	}}, nil
}

// movedText describes the result of a redrive. It takes only numbers from the
// URL, because a link from elsewhere must not choose the text.
func movedText(r *http.Request) string {
	var moved, stayed int
	if _, err := fmt.Sscanf(r.FormValue("moved"), "%d,%d", &moved, &stayed); err != nil {
		return ""
	}
	text := fmt.Sprintf("%d messages were moved back.", moved)
	if moved == 1 {
		text = "1 message was moved back."
	}
	if stayed > 0 {
		text += fmt.Sprintf(" %d stayed: their source queue is unknown or was deleted.", stayed)
	}
	return text
}

func (c *Console) redrive(w http.ResponseWriter, r *http.Request) {
	done, err := c.o.Cloud.Redrive(r.Context(), r.PathValue("name"))
	if err != nil {
		c.answer(w, r, view{}, err)
		return
	}
	moved := 0
	for _, n := range done.Moved {
		moved += n
	}
	http.Redirect(w, r, fmt.Sprintf("%squeues/%s?moved=%d,%d", Path, url.PathEscape(done.Queue), moved, done.Stayed), http.StatusSeeOther)
}

// client is a WebSocket client as a page shows it.
type client struct{ ID, Stage, Since, Last, Client, Authorizer string }

func (c *Console) connections(*http.Request) (view, error) {
	m := newMask()
	var clients []client
	for _, one := range c.o.Cloud.Connections() {
		var said []string
		for _, name := range slices.Sorted(maps.Keys(one.Authorizer)) {
			said = append(said, name+"="+m.header(name, one.Authorizer[name]))
		}
		clients = append(clients, client{
			one.ID, one.Stage, clock(one.ConnectedAt), clock(one.LastActive),
			strings.TrimSpace(one.SourceIP + " " + one.UserAgent), strings.Join(said, ", "),
		})
	}
	return view{"Connections", "connections", clients}, nil
}

// clock formats a time, with its date unless it is today.
func clock(t time.Time) string {
	if t = t.Local(); t.Format(time.DateOnly) != time.Now().Format(time.DateOnly) {
		return t.Format("2 Jan 15:04:05")
	}
	return t.Format("15:04:05")
}
