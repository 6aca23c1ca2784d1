// Command key puts a new random key into a secret of a stack, which is how the
// secrets get their values: Pulumi declares them and knows none.
//
//	go run ./infra/key [-replace] SECRET
//
// It prints nothing of the key. Functions read a new one within five minutes.
package main

import (
	"context"
	"crypto/rand"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"

	"skiff/infra/operator"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// run returns the exit code: 2 for arguments that it does not take.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("key", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.Usage = func() {
		fmt.Fprintln(stderr, "usage: go run ./infra/key [-replace] SECRET")
		flags.PrintDefaults()
	}
	replace := flags.Bool("replace", false, "put a new key in place of the one that is there: what was signed with that is refused from then on")
	if err := flags.Parse(args); errors.Is(err, flag.ErrHelp) {
		return 0
	} else if err != nil {
		return 2
	}
	if flags.NArg() != 1 {
		flags.Usage()
		return 2
	}
	if err := put(ctx, flags.Arg(0), *replace, stdout); err != nil {
		fmt.Fprintln(stderr, "key:", err)
		return 1
	}
	return 0
}

func put(ctx context.Context, name string, replace bool, stdout io.Writer) error {
	ctx, cancel := context.WithTimeout(ctx, operator.Timeout)
	defer cancel()
	secret, err := operator.OpenSecret(ctx, name)
	if err != nil {
		return err
	}
	if !replace {
		switch _, err := secret.Value(ctx); {
		case err == nil:
			return fmt.Errorf("secret %s has a value; -replace puts a new one in its place", name)
		case !errors.Is(err, operator.ErrNoValue):
			return err
		}
	}
	// 26 characters hold 130 bits; two of them are more than a key needs.
	if err := secret.SetValue(ctx, rand.Text()+rand.Text()); err != nil {
		return err
	}
	fmt.Fprintf(stdout, "secret %s has a new key\n", name)
	return nil
}
