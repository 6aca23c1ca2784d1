package cloud

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"

	"skiff/local/engine/checkpoint"
	"skiff/local/inspect"
)

// Command is one command of the Pulumi CLI on a stack. Such a command saves its
// state only at its end (see provider.Unsaved), so the cloud is called before
// and after it.
type Command struct {
	Program
	Stack string // prefix of its URNs: urn:pulumi:STACK::PROJECT
	State string // the file in which the backend keeps the stack's state

	Refreshed bool // before the command: its state was refreshed for the stale resources
	Removal   bool // before the command: it removes the stack from the backend, not the resources
	Ended     bool // after the command: it saved its state
	Complete  bool // after the command: it did everything that the program declares
}

// Begin prepares the cloud for a command. It returns the URNs of the resources
// that the state must be refreshed for first.
func Begin(ctx context.Context, control inspect.Control, c Command) (stale []string, err error) {
	c.Ended = false
	return stale, askAbout(ctx, control, c, &stale)
}

// Lost returns the URNs of resources that the cloud has and no state knows,
// because a command was killed after it created them.
func Lost(ctx context.Context, control inspect.Control, c Command) (urns []string, err error) {
	c.Removal = true
	return urns, askAbout(ctx, control, c, &urns)
}

// End ends a command that saved its state. It removes the resources that no
// state knows.
func End(ctx context.Context, control inspect.Control, c Command) error {
	c.Ended = true
	return askAbout(ctx, control, c, new([]string))
}

// Held counts what a cloud holds.
type Held struct {
	Records map[string]int // by type
	Writes  uint64         // since Open
}

// Holds returns the counts of a cloud.
func Holds(ctx context.Context, control inspect.Control) (held Held, err error) {
	return held, ask(ctx, control, http.MethodGet, "/records", nil, &held)
}

func (c *Cloud) serveHeld(w http.ResponseWriter, _ *http.Request) {
	held := Held{Writes: c.store.Generation()}
	var err error
	if held.Records, err = c.store.Count(); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	_ = json.NewEncoder(w).Encode(held) // fails only if the client is gone
}

func askAbout(ctx context.Context, control inspect.Control, c Command, into any) error {
	return ask(ctx, control, http.MethodPost, "/commands", c, into)
}

func (c *Cloud) serveCommand(w http.ResponseWriter, r *http.Request) {
	var cmd Command
	if err := json.NewDecoder(r.Body).Decode(&cmd); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	state := func() ([]checkpoint.Resource, error) { return checkpoint.Read(cmd.State) }
	var urns []string
	var err error
	switch {
	case cmd.Removal:
		urns, err = c.unsaved.Lost(r.Context(), cmd.Stack, state)
	case cmd.Ended:
		err = c.end(r.Context(), cmd, state)
	default:
		urns, err = c.unsaved.Begin(r.Context(), cmd.Stack, state, cmd.Refreshed)
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	_ = json.NewEncoder(w).Encode(urns) // fails only if the client is gone
}

func (c *Cloud) end(ctx context.Context, cmd Command, state func() ([]checkpoint.Resource, error)) error {
	orphans, err := c.unsaved.End(ctx, cmd.Stack, state, cmd.Complete)
	if err != nil || len(orphans) == 0 {
		return err
	}
	aws, commands, err := c.providersFor(cmd.Program)
	if err != nil {
		return err
	}
	return errors.Join(aws.RemoveOrphans(ctx, orphans), commands.RemoveOrphans(ctx, orphans))
}
