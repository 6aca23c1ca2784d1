package main

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/urfave/cli/v3"

	"skiff/local/aws/iam"
	"skiff/local/inspect"
)

// iamCommand prints the rights of roles, and which of them no call has used
// yet.
func iamCommand(l *commandLine) *cli.Command {
	var asJSON bool
	return l.command(&cli.Command{
		Name: "iam", ArgsUsage: "[ROLE|FUNCTION...]", Usage: "print the rights of roles, and which of them were never used",
		Description: `It prints the rights that each role's policies allow, and whether an allowed call has used them since
the local cloud was created. FUNCTION selects the role of a function.`,
		Metadata: examples("iam", "iam create-item", "iam -json skiff-local-create-item"),
		Flags:    []cli.Flag{jsonFlag(&asJSON)},
	}, func(ctx context.Context, o options, stdout, stderr io.Writer) error {
		return withCloud(ctx, o, project.open, stderr, func(_ project, s session) error {
			roles, err := s.Control.RolesOf(ctx, o.args)
			if err != nil {
				return err
			}
			if asJSON {
				held := map[string][]iam.Holding{}
				for _, r := range roles {
					held[r.Name] = r.Holdings
				}
				return printJSON(stdout, held)
			}
			for _, r := range roles {
				if err := printHoldings(stdout, r); err != nil {
					return err
				}
			}
			return nil
		})
	})
}

// printHoldings prints the rights of one role as a table.
func printHoldings(w io.Writer, r inspect.Role) error {
	p := newPrinter(w)
	fmt.Fprintln(w, p.styled(bold, p.clean(r.Name)))
	never := 0
	var rows [][]string
	for _, h := range r.Holdings {
		mark := "used"
		if !h.Used {
			mark = "never"
			never++
		}
		action, resource := h.Right()
		rows = append(rows, []string{"  " + mark, action, resource})
	}
	err := p.table(nil, rows, func(row, column int) string {
		if column == 0 && !r.Holdings[row].Used {
			return red
		}
		return ""
	})
	if err != nil {
		return err
	}
	of := ""
	if len(r.Functions) > 0 {
		of = "; role of " + p.clean(strings.Join(r.Functions, ", "))
	}
	_, err = fmt.Fprintf(w, "%s: %d rights, %d of them never used%s\n\n", p.clean(r.Name), len(r.Holdings), never, of)
	return err
}
