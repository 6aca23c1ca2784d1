// Command local runs a Pulumi program against a local AWS: with Pulumi's engine
// and the program's functions, but without an AWS account.
//
//	go run ./local                    bring the local stack up and serve it
//	go run ./local pulumi ARGS...     any Pulumi command against the local cloud
//	go run ./local logs [FUNCTION]    log lines of functions
//	go run ./local invoke FUNCTION    a function, with an event
//	go run ./local items [TABLE]      items of a table
//	go run ./local queue [QUEUE]      messages of a queue, and its dead letters
//	go run ./local iam [ROLE]         the rights of roles, and which of them were never used
//	go run ./local seed FILE          items for tables
//	go run ./local run-schedule NAME  a schedule, now
//	go run ./local token              a bearer token that the stack's API accepts
//	go run ./local exec CMD...        a command that uses AWS
//	go run ./local ci JOBS...         the project's GitLab pipeline
//	go run ./local completion SHELL   completion for bash, zsh or fish
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/urfave/cli/v3"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	os.Exit(run(followParent(ctx), os.Args[1:], os.Stdout, os.Stderr))
}

// run runs the program and returns its exit code: 0, 1 for a failure that it
// has printed, 2 for wrong usage, or Pulumi's code.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	o, do, err := parse(ctx, args, stdout)
	if err == nil {
		err = do(ctx, o, stdout, stderr)
	}
	var exit exitError
	var usage usageError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &exit):
		return int(exit)
	case errors.As(err, &usage):
		fmt.Fprintf(stderr, "local: %v\n", err)
		return 2
	default:
		fmt.Fprintf(stderr, "local: %v\n", err)
		return 1
	}
}

// commands returns the commands in the order of the help.
func (l *commandLine) commands() []*cli.Command {
	return []*cli.Command{
		pulumiCommand(l),
		logsCommand(l),
		invokeCommand(l),
		itemsCommand(l),
		queueCommand(l),
		iamCommand(l),
		seedCommand(l),
		runScheduleCommand(l),
		tokenCommand(l),
		execCommand(l),
		ciCommand(l),
		completionCommand(l),
		completeCommand(l),
	}
}

// exitError is the exit code of Pulumi or another command, which has printed
// its failure.
type exitError int

func (e exitError) Error() string { return fmt.Sprintf("exit status %d", int(e)) }
