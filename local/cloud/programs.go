package cloud

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"

	"skiff/local/engine/provider"
	"skiff/local/inspect"
)

// Program is one Pulumi program and its caller. Several programs share a cloud,
// such as other checkouts and the jobs of a pipeline, each with its own folder.
type Program struct {
	Dir    string // absolute; relative paths of its stack start there
	Caller string // ARN of the session of its role; "" for a person
	Inert  string // comma-separated types that are kept without effect: see provider.WithInert
}

// Providers are the addresses (host:port) of the providers of one program,
// which the engine attaches to.
type Providers struct {
	AWS, Command string
}

// Join returns the providers of a program. The cloud may be in another process;
// the providers live as long as the cloud.
func Join(ctx context.Context, control inspect.Control, p Program) (Providers, error) {
	var providers Providers
	return providers, ask(ctx, control, http.MethodPost, "/programs", p, &providers)
}

// ask calls the cloud and names it in the error.
func ask(ctx context.Context, control inspect.Control, method, path string, in, out any) error {
	if err := control.Ask(ctx, method, path, in, out); err != nil {
		return fmt.Errorf("the local cloud: %w", err)
	}
	return nil
}

// control returns the handler for commands in other terminals.
func (c *Cloud) control() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /programs", func(w http.ResponseWriter, r *http.Request) {
		var p Program
		if err := json.NewDecoder(r.Body).Decode(&p); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		providers, err := c.providersOf(p)
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		_ = json.NewEncoder(w).Encode(providers) // fails only if the client is gone
	})
	mux.HandleFunc("POST /commands", c.serveCommand)
	mux.HandleFunc("GET /records", c.serveHeld)
	mux.Handle("/inspect/", c.inspector.Handler())
	return c.Control.Guard(mux)
}

// providersOf starts the providers of a program if they are not running, and
// returns their addresses.
func (c *Cloud) providersOf(p Program) (Providers, error) {
	c.joining.Lock()
	defer c.joining.Unlock()
	if served, ok := c.programs[p]; ok {
		return served, nil
	}
	var served Providers
	aws, commands, err := c.providersFor(p)
	if err != nil {
		return served, err
	}
	if served.AWS, err = c.serveGRPC(aws.Server()); err != nil {
		return served, err
	}
	if served.Command, err = c.serveGRPC(commands.Server()); err != nil {
		return served, err
	}
	c.programs[p] = served
	return served, nil
}

func (c *Cloud) providersFor(p Program) (aws, commands *provider.Provider, err error) {
	inert := provider.InertList(p.Inert)
	if aws, err = c.aws.For(p.Dir, p.Caller).WithInert(inert); err != nil {
		return nil, nil, err
	}
	commands, err = c.commands.For(p.Dir, p.Caller).WithInert(inert)
	return aws, commands, err
}
