package inspect

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
)

// The methods of a Control call the methods of its cloud's Inspector.

func call[Out any](ctx context.Context, c Control, method string, in any) (out Out, err error) {
	return out, c.Ask(ctx, http.MethodPost, "/inspect/"+method, in, &out)
}

// Functions returns all functions, sorted by name.
func (c Control) Functions(ctx context.Context) ([]Function, error) {
	return call[[]Function](ctx, c, "functions", nil)
}

// Invoke runs a function with an event and waits for its result.
func (c Control) Invoke(ctx context.Context, function string, event []byte) (Invocation, error) {
	return call[Invocation](ctx, c, "invoke", invokeInput{function, event})
}

// Tables returns all tables with their item counts.
func (c Control) Tables(ctx context.Context) ([]Table, error) {
	return call[[]Table](ctx, c, "tables", nil)
}

// Items returns a page of a table's items.
func (c Control) Items(ctx context.Context, table string, page Page) (ItemPage, error) {
	return call[ItemPage](ctx, c, "items", itemsInput{table, page})
}

// Seed writes items into tables. If it fails, it also returns what it wrote
// before the error.
func (c Control) Seed(ctx context.Context, seed Seed) ([]Written, error) {
	out, err := call[seedOutput](ctx, c, "seed", seed)
	if err == nil && out.Error != "" {
		err = errors.New(out.Error)
	}
	return out.Written, err
}

// Queues returns all queues.
func (c Control) Queues(ctx context.Context) ([]Queue, error) {
	return call[[]Queue](ctx, c, "queues", nil)
}

// Messages returns the oldest messages of a queue, or of its dead-letter queue.
func (c Control) Messages(ctx context.Context, queue string, limit int, dead bool) (MessagePage, error) {
	return call[MessagePage](ctx, c, "messages", messagesInput{queue, limit, dead})
}

// Redrive moves the messages of a dead-letter queue back.
func (c Control) Redrive(ctx context.Context, dead string) (Redriven, error) {
	return call[Redriven](ctx, c, "redrive", dead)
}

// RolesOf returns the roles with the given names.
func (c Control) RolesOf(ctx context.Context, names []string) ([]Role, error) {
	return call[[]Role](ctx, c, "roles", names)
}

// Schedules returns all schedules and scheduled rules.
func (c Control) Schedules(ctx context.Context) ([]Schedule, error) {
	return call[[]Schedule](ctx, c, "schedules", nil)
}

// RunSchedule runs a schedule now.
func (c Control) RunSchedule(ctx context.Context, name string) (Invocation, error) {
	return call[Invocation](ctx, c, "run-schedule", name)
}

// Logs calls emit for each line that matches the query. It returns nil if ctx
// ends, and an error if the cloud ends while the query follows.
func (c Control) Logs(ctx context.Context, q LogQuery, emit func(Line) error) error {
	response, err := c.do(ctx, http.MethodPost, "/inspect/logs", q)
	if err != nil {
		if ctx.Err() != nil {
			return nil
		}
		return err
	}
	defer response.Body.Close()
	d := json.NewDecoder(bufio.NewReader(response.Body))
	for {
		var next logOutput
		if err := d.Decode(&next); err != nil {
			if ctx.Err() != nil {
				return nil
			}
			return fmt.Errorf("the local cloud has ended: %w", err)
		}
		switch {
		case next.End:
			return nil
		case next.Error != "":
			return errors.New(next.Error)
		case next.Line != nil:
			if err := emit(*next.Line); err != nil {
				return err
			}
		}
	}
}
