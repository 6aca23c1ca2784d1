package contract

import (
	"context"
	"encoding/json"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"skiff/lambdas/connections"
	"skiff/lambdas/sockets"
	"skiff/lambdas/table"
)

// socket sends AWS's sample event of a WebSocket route, with this connection
// id.
func (w *world) socket(route, connection string) sockets.Response {
	w.t.Helper()
	file := "apigw-websocket-request.json"
	if route == "$disconnect" {
		file = "apigw-websocket-request-disconnect.json"
	}
	raw, err := os.ReadFile("testdata/" + file)
	if err != nil {
		w.t.Fatal(err)
	}
	var event sockets.Request
	if err := json.Unmarshal(raw, &event); err != nil {
		w.t.Fatal(err)
	}
	event.RequestContext.RouteKey, event.RequestContext.ConnectionID = route, connection
	event.RequestContext.Authorizer = map[string]any{"principalId": "someone", "subject": "someone", "integrationLatency": 12}
	table, err := connections.Open(w.environment(patience))
	if err != nil {
		w.t.Fatal(err)
	}
	s := &sockets.Sockets{Connections: table, Now: w.clock, Log: w.api.Log}
	ctx := context.Background()
	if w.deadline > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, w.deadline)
		defer cancel()
	}
	response, err := s.Handle(ctx, event)
	if err != nil || ctx.Err() != nil {
		w.t.Fatal(err, ctx.Err())
	}
	w.checkLeaks("a socket's answer", response.Body)
	return response
}

func (w *world) connect(connection string) {
	w.t.Helper()
	if got := w.socket("$connect", connection); got.StatusCode != 200 {
		w.t.Fatalf("connect: %+v", got)
	}
}

// putConnection writes a connection of any age.
func (w *world) putConnection(id, subject string, since time.Time) {
	w.t.Helper()
	all, err := connections.Open(w.environment(patience))
	if err == nil {
		err = all.Add(context.Background(), connections.Connection{ID: id, Subject: subject, Since: since})
	}
	if err != nil {
		w.t.Fatal(err)
	}
}

// row reads a row of the table of connections directly.
func (w *world) row(id string) map[string]types.AttributeValue {
	w.t.Helper()
	out, err := w.client().GetItem(context.Background(), &dynamodb.GetItemInput{TableName: &w.connections, Key: table.KindKey("connection", id)})
	if err != nil {
		w.t.Fatal(err)
	}
	return out.Item
}

func TestSocket(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.createConnections()
	w.connect("L0SM9cOFvHcCIhw=")
	r := table.Reader{Row: w.row("L0SM9cOFvHcCIhw=")}
	now := w.clock()
	if r.Text("subject") != "someone" || r.Integer("connectedAt") != now.UnixMilli() || r.Integer("ttl") <= now.Add(2*time.Hour).Unix() || r.Err != nil {
		t.Errorf("%v, %v", r.Row, r.Err)
	}
	for range 2 { // the second time the row is gone
		if got := w.socket("$disconnect", "L0SM9cOFvHcCIhw="); got.StatusCode != 200 || w.row("L0SM9cOFvHcCIhw=") != nil {
			t.Errorf("%+v, %v", got, w.row("L0SM9cOFvHcCIhw="))
		}
	}
}

// A client whose connection cannot be recorded gets a 500 without a reason.
func TestSocketFails(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.createConnections()
	for _, id := range []string{"", strings.Repeat("x", 129)} {
		if got := w.socket("$connect", id); got.StatusCode != 500 {
			t.Errorf("%q: %+v", id, got)
		}
	}
	w.proxy.fault(func(action string, rw http.ResponseWriter, _ *http.Request) bool {
		refuseWith(rw, "AccessDeniedException")
		return true
	})
	for route, action := range map[string]string{"$connect": "PutItem", "$disconnect": "DeleteItem"} {
		got := w.socket(route, "a=")
		if got.StatusCode != 500 || got.Body != `{"message":"Internal server error"}` {
			t.Errorf("%+v", got)
		}
		if log := w.log.String(); !strings.Contains(log, "dynamodb:"+action+": AccessDeniedException") {
			t.Error(log)
		}
	}
}

// If the table does not answer, the function still answers before its deadline.
func TestSocketStoreHangs(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.createConnections()
	w.proxy.fault(func(_ string, _ http.ResponseWriter, r *http.Request) bool {
		<-r.Context().Done()
		return true
	})
	w.deadline = 800 * time.Millisecond
	if got := w.socket("$connect", "a="); got.StatusCode != 500 || !strings.Contains(w.log.String(), "dynamodb:PutItem: deadline") {
		t.Errorf("%+v %s", got, w.log.String())
	}
	w.deadline = 0
}
