package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
)

// recover makes a stack deployable again after a deployment was killed: it
// clears the creations whose outcome nobody knows, and brings the state up to
// what AWS has. A lock goes only if -lock names it: whoever runs this must have
// seen that its process is dead.
func (p pipeline) recover(flags *flag.FlagSet) func(context.Context, []string) error {
	dead := flags.String("lock", "", "`USER@HOST/PID` of the dead process whose lock to remove")
	return func(ctx context.Context, words []string) error {
		stack := words[0]
		pending, err := p.pending(ctx, stack)
		if err != nil {
			return err
		}
		args := []string{"refresh", "--stack", stack, "--clear-pending-creates", "--yes", "--skip-preview", "--non-interactive"}
		r, err := p.pulumi(ctx, p.dir, stack, p.stdout, args...)
		if match := locked.FindStringSubmatch(r.all.String()); err != nil && match != nil && *dead != "" {
			if holder(match) != *dead {
				return fmt.Errorf("the lock is another's than -lock says: %w", err)
			}
			if _, err := p.pulumi(ctx, p.dir, stack, p.stdout, "cancel", "--stack", stack, "--yes"); err != nil {
				return err
			}
			_, err = p.pulumi(ctx, p.dir, stack, p.stdout, args...)
		}
		if err != nil {
			return err
		}
		for _, c := range pending {
			fmt.Fprintf(p.stdout, "cleared the creation of %s: look whether AWS has it; if so, delete it there or import it\n", c)
		}
		return nil
	}
}

// creation is what was being created when a deployment was killed.
type creation struct {
	URN  string
	Name string // in AWS, "" if it has none that Pulumi chose
}

func (c creation) String() string {
	if c.Name == "" {
		return c.URN
	}
	return fmt.Sprintf("%s (in AWS %s)", c.URN, c.Name)
}

// pending are the creations whose outcome nobody knows.
func (p pipeline) pending(ctx context.Context, stack string) (creations []creation, err error) {
	r, err := p.pulumi(ctx, p.dir, stack, nil, "stack", "export", "--stack", stack)
	if err != nil {
		return nil, err
	}
	var state struct {
		Deployment struct {
			Operations []struct {
				Type     string
				Resource struct {
					URN    string
					Inputs map[string]any
				}
			} `json:"pending_operations"`
		}
	}
	if err := json.Unmarshal(r.stdout.Bytes(), &state); err != nil {
		return nil, fmt.Errorf("the state of %s: %w", stack, err)
	}
	for _, operation := range state.Deployment.Operations {
		if operation.Type == "creating" {
			name, _ := operation.Resource.Inputs["name"].(string) // a secret one is an object
			creations = append(creations, creation{operation.Resource.URN, name})
		}
	}
	return creations, nil
}
