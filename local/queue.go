package main

import (
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/urfave/cli/v3"

	"skiff/local/inspect"
)

// queueCommand prints queues, or the messages of one, and redrives dead
// letters.
func queueCommand(l *commandLine) *cli.Command {
	var asJSON, dead, redrive bool
	var limit int
	return l.command(&cli.Command{
		Name: "queue", ArgsUsage: "[QUEUE]", Usage: "print the queues, or the messages of a queue, and redrive dead letters",
		Description: `Without QUEUE it prints the queues and the number of their messages. With QUEUE it prints the messages,
the oldest first, but neither receives nor changes them. QUEUE is the name in the Pulumi program or in
AWS. -redrive moves the messages of a dead-letter queue that are not in flight back to their source
queues, as new messages. QUEUE may be the dead-letter queue or a source queue.`,
		Metadata: examples("queue", "queue -dead", "queue events", "queue -dead events", "queue -redrive events"),
		Flags: []cli.Flag{
			jsonFlag(&asJSON),
			&cli.BoolFlag{Name: "dead", Local: true, Destination: &dead, Usage: "only dead-letter queues, or the dead letters of QUEUE"},
			&cli.BoolFlag{Name: "redrive", Local: true, Destination: &redrive, Usage: "move dead letters back to their source queues; without QUEUE, from all dead-letter queues"},
			&cli.IntFlag{Name: "limit", Local: true, Value: 50, Destination: &limit, Usage: "print at most `N` messages (default 50)"},
		},
	}, func(ctx context.Context, o options, stdout, stderr io.Writer) error {
		if err := o.atMost(1); err != nil {
			return err
		}
		if limit < 1 {
			return misused("-limit %d: the limit must be at least 1", limit)
		}
		return withCloud(ctx, o, project.open, stderr, func(_ project, s session) error {
			queues, err := s.Control.Queues(ctx)
			if err != nil {
				return err
			}
			if dead {
				queues = slices.DeleteFunc(queues, func(q inspect.Queue) bool { return len(q.Sources) == 0 })
			}
			switch {
			case redrive:
				return redriveQueues(ctx, s.Control, o.args, queues, stdout, asJSON)
			case len(o.args) == 0:
				return printQueues(stdout, queues, asJSON)
			}
			page, err := s.Control.Messages(ctx, o.args[0], limit, dead)
			if err != nil {
				return err
			}
			return printMessages(stdout, stderr, page, asJSON)
		})
	})
}

func printQueues(stdout io.Writer, queues []inspect.Queue, asJSON bool) error {
	if asJSON {
		return printJSON(stdout, queues)
	}
	var rows [][]string
	for _, q := range queues {
		dead := ""
		if q.DeadLetters != "" {
			dead = strconv.Itoa(q.Dead)
		}
		rows = append(rows, []string{q.Logical, q.Name, strconv.Itoa(q.Waiting), strconv.Itoa(q.InFlight), strconv.Itoa(q.Delayed), dead, q.DeadLetters})
	}
	return newPrinter(stdout).table([]string{"QUEUE", "NAME IN AWS", "WAITING", "IN FLIGHT", "DELAYED", "DEAD", "DEAD LETTERS GO TO"}, rows, func(row, column int) string {
		if column == 5 && queues[row].Dead > 0 {
			return red
		}
		return ""
	})
}

func printMessages(stdout, stderr io.Writer, page inspect.MessagePage, asJSON bool) error {
	if asJSON {
		return printJSON(stdout, page)
	}
	var rows [][]string
	for _, m := range page.Messages {
		rows = append(rows, []string{m.Sent.Local().Format(time.DateTime), m.State, strconv.Itoa(m.Receives), m.Queue, m.Body})
	}
	if err := newPrinter(stdout).table([]string{"SENT", "STATE", "RECEIVED", "FROM", "BODY"}, rows, nil); err != nil {
		return err
	}
	if more := page.Total - len(page.Messages); more > 0 {
		fmt.Fprintf(stderr, "there are %d more messages: use -limit %d\n", more, page.Total)
	}
	return nil
}

// redriveQueues redrives the dead letters of the named queue, or of all queues.
func redriveQueues(ctx context.Context, control inspect.Control, names []string, queues []inspect.Queue, stdout io.Writer, asJSON bool) error {
	if len(names) == 0 {
		for _, q := range queues {
			if len(q.Sources) > 0 {
				names = append(names, q.Name)
			}
		}
	}
	p := newPrinter(stdout)
	all := []inspect.Redriven{}
	for _, name := range names {
		r, err := control.Redrive(ctx, name)
		if err != nil {
			return err
		}
		all = append(all, r)
		if asJSON {
			continue
		}
		if len(r.Moved) == 0 {
			fmt.Fprintf(stdout, "%s: no message moved\n", p.clean(r.Queue))
		}
		for _, to := range slices.Sorted(maps.Keys(r.Moved)) {
			fmt.Fprintf(stdout, "%s: %d moved to %s\n", p.clean(r.Queue), r.Moved[to], p.clean(to))
		}
		if r.Stayed > 0 {
			fmt.Fprintf(stdout, "%s: %d stayed: their source queue is unknown or was deleted\n", p.clean(r.Queue), r.Stayed)
		}
	}
	if asJSON {
		return printJSON(stdout, all)
	}
	return nil
}
