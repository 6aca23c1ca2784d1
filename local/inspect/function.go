package inspect

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"skiff/local/aws/lambda"
	"skiff/local/aws/logs"
)

// Function is a Lambda function.
type Function struct {
	Ref
	Role           string // ARN
	LogGroup       string
	Routes         []string // keys of the routes that it handles, such as GET /items
	MemoryMB       int
	TimeoutSeconds int
	Sandboxes      int // running processes, busy or idle
}

// Functions returns all functions, sorted by name.
func (i *Inspector) Functions() ([]Function, error) {
	all, err := i.o.Functions.List()
	if err != nil {
		return nil, err
	}
	routes, err := i.o.APIs.RoutesByFunction()
	if err != nil {
		return nil, err
	}
	functions := make([]Function, 0, len(all))
	for _, d := range all {
		functions = append(functions, Function{
			Ref: newRef(d.Name, d.ARN, d.URN), Role: d.Role, LogGroup: d.LogGroup, Routes: routes[d.ARN],
			MemoryMB: d.MemoryMB, TimeoutSeconds: int(d.Timeout.Seconds()), Sandboxes: d.Sandboxes,
		})
	}
	return functions, nil
}

// function returns the function that name refers to: see pick.
func (i *Inspector) function(name string) (Function, error) {
	all, err := i.Functions()
	if err != nil {
		return Function{}, err
	}
	return pick("function", name, i.o.Stack, all)
}

// Invocation is the result of an invocation.
type Invocation struct {
	Function  string // name in AWS
	RequestID string
	Answer    string  // JSON; the error, if the function failed
	Error     string  // FunctionError, such as Unhandled; "" if the function succeeded
	Duration  float64 // in milliseconds, as in its REPORT line
	Init      float64 // of a cold start, in milliseconds; 0 for a warm start
	Log       string  // its last 4 KB
}

// Invoke runs a function with a JSON event and waits for its result. A failure
// of the function is part of the result, not an error.
func (i *Inspector) Invoke(ctx context.Context, function string, event []byte) (Invocation, error) {
	f, err := i.function(function)
	if err != nil {
		return Invocation{}, err
	}
	if !json.Valid(event) {
		return Invocation{}, fmt.Errorf("the event for function %s is not JSON", f.Name)
	}
	result, err := i.o.Functions.Run(ctx, f.Name, event)
	if errors.Is(err, lambda.ErrThrottled) {
		return Invocation{}, fmt.Errorf("TooManyRequestsException: function %s has no concurrency left: it has reached its reserved concurrency or the account's limit", f.Name)
	}
	if err != nil {
		return Invocation{}, err
	}
	return invocationOf(f.Name, result), nil
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// LogQuery selects log lines.
type LogQuery struct {
	Functions []string // names; empty for all functions
	Last      int      // maximum number of existing lines
	Follow    bool     // also returns new lines
}

// Line is a line of a function's log.
type Line struct {
	Time     time.Time
	Function string // name in AWS; the log group's name if several functions share it
	Stream   string // of the sandbox
	Text     string
}

// Logs calls emit for each line that matches the query. If the query follows,
// it goes on with each new line until ctx ends, and then returns nil. A query
// without names includes functions that are created later.
func (i *Inspector) Logs(ctx context.Context, q LogQuery, emit func(Line) error) error {
	var names []string
	for _, name := range q.Functions {
		f, err := i.function(name)
		if err != nil {
			return err
		}
		names = append(names, f.Name)
	}
	owners := map[string]string{} // by log group
	groups := func() ([]string, error) {
		all, err := i.o.Functions.List()
		if err != nil {
			return nil, err
		}
		clear(owners)
		var groups []string
		for _, d := range all {
			if owner, shared := owners[d.LogGroup]; shared && owner != d.Name {
				owners[d.LogGroup] = d.LogGroup
			} else {
				owners[d.LogGroup] = d.Name
			}
			if len(names) == 0 || slices.Contains(names, d.Name) {
				groups = append(groups, d.LogGroup)
			}
		}
		slices.Sort(groups)
		return slices.Compact(groups), nil
	}
	return i.o.Groups.Read(ctx, groups, q.Last, q.Follow, func(lines []logs.Line) error {
		for _, l := range lines {
			owner := owners[l.Group]
			if owner == "" {
				owner = strings.TrimPrefix(l.Group, "/aws/lambda/")
			}
			if err := emit(Line{l.Time, owner, l.Stream, l.Text}); err != nil {
				return err
			}
		}
		return nil
	})
}
