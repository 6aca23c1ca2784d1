package lambda

import (
	"context"
	"time"

	"skiff/local/store"
)

// Description describes a function to a person.
type Description struct {
	Name, ARN, URN, Role, LogGroup string

	MemoryMB  int
	Timeout   time.Duration
	Sandboxes int // number of processes, busy or idle
}

// List describes the functions, ordered by name.
func (f *Functions) List() ([]Description, error) {
	records, err := store.List[Function](f.db, FunctionToken)
	if err != nil {
		return nil, err
	}
	var all []Description
	for _, r := range records {
		all = append(all, Description{
			Name: r.ID, ARN: functionARN(r), URN: r.URN, Role: r.Inputs.Role, LogGroup: logGroup(r),
			MemoryMB: orDefault(r.Inputs.MemorySize, 128), Timeout: time.Duration(orDefault(r.Inputs.Timeout, 3)) * time.Second,
			Sandboxes: f.runtime.Sandboxes(r.ID),
		})
	}
	return all, nil
}

// Run invokes a function by its name for the person at this machine. It needs
// no authorization.
func (f *Functions) Run(ctx context.Context, name string, payload []byte) (Result, error) {
	r, err := f.find(name)
	if err != nil {
		return Result{}, err
	}
	return f.runtime.Invoke(ctx, f.current(r), payload)
}
