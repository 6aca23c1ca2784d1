// Command key sets the value of a secret of a stack. Pulumi declares the
// secrets and never knows their values. The value is a new random key or, with
// -stdin, a value from a third party:
//
//	go run ./infra/key [-replace] SECRET
//	go run ./infra/key [-replace] -stdin SECRET < FILE
//
// It does not print the value. Functions read a new value within five minutes.
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

// options holds the command line.
type options struct {
	secret  string // name or ARN
	replace bool   // replace an existing value
	given   bool   // read the value from standard input
}

const usage = `usage: go run ./infra/key [-replace] SECRET          set a new random key
       go run ./infra/key [-replace] -stdin SECRET   set the value from standard input
`

// run returns the exit code, which is 2 for wrong arguments.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	var o options
	flags := flag.NewFlagSet("key", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.Usage = func() {
		fmt.Fprint(stderr, usage)
		flags.PrintDefaults()
	}
	flags.BoolVar(&o.replace, "replace", false, "replace an existing value; functions then refuse everything that is signed with the old one")
	flags.BoolVar(&o.given, "stdin", false, "read the value from standard input, without the newline at its end; a terminal asks for it and does not show it")
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

// put sets the value. It asks for the value only after it knows that the secret
// exists and may get one.
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
	// One text holds at least 128 random bits; two are more than a key needs.
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

// checkEmpty returns an error if the secret has a value or does not exist.
func checkEmpty(ctx context.Context, secret *operator.Secret, name string) error {
	ctx, cancel := context.WithTimeout(ctx, operator.Timeout)
	defer cancel()
	_, err := secret.Value(ctx)
	switch {
	case err == nil:
		return fmt.Errorf("secret %s has a value; replace it with: go run ./infra/key -replace %[1]s", name)
	case errors.Is(err, operator.ErrNoValue):
		return nil
	}
	return err
}
