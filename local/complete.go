package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/urfave/cli/v3"

	"skiff/local/inspect"
)

// completePatience is the time that a shell waits for names from the cloud.
const completePatience = 2 * time.Second

// completeCommand prints the candidates for the last word of a command line.
// The scripts of completionScripts run it.
func completeCommand(l *commandLine) *cli.Command {
	return l.command(&cli.Command{
		Name: "complete", ArgsUsage: "-- WORDS...", Usage: "print completions of the last word", Hidden: true, SkipFlagParsing: true,
	}, func(ctx context.Context, o options, stdout, _ io.Writer) error {
		words := o.args
		if len(words) > 0 && words[0] == "--" {
			words = words[1:]
		}
		if len(words) == 0 {
			words = []string{""}
		}
		ctx, cancel := context.WithTimeout(ctx, completePatience)
		defer cancel()
		c := newCursor(words, o)
		for _, candidate := range c.candidates(ctx) {
			if strings.HasPrefix(candidate, c.current) {
				fmt.Fprintln(stdout, escaped(candidate))
			}
		}
		return nil
	})
}

// cursor is the position of the word to complete.
type cursor struct {
	o       options // from the flags before the cursor
	root    *cli.Command
	command *cli.Command // nil before the command's name
	flag    string       // flag whose value is at the cursor; "" for none
	args    int          // number of the command's arguments before the cursor
	current string
}

func newCursor(words []string, o options) cursor {
	c := cursor{o: o, root: new(commandLine).root()}
	c.current = words[len(words)-1]
	for n := 0; n < len(words)-1; n++ {
		word := words[n]
		if !strings.HasPrefix(word, "-") || word == "-" {
			if c.command != nil {
				c.args++
			} else if c.command = c.root.Command(word); c.command == nil {
				c.args++
			}
			continue
		}
		name, value, joined := strings.Cut(strings.TrimLeft(word, "-"), "=")
		if f := c.find(name); joined || f == nil || isSwitch(f) {
			c.learn(name, value)
		} else if n++; n < len(words)-1 {
			c.learn(name, words[n])
		} else {
			c.flag = name
		}
	}
	return c
}

// learn reads a flag that selects the project.
func (c *cursor) learn(name, value string) {
	switch {
	case c.command != nil:
	case name == "C":
		c.o.dir = value
	case name == "state":
		c.o.state = value
	}
}

func (c cursor) flags() []cli.Flag {
	if c.command != nil {
		return c.command.Flags
	}
	return c.root.Flags
}

func (c cursor) find(name string) cli.Flag {
	for _, f := range c.flags() {
		if slices.Contains(f.Names(), name) {
			return f
		}
	}
	return nil
}

func isSwitch(f cli.Flag) bool { _, ok := f.(*cli.BoolFlag); return ok }

// candidates returns the words that may be at the cursor, or none if a file
// name may be.
func (c cursor) candidates(ctx context.Context) (words []string) {
	switch {
	case c.flag == "stack":
		return c.stacks()
	case c.flag == "event" && c.command != nil:
		return []string{"push", "merge_request_event", "schedule"}
	case c.flag != "":
		return nil
	case c.command != nil && c.command.SkipFlagParsing:
		return nil
	case strings.HasPrefix(c.current, "-"):
		for _, f := range c.flags() {
			words = append(words, "-"+f.Names()[0])
		}
		return words
	case c.command == nil && c.args == 0:
		for _, sub := range c.root.Commands {
			if !sub.Hidden {
				words = append(words, sub.Name)
			}
		}
		return words
	case c.command == nil:
		return nil
	}
	return c.names(ctx)
}

func (c cursor) stacks() []string {
	p, err := openProject(c.o)
	if err != nil {
		return nil
	}
	return append(p.stacks(), defaultStack)
}

// names returns the names of what a command acts on, from the cloud that
// serves.
func (c cursor) names(ctx context.Context) []string {
	if c.command.Name == "completion" {
		return []string{"bash", "zsh", "fish"}
	}
	p, err := openProject(c.o)
	if err != nil {
		return nil
	}
	s, err := p.lastSession()
	if err != nil || !s.Serving {
		return nil
	}
	var refs []inspect.Ref
	switch name := c.command.Name; {
	case name == "logs", name == "iam", name == "invoke" && c.args == 0:
		all, _ := s.Control.Functions(ctx)
		refs = refsOf(all, func(f inspect.Function) inspect.Ref { return f.Ref })
	case name == "items" && c.args == 0:
		all, _ := s.Control.Tables(ctx)
		refs = refsOf(all, func(t inspect.Table) inspect.Ref { return t.Ref })
	case name == "queue" && c.args == 0:
		all, _ := s.Control.Queues(ctx)
		refs = refsOf(all, func(q inspect.Queue) inspect.Ref { return q.Ref })
	case name == "run-schedule" && c.args == 0:
		all, _ := s.Control.Schedules(ctx)
		refs = refsOf(all, func(s inspect.Schedule) inspect.Ref { return s.Ref })
	}
	return c.shortest(refs)
}

func refsOf[T any](all []T, ref func(T) inspect.Ref) (refs []inspect.Ref) {
	for _, x := range all {
		refs = append(refs, ref(x))
	}
	return refs
}

// shortest returns the program's names, or the names in AWS if none of the
// program's matches the word at the cursor.
func (c cursor) shortest(refs []inspect.Ref) []string {
	var logical, names []string
	for _, r := range refs {
		names = append(names, r.Name)
		if r.Logical != "" && strings.HasPrefix(r.Logical, c.current) {
			logical = append(logical, r.Logical)
		}
	}
	if len(logical) == 0 {
		return names
	}
	slices.Sort(logical)
	return slices.Compact(logical)
}
