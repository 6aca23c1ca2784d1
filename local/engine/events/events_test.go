package events

import (
	"bytes"
	"strings"
	"testing"
	"time"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
)

const stack = "urn:pulumi:local::project::"

// step returns an event of a resource. custom is true for a provider's
// resource, false for a component.
func step(kind, op, urn, custom string) string {
	return `{"` + kind + `":{"metadata":{"op":"` + op + `","urn":"` + urn + `","new":{"custom":` + custom + `}}}}`
}

// send sends events as the CLI does. It returns after u has received them.
func send(t *testing.T, u *Update, events ...string) {
	t.Helper()
	address, stop, err := Serve(u.Record)
	if err != nil {
		t.Fatal(err)
	}
	defer stop()
	conn, err := grpc.NewClient(strings.TrimPrefix(address, "tcp://"), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	stream, err := pulumirpc.NewEventsClient(conn).StreamEvents(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range events {
		if err := stream.Send(&pulumirpc.EventRequest{Event: e}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := stream.CloseAndRecv(); err != nil {
		t.Fatal(err)
	}
}

func TestUpdate(t *testing.T) {
	t.Parallel()
	const (
		role  = stack + "project:Function$aws:iam/role:Role::health"
		table = stack + "aws:dynamodb/table:Table::items"
		queue = stack + "aws:sqs/queue:Queue::orders"
		group = stack + "project:Function::health"
	)
	fixed := func(u *Update) *Update {
		u.started = time.Unix(0, 0)
		u.now = func() time.Time { return time.Unix(7, 0) }
		return u
	}
	for _, test := range []struct {
		name   string
		before []string
		events []string
		want   string
	}{
		{"nothing", nil, nil, "0 made, 7s"},
		{"a first one", nil, []string{step("resourcePreEvent", "create", role, "true"), step("resOutputsEvent", "create", role, "true"),
			step("resourcePreEvent", "create", group, "false"), step("resourcePreEvent", "create", table, "true")}, "1 made, 7s: Table items"},
		{"a later one", []string{role, table}, []string{step("resourcePreEvent", "same", role, "true"), step("resOutputsEvent", "same", role, "true"),
			step("resourcePreEvent", "create", queue, "true")}, "1 of 3, 7s: Queue orders"},
		{"many at once", []string{role}, []string{step("resourcePreEvent", "update", role, "true"), step("resourcePreEvent", "create", queue, "true"),
			step("resourcePreEvent", "create", table, "true")}, "0 of 3, 7s: Role health, Queue orders and 1 more"},
		{"a refresh before it", []string{role, table}, []string{step("resourcePreEvent", "refresh", role, "true"), step("resOutputsEvent", "refresh", role, "true")}, "1 of 2 read, 7s"},
		{"one that fails", []string{role, table}, []string{step("resourcePreEvent", "update", role, "true"), step("resOpFailedEvent", "update", role, "true")}, "0 of 2, 7s"},
		{"a form that is not known", nil, []string{"{", `{"anotherEvent":{}}`}, "0 made, 7s"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			u := fixed(NewUpdate(test.before, t.Output()))
			send(t, u, test.events...)
			if got := u.String(); got != test.want {
				t.Errorf("says %q, not %q", got, test.want)
			}
		})
	}
}

func TestChanges(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ events, want string }{
		{`{"summaryEvent":{"resourceChanges":{"same":60,"update":2,"create":1,"replace":3,"delete":4}}}`, "1 created, 2 updated, 3 replaced, 4 deleted, 60 unchanged"},
		{`{"summaryEvent":{"resourceChanges":{"delete":1}}}`, "1 deleted"},
		{`{"summaryEvent":{"resourceChanges":{}}}`, "nothing changed"},
		{step("resourcePreEvent", "create", stack+"aws:sqs/queue:Queue::orders", "true"), "nothing changed"},
	} {
		u := NewUpdate(nil, t.Output())
		send(t, u, test.events)
		if got := u.Changes(); got != test.want {
			t.Errorf("%s: %s, not %s", test.events, got, test.want)
		}
	}
}

func TestDiagnostics(t *testing.T) {
	t.Parallel()
	const role = stack + "aws:iam/role:Role::health"
	message := func(urn, severity, text string) string {
		return `{"diagnosticEvent":{"urn":"` + urn + `","prefix":"` + severity + `: ","message":"` + text + `","severity":"` + severity + `"}}`
	}
	var warnings, text bytes.Buffer
	u := NewUpdate(nil, &warnings)
	send(t, u,
		message(role, "error", `it failed\n  twice\n`),
		message("", "error", `update failed\n`),
		message(role, "warning", "kept without effect"),
		`{"diagnosticEvent":{"urn":"`+role+`","message":"compiling","severity":"info","ephemeral":true}}`,
		message(role, "info", "made by hand"),
		`{"policyEvent":{"resourceUrn":"`+role+`","message":"no wildcards","policyName":"narrow","policyPackName":"house","enforcementLevel":"mandatory"}}`)
	if want := "aws:iam/role:Role (health): warning: kept without effect\naws:iam/role:Role (health): mandatory policy narrow of house: no wildcards\n"; warnings.String() != want {
		t.Errorf("warns\n%s\nnot\n%s", &warnings, want)
	}
	if !u.Diagnostics(&text) {
		t.Error("there is no error")
	}
	if want := "aws:iam/role:Role (health):\n    error: it failed\n      twice\n    info: made by hand\nerror: update failed\n"; text.String() != want {
		t.Errorf("says\n%s\nnot\n%s", &text, want)
	}
	if NewUpdate(nil, &warnings).Diagnostics(&text) {
		t.Error("an update without events has an error")
	}
}
