package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"

	"skiff/local/cloud"
)

const scheduleUsage = `usage: go run ./local [flags] run-schedule NAME

It runs a schedule now, with the rights of its role, and prints what the function answers. NAME is the
schedule's name or the one in the Pulumi program. A disabled schedule runs, too. A rule of EventBridge with
a schedule runs by its name as well: what its function answers is printed, or an object of the ids of several
targets. For example:

    go run ./local run-schedule nightly
`

// runSchedule runs a schedule of the cloud now and prints what came back, or
// fails with the function's error.
func runSchedule(ctx context.Context, o options, stdout, stderr io.Writer) error {
	flags := flag.NewFlagSet("run-schedule", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.Usage = func() { fmt.Fprint(stderr, scheduleUsage) }
	if err := flags.Parse(o.args); errors.Is(err, flag.ErrHelp) {
		return nil
	} else if err != nil {
		return exitError(2)
	}
	if flags.NArg() != 1 {
		fmt.Fprint(stderr, scheduleUsage)
		return exitError(2)
	}
	return withCloud(ctx, o, project.openReached, stderr, func(_ project, s session) error {
		result, err := cloud.RunSchedule(ctx, s.Control, flags.Arg(0))
		if err != nil {
			return err
		}
		answer := bytes.TrimSpace(result.Payload)
		if result.FunctionError != "" {
			return fmt.Errorf("the function of the schedule %s failed: %s", flags.Arg(0), answer)
		}
		_, err = fmt.Fprintf(stdout, "%s\n", answer)
		return err
	})
}
