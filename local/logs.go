package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/urfave/cli/v3"

	"skiff/local/inspect"
)

// logsCommand prints log lines of functions.
func logsCommand(l *commandLine) *cli.Command {
	var follow, asJSON bool
	var last int
	return l.command(&cli.Command{
		Name: "logs", ArgsUsage: "[FUNCTION...]", Usage: "print log lines of the functions, and follow them",
		Description: `It prints the last lines of all functions, or of the named functions, in the order of their times:
Lambda's START, END and REPORT, and the output of the functions, with the text of a panic.
FUNCTION is the name in the Pulumi program or in AWS. An interrupt ends -f, with exit code 0.`,
		Metadata: examples("logs", "logs -f create-item", "logs -last 1000 -json"),
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "f", Local: true, Destination: &follow, Usage: "continue with new lines"},
			&cli.IntFlag{Name: "last", Local: true, Value: 100, Destination: &last, Usage: "at most `N` existing lines (default 100)"},
			&cli.BoolFlag{Name: "json", Local: true, Destination: &asJSON, Usage: "print one JSON object per line"},
		},
	}, func(ctx context.Context, o options, stdout, stderr io.Writer) error {
		if last < 0 {
			return misused("-last %d: the number of lines must not be negative", last)
		}
		q := inspect.LogQuery{Functions: o.args, Last: last, Follow: follow}
		return withCloud(ctx, o, project.open, stderr, func(_ project, s session) error {
			if asJSON {
				e := json.NewEncoder(stdout)
				return s.Control.Logs(ctx, q, func(line inspect.Line) error { return e.Encode(line) })
			}
			p := newPrinter(stdout)
			return s.Control.Logs(ctx, q, func(line inspect.Line) error { return p.line(line) })
		})
	})
}

// line prints a log line with its local time and its function.
func (p printer) line(l inspect.Line) error {
	text := p.clean(l.Text)
	for _, platform := range []string{"START RequestId: ", "END RequestId: ", "REPORT RequestId: "} {
		if strings.HasPrefix(l.Text, platform) {
			text = p.styled(faint, text)
		}
	}
	if strings.Contains(l.Text, "\tStatus: ") && strings.HasPrefix(l.Text, "REPORT ") {
		text = p.styled(red, p.clean(l.Text))
	}
	_, err := fmt.Fprintf(p.w, "%s %s %s\n", p.styled(faint, l.Time.Local().Format("15:04:05.000")), p.styled(bold, p.clean(l.Function)), text)
	return err
}
