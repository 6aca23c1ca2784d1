package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"strconv"
	"strings"

	"github.com/urfave/cli/v3"

	"skiff/local/inspect"
)

// itemsCommand prints the tables, or the items of one.
func itemsCommand(l *commandLine) *cli.Command {
	var asJSON, all bool
	var limit int
	var start string
	return l.command(&cli.Command{
		Name: "items", ArgsUsage: "[TABLE]", Usage: "print the tables, or the items of a table",
		Description: `Without TABLE it prints the tables and the number of their items. With TABLE it prints a page of items:
the keys, and the other attributes as JSON. TABLE is the name in the Pulumi program or in AWS. Numbers
are exact. A type that JSON does not have is an object, such as {"$binary": BASE64} or
{"$strings": ["a", "b"]}. The command seed accepts the output of -json.`,
		Metadata: examples("items", "items -limit 5 items", "items -all -json items >items.json"),
		Flags: []cli.Flag{
			jsonFlag(&asJSON),
			&cli.IntFlag{Name: "limit", Local: true, Value: 50, Destination: &limit, Usage: "`N` items on a page, 1 to 1000 (default 50)"},
			&cli.StringFlag{Name: "start", Local: true, Destination: &start, Usage: "`PAGE` to print, as printed after the previous page"},
			&cli.BoolFlag{Name: "all", Local: true, Destination: &all, Usage: "print all pages"},
		},
	}, func(ctx context.Context, o options, stdout, stderr io.Writer) error {
		if err := o.atMost(1); err != nil {
			return err
		}
		if limit < 1 || limit > 1000 {
			return misused("-limit %d: a page has 1 to 1000 items", limit)
		}
		return withCloud(ctx, o, project.open, stderr, func(_ project, s session) error {
			if len(o.args) == 0 {
				tables, err := s.Control.Tables(ctx)
				if err != nil {
					return err
				}
				return printTables(stdout, tables, asJSON)
			}
			pages := tablePages{s.Control, o.args[0], inspect.Page{Limit: limit, Start: start}, all}
			if asJSON {
				return pages.printJSON(ctx, stdout, stderr)
			}
			return pages.print(ctx, stdout, stderr)
		})
	})
}

func printTables(stdout io.Writer, tables []inspect.Table, asJSON bool) error {
	if asJSON {
		return printJSON(stdout, tables)
	}
	var rows [][]string
	for _, t := range tables {
		key := t.HashKey
		if t.RangeKey != "" {
			key += ", " + t.RangeKey
		}
		rows = append(rows, []string{t.Logical, t.Name, strconv.Itoa(t.Items), key})
	}
	return newPrinter(stdout).table([]string{"TABLE", "NAME IN AWS", "ITEMS", "KEY"}, rows, nil)
}

// tablePages are the requested pages of a table.
type tablePages struct {
	control inspect.Control
	table   string
	page    inspect.Page
	all     bool
}

// each calls do with each page. If pages are left, it prints on stderr how to
// request the next one.
func (t tablePages) each(ctx context.Context, stderr io.Writer, do func(inspect.ItemPage) error) error {
	for {
		got, err := t.control.Items(ctx, t.table, t.page)
		if err != nil {
			return err
		}
		if err := do(got); err != nil {
			return err
		}
		t.page.Start = got.Next
		if got.Next == "" {
			return nil
		}
		if !t.all {
			fmt.Fprintf(stderr, "there are more items: use -start %s or -all\n", got.Next)
			return nil
		}
	}
}

// print prints the items as a table with the keys first. The column widths are
// set page by page.
func (t tablePages) print(ctx context.Context, stdout, stderr io.Writer) error {
	p := newPrinter(stdout)
	first := true
	return t.each(ctx, stderr, func(page inspect.ItemPage) error {
		var rows [][]string
		for _, item := range page.Items {
			row, rest := []string{}, maps.Clone(item.Plain)
			for _, key := range page.Keys {
				row = append(row, cell(item.Plain[key]))
				delete(rest, key)
			}
			rows = append(rows, append(row, cell(rest)))
		}
		var header []string
		if first {
			for _, key := range page.Keys {
				header = append(header, strings.ToUpper(key))
			}
			header = append(header, "ATTRIBUTES")
		}
		first = false
		return p.table(header, rows, nil)
	})
}

// cell formats a value on one line: strings as they are, other values as JSON.
func cell(v any) string {
	if s, ok := v.(string); ok {
		return s
	}
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	_ = e.Encode(v) // v was decoded from JSON
	return strings.TrimSuffix(b.String(), "\n")
}

// printJSON prints {"TABLE": [item, ...]}, one item a line.
func (t tablePages) printJSON(ctx context.Context, stdout, stderr io.Writer) error {
	p := newPrinter(stdout)
	began := false
	err := t.each(ctx, stderr, func(page inspect.ItemPage) error {
		if !began {
			fmt.Fprintf(stdout, "{%q: [", page.Table.Name)
		}
		for n, item := range page.Items {
			comma := ","
			if !began && n == 0 {
				comma = ""
			}
			if _, err := fmt.Fprintf(stdout, "%s\n  %s", comma, p.clean(cell(item.Plain))); err != nil {
				return err
			}
		}
		began = began || len(page.Items) > 0
		return nil
	})
	if err == nil {
		_, err = fmt.Fprintln(stdout, "\n]}")
	}
	return err
}
