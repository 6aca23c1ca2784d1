package main

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/urfave/cli/v3"
)

// runScheduleCommand runs a schedule now. It prints the function's answer, or
// fails with the function's error.
func runScheduleCommand(l *commandLine) *cli.Command {
	return l.command(&cli.Command{
		Name: "run-schedule", ArgsUsage: "NAME", Usage: "run a schedule now and print its function's answer",
		Description: `It runs a schedule now, with the rights of its role, and prints the function's answer. NAME is the name
in the Pulumi program or in AWS. Disabled schedules run too. NAME may also be an EventBridge rule with a
schedule: it prints the answer of the rule's function, or for several targets an object of answers by
target id.`,
		Metadata: examples("run-schedule nightly"),
	}, func(ctx context.Context, o options, stdout, stderr io.Writer) error {
		if len(o.args) != 1 {
			return misused("run-schedule takes one name: see go run ./local run-schedule -h")
		}
		return withCloud(ctx, o, project.openReached, stderr, func(_ project, s session) error {
			result, err := s.Control.RunSchedule(ctx, o.args[0])
			if err != nil {
				return err
			}
			answer := strings.TrimSpace(result.Answer)
			if result.Error != "" {
				return fmt.Errorf("the function of the schedule %s failed: %s", o.args[0], answer)
			}
			_, err = fmt.Fprintln(stdout, newPrinter(stdout).clean(answer))
			return err
		})
	})
}
