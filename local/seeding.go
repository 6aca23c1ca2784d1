package main

import (
	"context"
	"fmt"
	"io"

	"github.com/urfave/cli/v3"

	"skiff/local/inspect"
)

// seedCommand writes items into tables.
func seedCommand(l *commandLine) *cli.Command {
	var asJSON bool
	return l.command(&cli.Command{
		Name: "seed", ArgsUsage: "FILE|-", Usage: "write the items of a JSON file into tables",
		Description: `FILE has the form {"TABLE": [item, ...], ...}; - is standard input. TABLE is the name in the Pulumi program
or in AWS. It checks the keys of all items before it writes the first item. An item replaces the item with
the same key, and the table's stream gets a record of it. A type that JSON does not have is an object:
{"$binary": BASE64}, {"$strings": [...]}, {"$numbers": [...]}, {"$binaries": [...]}.`,
		Metadata: examples("seed items.json", "items -all -json items | go run ./local -state .other seed -"),
		Flags:    []cli.Flag{jsonFlag(&asJSON)},
	}, func(ctx context.Context, o options, stdout, stderr io.Writer) error {
		if len(o.args) != 1 {
			return misused("seed takes one file: see go run ./local seed -h")
		}
		data, err := readInput(o.args[0])
		if err != nil {
			return err
		}
		seed, err := inspect.ParseSeed(data)
		if err != nil {
			return fmt.Errorf("%s: %w", o.args[0], err)
		}
		return withCloud(ctx, o, project.open, stderr, func(_ project, s session) error {
			written, err := s.Control.Seed(ctx, seed)
			if asJSON && err == nil {
				return printJSON(stdout, written)
			}
			for _, w := range written {
				fmt.Fprintf(stdout, "%s: %d items\n", newPrinter(stdout).clean(w.Table), w.Items)
			}
			return err
		})
	})
}
