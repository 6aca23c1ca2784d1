// Command pipeline is what the jobs of .gitlab-ci.yml do, for them and for a
// person who does the same by hand. It runs at the root of the repository:
//
//	go run ./pipeline build STACK...         make the zips and the program, once
//	go run ./pipeline preview [-plan] STACK  tell what would change
//	go run ./pipeline note STACK...          tell it in the merge request
//	go run ./pipeline deploy STACK           do exactly what was previewed with -plan
//	go run ./pipeline recover STACK          clear what a killed deployment has left
//	go run ./pipeline janitor PREFIX         destroy stacks that nobody has updated for days
//
// What one command leaves for the next is in .build: the artifacts of a job.
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

// pipeline is the program as a value.
type pipeline struct {
	dir            string // of the repository
	getenv         func(string) string
	stdout, stderr io.Writer
}

// command is one word of the command line. It registers its flags and returns
// what is done with the words after them.
type command struct {
	name  string
	words string // that it takes, for people: one capital word each, ... for more
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

// run returns the exit code: 0, 1 for a failure that it has told, 2 for
// arguments that it does not take.
func (p pipeline) run(ctx context.Context, args []string) int {
	var names []string
	for _, c := range p.commands() {
		if len(args) > 0 && args[0] == c.name {
			return p.runCommand(ctx, c, args[1:])
		}
		names = append(names, c.name)
	}
	fmt.Fprintf(p.stderr, "pipeline: got %q, takes one of %s\n", strings.Join(args, " "), strings.Join(names, ", "))
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
		fmt.Fprintf(p.stderr, "%s: got %q, takes %s; flags stand before it\n", c.name, strings.Join(words, " "), c.words)
		return 2
	}
	if err := do(ctx, words); err != nil {
		fmt.Fprintf(p.stderr, "%s %s: %v\n", c.name, strings.Join(words, " "), err)
		return 1
	}
	return 0
}
