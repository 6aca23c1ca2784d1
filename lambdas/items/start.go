package items

import (
	"crypto/rand"
	"time"

	"skiff/lambdas/function"
	"skiff/lambdas/names"
	"skiff/lambdas/table"
)

// Part gives an API something that not every route needs, made from the
// environment. A binary holds the clients of its own parts alone.
type Part func(*API, function.Environment) error

// WithTable gives an API the table of items.
func WithTable(a *API, e function.Environment) error {
	t, err := table.New(e, names.TableNameVariable)
	a.Store = &Store{t}
	return err
}

// Start serves a route until Lambda ends the process. An environment that it
// or a part cannot work with is one line in the log and exit 1.
func Start(route Route, parts ...Part) {
	function.Start(func(e function.Environment) (any, error) {
		a, err := New(e, parts...)
		if err != nil {
			return nil, err
		}
		return a.Handler(route), nil
	})
}

// New makes an API of these parts. It fails when one of them does.
func New(e function.Environment, parts ...Part) (*API, error) {
	a := &API{Now: time.Now, Random: rand.Reader, Log: e.Log}
	for _, part := range parts {
		if err := part(a, e); err != nil {
			return nil, err
		}
	}
	return a, nil
}
