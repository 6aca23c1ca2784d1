// Command key puts a value into a secret of a stack, which is how the secrets
// get their values: Pulumi declares them and knows none. The value is a new
// random key, or with -stdin one that a third party has given:
//
//	go run ./infra/key [-replace] SECRET
//	go run ./infra/key [-replace] -stdin SECRET < FILE
//
// It prints nothing of the value. Functions read a new one within five minutes.
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
	os.Exit(run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// options are the command line.
type options struct {
	secret  string // name or ARN
	replace bool   // a value that is there
	given   bool   // the value comes from standard input
}

const usage = `usage: go run ./infra/key [-replace] SECRET          put in a new random key
       go run ./infra/key [-replace] -stdin SECRET   put in the value on standard input
`

// run returns the exit code: 2 for arguments that it does not take.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	var o options
	flags := flag.NewFlagSet("key", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.Usage = func() {
		fmt.Fprint(stderr, usage)
		flags.PrintDefaults()
	}
	flags.BoolVar(&o.replace, "replace", false, "put the value in place of the one that is there: what was signed with that is refused from then on")
	flags.BoolVar(&o.given, "stdin", false, "read the value from standard input, without the newline at its end; at a terminal, ask for it and do not show it")
	if err := flags.Parse(args); errors.Is(err, flag.ErrHelp) {
		return 0
	} else if err != nil {
		return 2
	}
	if flags.NArg() != 1 {
		flags.Usage()
		return 2
	}
	o.secret = flags.Arg(0)
	if err := put(ctx, o, stdin, stdout, stderr); err != nil {
		fmt.Fprintln(stderr, "key:", err)
		return 1
	}
	return 0
}

// put asks for the value only once the secret is known to take one.
func put(ctx context.Context, o options, stdin io.Reader, stdout, stderr io.Writer) error {
	secret, err := operator.OpenSecret(ctx, o.secret)
	if err != nil {
		return err
	}
	if !o.replace {
		if err := checkEmpty(ctx, secret, o.secret); err != nil {
			return err
		}
	}
	// 26 characters hold 130 bits; two of them are more than a key needs.
	value, what := rand.Text()+rand.Text(), "a new key"
	if o.given {
		what = "the given value"
		if value, err = readValue(ctx, stdin, stderr, o.secret); err != nil {
			return err
		}
	}
	ctx, cancel := context.WithTimeout(ctx, operator.Timeout)
	defer cancel()
	if err := secret.SetValue(ctx, value); err != nil {
		return err
	}
	fmt.Fprintf(stdout, "secret %s has %s\n", o.secret, what)
	return nil
}

func checkEmpty(ctx context.Context, secret *operator.Secret, name string) error {
	ctx, cancel := context.WithTimeout(ctx, operator.Timeout)
	defer cancel()
	_, err := secret.Value(ctx)
	switch {
	case err == nil:
		return fmt.Errorf("secret %s has a value; -replace puts a new one in its place", name)
	case errors.Is(err, operator.ErrNoValue):
		return nil
	}
	return err
}
