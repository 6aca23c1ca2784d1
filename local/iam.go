package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"

	"skiff/local/aws/iam"
	"skiff/local/cloud"
)

// runIAM prints what the roles of the cloud hold, or those that are named, and
// which of it no call has used so far.
func runIAM(ctx context.Context, o options, stdout, stderr io.Writer) error {
	flags := flag.NewFlagSet("iam", flag.ContinueOnError)
	flags.SetOutput(stderr)
	asJSON := flags.Bool("json", false, "print JSON")
	if err := flags.Parse(o.args); err != nil {
		return exitError(2)
	}
	return withCloud(ctx, o, project.open, stderr, func(_ project, s session) error {
		held, err := cloud.Holdings(ctx, s.Control)
		if err != nil {
			return err
		}
		if held, err = ofRoles(held, flags.Args()); err != nil {
			return err
		}
		if *asJSON {
			e := json.NewEncoder(stdout)
			e.SetIndent("", "  ")
			return e.Encode(held)
		}
		for _, role := range slices.Sorted(maps.Keys(held)) {
			if err := printHoldings(stdout, role, held[role]); err != nil {
				return err
			}
		}
		return nil
	})
}

// ofRoles is what those roles hold that are named; without names, all do.
func ofRoles(held map[string][]iam.Holding, names []string) (map[string][]iam.Holding, error) {
	if len(names) == 0 {
		return held, nil
	}
	named := map[string][]iam.Holding{}
	for _, name := range names {
		rights, ok := held[name]
		if !ok {
			return nil, fmt.Errorf("the local cloud has no role %s; it has %s", name, strings.Join(slices.Sorted(maps.Keys(held)), ", "))
		}
		named[name] = rights
	}
	return named, nil
}

// printHoldings is a table of one role.
func printHoldings(w io.Writer, role string, held []iam.Holding) error {
	fmt.Fprintln(w, role)
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	never := 0
	for _, h := range held {
		mark := "used"
		if !h.Used {
			mark = "never"
			never++
		}
		action, resource := h.Right()
		fmt.Fprintf(table, "  %s\t%s\t%s\n", mark, action, resource)
	}
	if err := table.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintf(w, "%s: %d rights, %d of them never used\n\n", role, len(held), never)
	return err
}
