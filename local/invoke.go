package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/urfave/cli/v3"
)

// invokeCommand runs a function with an event.
func invokeCommand(l *commandLine) *cli.Command {
	var asJSON bool
	return l.command(&cli.Command{
		Name: "invoke", ArgsUsage: "FUNCTION [EVENT.json|-]", Usage: "run a function with an event and print its answer",
		Description: `It prints the function's answer, and the end of its log on standard error. If the function fails, the
exit code is 1. FUNCTION is the name in the Pulumi program or in AWS. The event comes from a file, or
from standard input for -; the default event is {}.`,
		Metadata: examples("invoke health", "invoke create-item event.json", "invoke notify - <event.json", "invoke -json health"),
		Flags: []cli.Flag{&cli.BoolFlag{Name: "json", Local: true, Destination: &asJSON,
			Usage: "print the answer, the error, the times in milliseconds and the log as one JSON object"}},
	}, func(ctx context.Context, o options, stdout, stderr io.Writer) error {
		if len(o.args) == 0 {
			return misused("invoke takes the name of a function: see go run ./local invoke -h")
		}
		if err := o.atMost(2); err != nil {
			return err
		}
		event := []byte("{}")
		if len(o.args) == 2 {
			var err error
			if event, err = readInput(o.args[1]); err != nil {
				return err
			}
			if !json.Valid(event) {
				return fmt.Errorf("the event in %s is not JSON", o.args[1])
			}
		}
		return withCloud(ctx, o, project.openReached, stderr, func(_ project, s session) error {
			got, err := s.Control.Invoke(ctx, o.args[0], event)
			if err != nil {
				return err
			}
			if asJSON {
				err = printJSON(stdout, got)
			} else {
				err = printAnswer(stdout, stderr, got.Answer, got.Error != "", got.Log)
			}
			if err == nil && got.Error != "" {
				err = fmt.Errorf("function %s failed: %s", newPrinter(stderr).clean(got.Function), newPrinter(stderr).clean(failure(got.Answer)))
			}
			return err
		})
	})
}

// printAnswer prints the end of the log, and the function's answer or error.
func printAnswer(stdout, stderr io.Writer, answer string, failed bool, log string) error {
	p := newPrinter(stderr)
	for line := range strings.Lines(log) {
		fmt.Fprintln(stderr, p.styled(faint, p.clean(strings.TrimSuffix(line, "\n"))))
	}
	if failed {
		return nil
	}
	_, err := fmt.Fprintln(stdout, newPrinter(stdout).clean(strings.TrimSpace(answer)))
	return err
}

// failure returns the message of a function's error, or the whole error if it
// has none. https://docs.aws.amazon.com/lambda/latest/dg/golang-exceptions.html
func failure(answer string) string {
	var e struct{ ErrorMessage, ErrorType string }
	if json.Unmarshal([]byte(answer), &e) != nil || e.ErrorMessage == "" {
		return strings.TrimSpace(answer)
	}
	if e.ErrorType == "" {
		return e.ErrorMessage
	}
	return e.ErrorType + ": " + e.ErrorMessage
}

// readInput reads a file, or standard input for "-".
func readInput(name string) ([]byte, error) {
	if name == "-" {
		return io.ReadAll(os.Stdin)
	}
	data, err := os.ReadFile(name)
	// Editors on Windows may write a byte order mark.
	return bytes.TrimPrefix(data, []byte("\xef\xbb\xbf")), err
}
