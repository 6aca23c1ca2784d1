// Command local runs a Pulumi program against an AWS on this machine: the real
// engine, the real functions, no account.
//
//	go run ./local                  bring the local stack up and serve it
//	go run ./local pulumi ARGS...   any Pulumi command against the same cloud
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	os.Exit(run(followParent(ctx), os.Args[1:], os.Stdout, os.Stderr))
}

// run is the program as a value. It returns the exit code: 0, 1 for a failure
// that it has told, 2 for arguments it does not take, or that of Pulumi.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	o, err := parse(args, stderr)
	if errors.Is(err, flag.ErrHelp) {
		return 0
	}
	if err != nil {
		fmt.Fprintf(stderr, "local: %v\n", err)
		return 2
	}
	if o.pulumi == nil {
		err = serve(ctx, o, stdout, stderr)
	} else {
		err = runPulumi(ctx, o, stdout, stderr)
	}
	var exit exitError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &exit):
		return int(exit)
	default:
		fmt.Fprintf(stderr, "local: %v\n", err)
		return 1
	}
}

// exitError is the exit code of Pulumi, which has told what failed.
type exitError int

func (e exitError) Error() string { return fmt.Sprintf("pulumi: exit status %d", int(e)) }

// options are the command line.
type options struct {
	dir    string   // of the Pulumi project
	addr   string   // of the gateway; "" where the command line does not say
	state  string   // folder of the local cloud
	stack  string   // to serve
	pulumi []string // arguments after the word pulumi; nil to serve
}

const usage = `usage: go run ./local [flags]                  bring the stack up on this machine and serve it
       go run ./local [flags] pulumi ARGS...   run a Pulumi command against the same local cloud

flags:
`

func parse(args []string, stderr io.Writer) (options, error) {
	var o options
	flags := flag.NewFlagSet("local", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.Usage = func() { fmt.Fprint(stderr, usage); flags.PrintDefaults() }
	flags.StringVar(&o.dir, "C", ".", "`DIR` of the Pulumi project")
	flags.StringVar(&o.addr, "addr", "", "`HOST:PORT` to serve at, on this machine; port 0 takes a free one (default "+defaultAddr+")")
	flags.StringVar(&o.state, "state", "", "`DIR` that keeps the local cloud (default .local in the project)")
	flags.StringVar(&o.stack, "stack", "local", "`STACK` to serve")
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	switch rest := flags.Args(); {
	case len(rest) == 0:
	case rest[0] == "pulumi":
		o.pulumi = append([]string{}, rest[1:]...)
	default:
		return o, fmt.Errorf("%q is not a command: there is only pulumi, and flags stand before it", rest[0])
	}
	return o, nil
}
