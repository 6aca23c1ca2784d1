// Command local runs a Pulumi program against an AWS on this machine: the real
// engine, the real functions, no account.
//
//	go run ./local                  bring the local stack up and serve it
//	go run ./local pulumi ARGS...   any Pulumi command against the same cloud
//	go run ./local token            a bearer token that the stack's API takes
//	go run ./local exec CMD...      a command that uses AWS, against the same cloud
//	go run ./local ci JOBS...       the project's GitLab pipeline, against the same cloud
//	go run ./local run-schedule NAME  run a schedule of the same cloud now
//	go run ./local iam ROLES...     what roles hold, and which of it was never used
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"skiff/local/engine/provider"
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
	switch o.command {
	case "":
		err = serve(ctx, o, stdout, stderr)
	case "pulumi":
		err = runPulumi(ctx, o, stdout, stderr)
	case "token":
		err = runToken(ctx, o, stdout, stderr)
	case "exec":
		err = runExec(ctx, o, stdout, stderr)
	case "ci":
		err = runCI(ctx, o, stdout, stderr)
	case "iam":
		err = runIAM(ctx, o, stdout, stderr)
	case "run-schedule":
		err = runSchedule(ctx, o, stdout, stderr)
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

// exitError is the exit code of Pulumi or of another command, which has told
// what failed.
type exitError int

func (e exitError) Error() string { return fmt.Sprintf("exit status %d", int(e)) }

// options are the command line.
type options struct {
	dir     string   // of the Pulumi project
	addr    string   // of the gateway; "" where the command line does not say
	state   string   // folder of the local cloud
	stack   string   // to serve or to make a token for; "" where the command line does not say
	items   string   // URL of the engine that keeps the items; "" for one of the cloud's own
	inert   []string // types and properties that are kept without effect
	assume  bool     // take the role of AWS_ROLE_ARN, as a job of a pipeline does
	debug   string   // function to run under a debugger while it serves; "" for none
	watch   bool     // follow the source while it serves
	command string   // pulumi, token, exec, ci, iam or run-schedule; "" to serve
	args    []string // after that word
}

// line is another command for the same local cloud, as a person types it.
func (o options) line(words ...string) string {
	line := []string{"go run ./local"}
	if o.dir != "" && o.dir != "." {
		line = append(line, "-C", o.dir)
	}
	if o.state != "" {
		line = append(line, "-state", o.state)
	}
	return strings.Join(append(line, words...), " ")
}

const usage = `usage: go run ./local [flags]                  bring the stack up on this machine and serve it
       go run ./local [flags] pulumi ARGS...   run a Pulumi command against the same local cloud
       go run ./local [flags] token [flags]    print a bearer token that the stack's API takes
       go run ./local [flags] exec CMD...      run a command that uses AWS against the same local cloud
       go run ./local [flags] ci [flags] JOBS...  run the project's GitLab pipeline, or some of its jobs
       go run ./local [flags] iam [-json] ROLES...  print what roles hold, and which of it was never used
       go run ./local [flags] run-schedule NAME  run a schedule now and print what its function answers

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
	flags.StringVar(&o.stack, "stack", "", "`STACK` to serve or to make a token for (default local, or the one that is served)")
	flags.Func("dynamodb", "`URL` of another engine for the items on this machine, such as DynamoDB Local at http://127.0.0.1:8000 (default Dynoxide, with its data in the local cloud)", func(text string) (err error) {
		o.items, err = engineURL(text)
		return err
	})
	flags.Func("inert", "`TYPE,...` of resources that the local cloud does not know, or TYPE.PROPERTY, to keep as settings without effect, such as aws:cognito/userPool:UserPool; also local:inert in the stack's file", func(text string) error {
		o.inert = append(o.inert, provider.InertList(text)...)
		return nil
	})
	flags.BoolVar(&o.assume, "assume", false, "run Pulumi with the role that AWS_ROLE_ARN names, taken by the token in the file AWS_WEB_IDENTITY_TOKEN_FILE")
	flags.StringVar(&o.debug, "debug", "", "run `FUNCTION`, by its name in AWS or in the program, under the debugger Delve, and wait for a person to attach")
	flags.BoolVar(&o.watch, "watch", false, "follow the source while it serves: compile on save, and swap the functions whose code changed; what the program or its settings changed brings the stack up")
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	switch rest := flags.Args(); {
	case len(rest) == 0:
	case rest[0] == "pulumi", rest[0] == "token", rest[0] == "ci", rest[0] == "iam", rest[0] == "run-schedule", rest[0] == "exec" && len(rest) > 1:
		o.command, o.args = rest[0], rest[1:]
	case rest[0] == "exec":
		return o, errors.New("exec takes a command, such as: go run ./local exec go run ./infra/key SECRET")
	default:
		return o, fmt.Errorf("%q is not a command: there are pulumi, token, exec, ci, iam and run-schedule, and flags stand before them", rest[0])
	}
	return o, nil
}
