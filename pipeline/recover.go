package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
)

// recover makes a stack deployable again after a deployment was killed. It
// removes creations with an unknown result from the state, and refreshes the
// state from AWS. It removes a lock only if -lock names its process: first make
// sure that this process is dead.
func (p pipeline) recover(flags *flag.FlagSet) func(context.Context, []string) error {
	dead := flags.String("lock", "", "remove the lock of the dead process `USER@HOST/PID`")
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
				return fmt.Errorf("the lock does not belong to the process that -lock names: %w", err)
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
			fmt.Fprintf(p.stdout, "removed the creation of %s from the state: check whether it exists in AWS; if so, delete it there or import it\n", c)
		}
		return nil
	}
}

// creation is a resource that was being created when a deployment was killed.
type creation struct {
	URN  string
	Name string // in AWS; "" if Pulumi chose no name
}

func (c creation) String() string {
	if c.Name == "" {
		return c.URN
	}
	return fmt.Sprintf("%s (%s in AWS)", c.URN, c.Name)
}

// pending returns the creations with an unknown result.
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
			name, _ := operation.Resource.Inputs["name"].(string) // a secret name is an object
			creations = append(creations, creation{operation.Resource.URN, name})
		}
	}
	return creations, nil
}
