package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/urfave/cli/v3"
)

// examples returns the metadata of a command with example lines for its help.
// The lines omit `go run ./local`.
func examples(lines ...string) map[string]any { return map[string]any{"examples": lines} }

// printHelp prints the help of a command. It shows flags with one dash, as the
// rest of this project does; two dashes work too.
func printHelp(w io.Writer, c *cli.Command) error {
	flags := "[flags] "
	if c.SkipFlagParsing {
		flags = ""
	}
	var b strings.Builder
	fmt.Fprintf(&b, "usage: go run ./local [flags] %s\n\n", strings.TrimSpace(strings.TrimPrefix(c.Name+" ", "local ")+flagsOf(c, flags)+c.ArgsUsage))
	if c.Description != "" {
		b.WriteString(c.Description + "\n\n")
	}
	if len(c.Commands) > 0 {
		b.WriteString("commands:\n")
		for _, sub := range c.Commands {
			if !sub.Hidden {
				fmt.Fprintf(&b, "  %-13s %s\n", sub.Name, sub.Usage)
			}
		}
		b.WriteString("\n")
	}
	if lines, _ := c.Metadata["examples"].([]string); len(lines) > 0 {
		b.WriteString("examples:\n")
		for _, line := range lines {
			b.WriteString(strings.TrimRight("  go run ./local "+line, " ") + "\n")
		}
		b.WriteString("\n")
	}
	if len(c.Flags) > 0 {
		b.WriteString("flags:\n")
		for _, f := range c.Flags {
			name, usage := flagHelp(f)
			fmt.Fprintf(&b, "  %s\n        %s\n", name, usage)
		}
	}
	if c.Name != "local" {
		b.WriteString("Put the flags of the local cloud, such as -stack, before the command: see go run ./local -h\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// flagsOf inserts the flags of a command into its usage line.
func flagsOf(c *cli.Command, flags string) string {
	if c.Name == "local" {
		return ""
	}
	return flags
}

// flagHelp returns a flag with the name of its value, which is in backquotes in
// the flag's usage.
func flagHelp(f cli.Flag) (name, usage string) {
	name = "-" + f.Names()[0]
	doc, ok := f.(cli.DocGenerationFlag)
	if !ok {
		return name, ""
	}
	usage = doc.GetUsage()
	if before, rest, quoted := strings.Cut(usage, "`"); quoted {
		value, after, _ := strings.Cut(rest, "`")
		return name + " " + value, before + value + after
	}
	return name, usage
}
