// Command pipeline runs the jobs of .gitlab-ci.yml, and lets a person run them
// by hand. Run it at the root of the repository:
//
//	go run ./pipeline build STACK...         build the zips and the program, once
//	go run ./pipeline preview [-plan] STACK  show what would change
//	go run ./pipeline note STACK...          write that to the merge request
//	go run ./pipeline deploy STACK           execute the plan of preview -plan
//	go run ./pipeline recover STACK          clean up after a killed deployment
//	go run ./pipeline janitor PREFIX         destroy stacks without updates for days
//
// One command leaves files for the next in .build. A job keeps them as
// artifacts.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	p := pipeline{dir: ".", getenv: os.Getenv, stdout: os.Stdout, stderr: os.Stderr}
	os.Exit(p.run(ctx, os.Args[1:]))
}

// pipeline is the program, with what it takes from its process.
type pipeline struct {
	dir            string // of the repository
	getenv         func(string) string
	stdout, stderr io.Writer
}

// command is one command of the command line. setUp registers its flags and
// returns a function that runs it.
type command struct {
	name  string
	words string // the arguments, for people: capital words, with ... for several
	setUp func(*flag.FlagSet) func(ctx context.Context, words []string) error
}

func (p pipeline) commands() []command {
	return []command{
		{"build", "STACK...", p.build},
		{"preview", "STACK", p.preview},
		{"note", "STACK...", p.note},
		{"deploy", "STACK", p.deploy},
		{"recover", "STACK", p.recover},
		{"janitor", "PREFIX", p.janitor},
	}
}

// run runs a command and returns the exit code: 0 for success, 1 for a failure,
// 2 for wrong arguments. It prints the error.
func (p pipeline) run(ctx context.Context, args []string) int {
	var names []string
	for _, c := range p.commands() {
		if len(args) > 0 && args[0] == c.name {
			return p.runCommand(ctx, c, args[1:])
		}
		names = append(names, c.name)
	}
	fmt.Fprintf(p.stderr, "pipeline: there is no command %q; use one of %s\n", strings.Join(args, " "), strings.Join(names, ", "))
	return 2
}

func (p pipeline) runCommand(ctx context.Context, c command, args []string) int {
	flags := flag.NewFlagSet(c.name, flag.ContinueOnError)
	flags.SetOutput(p.stderr)
	flags.Usage = func() {
		fmt.Fprintf(p.stderr, "usage: go run ./pipeline %s [flags] %s\n", c.name, c.words)
		flags.PrintDefaults()
	}
	do := c.setUp(flags)
	if err := flags.Parse(args); errors.Is(err, flag.ErrHelp) {
		return 0
	} else if err != nil {
		return 2
	}
	words := flags.Args()
	if len(words) == 0 || len(words) > 1 && !strings.HasSuffix(c.words, "...") || slices.Contains(words, "") {
		fmt.Fprintf(p.stderr, "%s: the arguments are %q and must be %s, after the flags\n", c.name, strings.Join(words, " "), c.words)
		return 2
	}
	if err := do(ctx, words); err != nil {
		fmt.Fprintf(p.stderr, "%s %s: %v\n", c.name, strings.Join(words, " "), err)
		return 1
	}
	return 0
}
