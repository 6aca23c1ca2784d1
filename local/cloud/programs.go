package cloud

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"strings"

	"skiff/local/aws/iam"
	"skiff/local/aws/lambda"
	"skiff/local/aws/scheduler"
	"skiff/local/engine/provider"
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

// Join asks the cloud whose control address it is, in this process or another,
// for the providers of a program. They are there as long as the cloud is.
func Join(ctx context.Context, control string, p Program) (Providers, error) {
	body, err := json.Marshal(p)
	if err != nil {
		return Providers{}, err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+control+"/programs", bytes.NewReader(body))
	if err != nil {
		return Providers{}, err
	}
	var providers Providers
	return providers, ask(r, &providers)
}

// Holdings asks the cloud whose control address it is what its roles hold, and
// which of it was used.
func Holdings(ctx context.Context, control string) (map[string][]iam.Holding, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+control+"/roles", nil)
	if err != nil {
		return nil, err
	}
	var held map[string][]iam.Holding
	return held, ask(r, &held)
}

// RunSchedule asks the cloud whose control address it is to run a schedule now,
// and returns what the function answers. The name is that of the schedule, or of a
// rule of EventBridge with one, or the one in the Pulumi program.
func RunSchedule(ctx context.Context, control, name string) (lambda.Result, error) {
	var result lambda.Result
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+control+"/schedules", strings.NewReader(name))
	if err != nil {
		return result, err
	}
	return result, ask(r, &result)
}

func ask(r *http.Request, into any) error {
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		return fmt.Errorf("the local cloud does not answer: %w", err)
	}
	defer response.Body.Close()
	data, err := io.ReadAll(response.Body)
	if err != nil {
		return err
	}
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("the local cloud: %s", strings.TrimSpace(string(data)))
	}
	return json.Unmarshal(data, into)
}

// control answers Join, Holdings and RunSchedule.
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
	mux.HandleFunc("GET /roles", func(w http.ResponseWriter, r *http.Request) {
		held, err := c.holdings()
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		_ = json.NewEncoder(w).Encode(held)
	})
	mux.HandleFunc("POST /schedules", func(w http.ResponseWriter, r *http.Request) {
		name, err := io.ReadAll(r.Body)
		var result lambda.Result
		if err == nil {
			result, err = c.runSchedule(r.Context(), string(name))
		}
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		_ = json.NewEncoder(w).Encode(result)
	})
	return mux
}

// runSchedule runs a schedule of EventBridge Scheduler, or a rule if none has the
// name.
func (c *Cloud) runSchedule(ctx context.Context, name string) (lambda.Result, error) {
	result, err := c.schedules.Run(ctx, name)
	if !errors.Is(err, scheduler.ErrNoSchedule) {
		return result, err
	}
	result, ok, failed := c.rules.Run(ctx, name)
	if ok || failed != nil {
		return result, failed
	}
	if names, failed := c.rules.Scheduled(); failed == nil && len(names) > 0 {
		err = fmt.Errorf("%w; nor is it a rule with a schedule: there are %s", err, strings.Join(names, ", "))
	}
	return result, err
}

func (c *Cloud) holdings() (map[string][]iam.Holding, error) {
	uses, err := iam.ReadUses(filepath.Join(c.o.Dir, UsesFile))
	if err != nil {
		return nil, err
	}
	return c.authority.Holdings(uses)
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
