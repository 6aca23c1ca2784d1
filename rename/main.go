// Command rename gives a clone its team's name, and merges from a repository
// with another name. Run it at the root of the repository:
//
//	go run ./rename NAME [MODULE]  rename the project, and its Go module
//	go run ./rename -merge REF     merge REF, renamed like this clone
//
// It reads the present name from Pulumi.yaml and the present module path from
// go.mod. It replaces them in all tracked text files.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
)

func main() {
	os.Exit(run(".", os.Args[1:], os.Stdout, os.Stderr))
}

// run runs the command in the repository dir. It returns the exit code: 0 for
// success, 1 for a failure, 2 for wrong arguments. It prints the error.
func run(dir string, args []string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("rename", flag.ContinueOnError)
	flags.SetOutput(stderr)
	ref := flags.String("merge", "", "merge the commit `REF`, such as upstream/main, renamed like this clone")
	force := flags.Bool("force", false, "allow a NAME that is a word in the code; a later rename will change that word too")
	flags.Usage = func() {
		fmt.Fprintln(stderr, "usage: go run ./rename [-force] NAME [MODULE]\n       go run ./rename -merge REF")
		flags.PrintDefaults()
	}
	if err := flags.Parse(args); errors.Is(err, flag.ErrHelp) {
		return 0
	} else if err != nil {
		return 2
	}
	words := flags.Args()
	merges := *ref != ""
	if merges && len(words) > 0 || !merges && (len(words) < 1 || len(words) > 2) {
		flags.Usage()
		return 2
	}
	var err error
	if merges {
		err = merge(dir, *ref, stdout)
	} else {
		err = rename(dir, append(words, "")[:2], *force, stdout)
	}
	if err != nil {
		fmt.Fprintf(stderr, "rename: %v\n", err)
		return 1
	}
	return 0
}
