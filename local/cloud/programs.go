package cloud

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"

	"skiff/local/engine/provider"
	"skiff/local/inspect"
)

// Program is one Pulumi program and who runs it. Several share a cloud: those
// of other checkouts, each job of a pipeline's in a folder of its own.
type Program struct {
	Dir    string // of the program, absolute: relative paths of its stack start there
	Caller string // ARN of the session whose role it runs with; "" for a person of this machine
	Inert  string // what is kept without effect, with commas between: see provider.WithInert
}

// Providers are the addresses, host and port, of the providers that the engine
// attaches for one program.
type Providers struct {
	AWS, Command string
}

// Join asks a cloud, in this process or another, for the providers of a program.
// They are there as long as the cloud is.
func Join(ctx context.Context, control inspect.Control, p Program) (Providers, error) {
	var providers Providers
	return providers, ask(ctx, control, http.MethodPost, "/programs", p, &providers)
}

// ask makes a call whose error says that it is the cloud's.
func ask(ctx context.Context, control inspect.Control, method, path string, in, out any) error {
	if err := control.Ask(ctx, method, path, in, out); err != nil {
		return fmt.Errorf("the local cloud: %w", err)
	}
	return nil
}

// control answers the commands of other terminals.
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
		_ = json.NewEncoder(w).Encode(providers) // a program that has gone is nobody to tell
	})
	mux.HandleFunc("POST /commands", c.serveCommand)
	mux.HandleFunc("GET /records", c.serveHeld)
	mux.Handle("/inspect/", c.inspector.Handler())
	return c.Control.Guard(mux)
}

// providersOf serves the providers for a program, unless they are served.
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
