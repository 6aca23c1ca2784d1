package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"strings"
	"time"
)

// janitor destroys the stacks with the prefix that have had no update for days.
// These are review stacks whose merge request was closed without GitLab running
// the job "stop review". If a stack fails, janitor goes on with the others and
// reports the error at the end.
func (p pipeline) janitor(flags *flag.FlagSet) func(context.Context, []string) error {
	days := flags.Int("days", 7, "destroy stacks without an update for `N` days")
	return func(ctx context.Context, words []string) error {
		prefix := words[0]
		r, err := p.pulumi(ctx, p.dir, prefix+"*", nil, "stack", "ls", "--json")
		if err != nil {
			return err
		}
		var stacks []listedStack
		if err := json.Unmarshal(r.stdout.Bytes(), &stacks); err != nil {
			return fmt.Errorf("pulumi stack ls: %w", err)
		}
		var failed []error
		for _, stack := range stacks {
			if !stack.abandoned(prefix, time.Now().AddDate(0, 0, -*days)) {
				continue
			}
			if _, err := p.pulumi(ctx, p.dir, stack.Name, p.stdout, "destroy", "--stack", stack.Name, "--yes", "--skip-preview", "--remove", "--non-interactive"); err != nil {
				failed = append(failed, err)
			}
		}
		return errors.Join(failed...)
	}
}

// listedStack is a stack in the output of pulumi stack ls.
type listedStack struct {
	Name       string
	LastUpdate string // RFC 3339; "" if the stack was never updated
	InProgress bool   `json:"updateInProgress"`
}

// abandoned reports whether the stack has the prefix and its last update was
// before limit. A stack without an update is not abandoned: it has nothing in
// AWS, and its first job may be about to run.
func (s listedStack) abandoned(prefix string, limit time.Time) bool {
	updated, err := time.Parse(time.RFC3339, s.LastUpdate)
	return err == nil && strings.HasPrefix(s.Name, prefix) && !s.InProgress && updated.Before(limit)
}
