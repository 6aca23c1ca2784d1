package inspect

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
)

// The requests and answers of a Control that are not types of this package.
type (
	invokeInput struct {
		Function string
		Event    []byte
	}
	itemsInput struct {
		Table string
		Page  Page
	}
	messagesInput struct {
		Queue string
		Limit int
		Dead  bool
	}
	seedOutput struct {
		Written []Written
		Error   string
	}

	// logOutput is one JSON value of an answer. The first one is empty and
	// confirms that the names are known; the last one has an error or marks the
	// end.
	logOutput struct {
		Line  *Line  `json:",omitempty"`
		Error string `json:",omitempty"`
		End   bool   `json:",omitempty"`
	}
)

// Handler serves the calls of a Control, below /inspect/.
func (i *Inspector) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /inspect/functions", respond(func(context.Context, any) ([]Function, error) { return i.Functions() }))
	mux.HandleFunc("POST /inspect/invoke", respond(func(ctx context.Context, in invokeInput) (Invocation, error) {
		return i.Invoke(ctx, in.Function, in.Event)
	}))
	mux.HandleFunc("POST /inspect/tables", respond(func(ctx context.Context, _ any) ([]Table, error) { return i.Tables(ctx) }))
	mux.HandleFunc("POST /inspect/items", respond(func(ctx context.Context, in itemsInput) (ItemPage, error) {
		return i.Items(ctx, in.Table, in.Page)
	}))
	mux.HandleFunc("POST /inspect/seed", respond(func(ctx context.Context, seed Seed) (seedOutput, error) {
		written, err := i.Seed(ctx, seed)
		if err != nil && len(written) == 0 {
			return seedOutput{}, err
		}
		out := seedOutput{Written: written}
		if err != nil {
			out.Error = err.Error()
		}
		return out, nil
	}))
	mux.HandleFunc("POST /inspect/queues", respond(func(context.Context, any) ([]Queue, error) { return i.Queues() }))
	mux.HandleFunc("POST /inspect/messages", respond(func(_ context.Context, in messagesInput) (MessagePage, error) {
		if in.Dead {
			return i.DeadLetters(in.Queue, in.Limit)
		}
		return i.Messages(in.Queue, in.Limit)
	}))
	mux.HandleFunc("POST /inspect/redrive", respond(i.Redrive))
	mux.HandleFunc("POST /inspect/roles", respond(func(_ context.Context, names []string) ([]Role, error) { return i.RolesOf(names) }))
	mux.HandleFunc("POST /inspect/schedules", respond(func(context.Context, any) ([]Schedule, error) { return i.Schedules() }))
	mux.HandleFunc("POST /inspect/run-schedule", respond(i.RunSchedule))
	mux.HandleFunc("POST /inspect/logs", i.serveLogs)
	return mux
}

// respond returns the handler of one call.
func respond[In, Out any](do func(context.Context, In) (Out, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		in, err := read[In](r)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		out, err := do(r.Context(), in)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		_ = json.NewEncoder(w).Encode(out) // fails only if the client is gone
	}
}

// read decodes the body of a call and keeps numbers exact. An empty body gives
// the zero value.
func read[In any](r *http.Request) (in In, err error) {
	d := json.NewDecoder(r.Body)
	d.UseNumber()
	if err := d.Decode(&in); err != nil && !errors.Is(err, io.EOF) {
		return in, err
	}
	return in, nil
}

// serveLogs streams log lines.
func (i *Inspector) serveLogs(w http.ResponseWriter, r *http.Request) {
	q, err := read[LogQuery](r)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	flush := http.NewResponseController(w)
	e := json.NewEncoder(w)
	send := func(out logOutput) error { return errors.Join(e.Encode(out), flush.Flush()) }
	_ = send(logOutput{})
	err = i.Logs(r.Context(), q, func(l Line) error { return send(logOutput{Line: &l}) })
	last := logOutput{End: true}
	if err != nil {
		last = logOutput{Error: err.Error()}
	}
	_ = send(last) // fails only if the client is gone
}
