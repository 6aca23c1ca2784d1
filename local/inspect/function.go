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
	Routes         []string // keys of the routes that lead to it, such as GET /items
	MemoryMB       int
	TimeoutSeconds int
	Sandboxes      int // processes that live, busy or idle
}

// Functions are all functions, by name.
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

// function is the one that a person names.
func (i *Inspector) function(name string) (Function, error) {
	all, err := i.Functions()
	if err != nil {
		return Function{}, err
	}
	return pick("function", name, i.o.Stack, all)
}

// Invocation is what came of one.
type Invocation struct {
	Function  string // name in AWS
	RequestID string
	Answer    string  // JSON; of the error, where the function failed
	Error     string  // Unhandled where the function failed, else ""
	Duration  float64 // in milliseconds, as its REPORT says
	Init      float64 // in milliseconds, of a cold start; 0 for a warm one
	Log       string  // the last 4 KB of it
}

// Invoke runs a function with an event, which is JSON, and waits for its end. A
// function that fails is no error here.
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
		return Invocation{}, fmt.Errorf("TooManyRequestsException: function %s runs as often as it may: its reserved concurrency, or the account's, is used up", f.Name)
	}
	if err != nil {
		return Invocation{}, err
	}
	return invocationOf(f.Name, result), nil
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// LogQuery says which lines are wanted.
type LogQuery struct {
	Functions []string // names; none for all functions
	Last      int      // how many lines of those that are there, at most
	Follow    bool     // and those that come
}

// Line is a line of a function's log.
type Line struct {
	Time     time.Time
	Function string // name in AWS; the name of the log group where several functions share it
	Stream   string // of the sandbox
	Text     string
}

// Logs calls emit for each line that a query asks for, and while it follows for
// each that comes, until ctx ends, which is no error. Without names, it follows
// functions that are new, too.
func (i *Inspector) Logs(ctx context.Context, q LogQuery, emit func(Line) error) error {
	var names []string
	for _, name := range q.Functions {
		f, err := i.function(name)
		if err != nil {
			return err
		}
		names = append(names, f.Name)
	}
	owners := map[string]string{} // of groups
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
