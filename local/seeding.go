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
		Name: "seed", ArgsUsage: "FILE|-", Usage: "write items of a JSON file into tables",
		Description: `FILE is {"TABLE": [item, ...], ...}, or standard input for -; TABLE is the name in the Pulumi program or in
AWS. It checks all items against the keys of their tables before it writes the first. An item replaces
the one with the same key, and a table's stream has what is written. What JSON has not is an object:
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
