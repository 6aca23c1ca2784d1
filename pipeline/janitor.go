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

// janitor destroys the stacks whose name begins with the prefix and that nobody
// has updated for days: review stacks whose merge request ended without GitLab
// running the job that stops them. A stack that fails to go is told, and the
// others go.
func (p pipeline) janitor(flags *flag.FlagSet) func(context.Context, []string) error {
	days := flags.Int("days", 7, "`N` days without an update after which a stack goes")
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

// listedStack is a stack as pulumi stack ls tells of it.
type listedStack struct {
	Name       string
	LastUpdate string // RFC 3339; "" for one that was never updated
	InProgress bool   `json:"updateInProgress"`
}

// abandoned tells whether the stack is one of the prefix, and no update of it
// came after the limit. One that was never updated has nothing in AWS, and its
// job may be about to.
func (s listedStack) abandoned(prefix string, limit time.Time) bool {
	updated, err := time.Parse(time.RFC3339, s.LastUpdate)
	return err == nil && strings.HasPrefix(s.Name, prefix) && !s.InProgress && updated.Before(limit)
}
