package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/urfave/cli/v3"

	"skiff/local/engine/provider"
)

// options are the flags and arguments of the command line.
type options struct {
	dir     string   // of the Pulumi project
	addr    string   // of the gateway; "" if not given
	state   string   // folder of the local cloud
	stack   string   // to serve or to make a token for; "" if not given
	items   string   // URL of the engine that keeps the items; "" for Dynoxide
	inert   []string // types and properties that are stored without effect
	assume  bool     // assume the role of AWS_ROLE_ARN, as a pipeline's job does
	debug   string   // function to run under a debugger; "" for none
	watch   bool     // follow the source while serving
	command string   // such as pulumi; "" to serve
	args    []string // arguments after the command and its flags
}

// line returns another command for the same local cloud, as a person would type
// it.
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

// An action runs a command.
type action func(ctx context.Context, o options, stdout, stderr io.Writer) error

// commandLine collects the options and the action while the command line is
// parsed.
type commandLine struct {
	o  options
	do action
}

// usageError is a mistake in a command line.
type usageError struct{ error }

func misused(format string, args ...any) error { return usageError{fmt.Errorf(format, args...)} }

// parse parses a command line. A request for help is an action too.
func parse(ctx context.Context, args []string, stdout io.Writer) (options, action, error) {
	l := &commandLine{}
	root := l.root()
	root.Writer, root.ErrWriter = stdout, io.Discard
	root.ExitErrHandler = func(context.Context, *cli.Command, error) {}
	err := root.Run(ctx, append([]string{"local"}, shortHelp(args)...))
	return l.o, l.do, err
}

// shortHelp replaces -help and --help by -h. A flag named help would make the
// library print its help in another format. shortHelp leaves the arguments of
// commands such as pulumi and exec as they are.
func shortHelp(args []string) []string {
	args = slices.Clone(args)
	for i, arg := range args {
		switch arg {
		case "pulumi", "exec", "token", "complete", "--":
			return args
		case "-help", "--help":
			args[i] = "-h"
		}
	}
	return args
}

// root returns the root command with the flags for every command. Without a
// subcommand it serves.
func (l *commandLine) root() *cli.Command {
	root := l.command(&cli.Command{
		Name: "local", ArgsUsage: "[COMMAND]", Usage: "run the Pulumi project on this machine",
		Description:               "Without a command it brings the stack up on this machine and serves it until an interrupt.",
		DisableSliceFlagSeparator: true,
		Metadata:                  examples("", "-stack staging", "-addr 127.0.0.1:9000"),
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "C", Value: ".", Destination: &l.o.dir, Usage: "`DIR` of the Pulumi project"},
			&cli.StringFlag{Name: "addr", Destination: &l.o.addr, Usage: "loopback address `HOST:PORT` to serve at; port 0 selects a free port (default " + defaultAddr + ")"},
			&cli.StringFlag{Name: "state", Destination: &l.o.state, Usage: "`DIR` with the data of the local cloud (default .local in the project)"},
			&cli.StringFlag{Name: "stack", Destination: &l.o.stack, Usage: "`STACK` to serve or to create a token for (default the served stack, or local)"},
			&cli.StringFlag{Name: "dynamodb", Usage: "`URL` of another DynamoDB emulator on this machine, such as DynamoDB Local at http://127.0.0.1:8000 (default Dynoxide)",
				Action: func(_ context.Context, _ *cli.Command, text string) (err error) {
					if l.o.items, err = engineURL(text); err != nil {
						return misused("-dynamodb %q: %w", text, err)
					}
					return nil
				}},
			&cli.StringSliceFlag{Name: "inert", Usage: "`TYPE,...` or TYPE.PROPERTY that the local cloud does not know and keeps as settings without effect, such as aws:cognito/userPool:UserPool; the stack's file can list them in local:inert",
				Action: func(_ context.Context, _ *cli.Command, names []string) error {
					l.o.inert = provider.InertList(strings.Join(names, ","))
					return nil
				}},
			&cli.BoolFlag{Name: "assume", Destination: &l.o.assume, Usage: "run Pulumi with the role in AWS_ROLE_ARN, assumed with the token in the file AWS_WEB_IDENTITY_TOKEN_FILE"},
			&cli.StringFlag{Name: "debug", Destination: &l.o.debug, Usage: "run `FUNCTION`, named as in the program or in AWS, under the debugger Delve, and wait for a client to attach"},
			&cli.BoolFlag{Name: "watch", Destination: &l.o.watch, Usage: "compile the source on save while it serves: replace the functions whose code changed, and bring the stack up if the program or its settings changed"},
		},
	}, func(ctx context.Context, o options, stdout, stderr io.Writer) error {
		if len(o.args) > 0 {
			return unknownCommand(o.args[0])
		}
		o.command = ""
		return serve(ctx, o, stdout, stderr)
	})
	root.Commands = l.commands()
	return root
}

func unknownCommand(name string) error {
	var l commandLine
	all := l.commands()
	var names []string
	for _, c := range all {
		if !c.Hidden {
			names = append(names, c.Name)
		}
	}
	advice := ""
	if near := cli.SuggestCommand(all, name); slices.Contains(names, near) {
		advice = fmt.Sprintf("did you mean %s? ", near)
	}
	return misused("%q is not a command: %sthe commands are %s", name, advice, strings.Join(names, ", "))
}

// command completes a command: it adds -h, turns its mistakes into usageErrors,
// and defers its action until the whole line is parsed.
func (l *commandLine) command(c *cli.Command, do action) *cli.Command {
	c.HideHelp, c.HideVersion = true, true
	c.OnUsageError = func(_ context.Context, c *cli.Command, err error, _ bool) error {
		wrong := strings.ReplaceAll(err.Error(), "flag provided but not defined: ", "there is no flag ")
		if c.Name != "local" {
			wrong = c.Name + ": " + wrong
		}
		return misused("%s: see %s", wrong, lineOf(c, "-h"))
	}
	help := false
	if !c.SkipFlagParsing {
		c.Flags = append(c.Flags, &cli.BoolFlag{Name: "h", Local: true, Destination: &help, Usage: "print this help"})
	}
	c.Action = func(_ context.Context, cmd *cli.Command) error {
		args := cmd.Args().Slice()
		// Everything after pulumi goes to Pulumi.
		if c.SkipFlagParsing && c.Name != "pulumi" && len(args) == 1 && slices.Contains([]string{"-h", "-help", "--help"}, args[0]) {
			help = true
		}
		l.o.command, l.o.args, l.do = c.Name, args, do
		if help {
			l.do = func(_ context.Context, _ options, stdout, _ io.Writer) error { return printHelp(stdout, cmd) }
		}
		return nil
	}
	return c
}

// lineOf returns a command line that runs c.
func lineOf(c *cli.Command, words ...string) string {
	line := []string{"go run ./local"}
	if c.Name != "local" {
		line = append(line, c.Name)
	}
	return strings.Join(append(line, words...), " ")
}

// atMost returns an error if there are more than n arguments.
func (o options) atMost(n int) error {
	if len(o.args) > n {
		return misused("%s: too many arguments (%s), at most %d: see go run ./local %[1]s -h", o.command, strings.Join(o.args, " "), n)
	}
	return nil
}

func jsonFlag(asJSON *bool) cli.Flag {
	return &cli.BoolFlag{Name: "json", Local: true, Destination: asJSON, Usage: "print JSON"}
}
