// Command token prints a bearer token that it signs with the token key of a
// stack.
//
//	go run ./infra/token [-subject NAME] [-expires 1h] [SECRET]
//
// SECRET defaults to the environment variable TOKEN_KEY_SECRET, which also
// names the key for the function that authorizes.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"time"

	"skiff/infra/operator"
	"skiff/lambdas/names"
	"skiff/lambdas/tokens"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// run returns the exit code, which is 2 for wrong arguments.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("token", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.Usage = func() {
		fmt.Fprintln(stderr, "usage: go run ./infra/token [-subject NAME] [-expires 1h] [SECRET]")
		flags.PrintDefaults()
	}
	subject := flags.String("subject", "operator", "`NAME` of the token's holder; the log of the authorizer shows it")
	expires := flags.Duration("expires", time.Hour, "how long the token is valid, such as 15m; 1s to 8760h")
	if err := flags.Parse(args); errors.Is(err, flag.ErrHelp) {
		return 0
	} else if err != nil {
		return 2
	}
	name := os.Getenv(names.TokenKeyVariable)
	if flags.NArg() == 1 {
		name = flags.Arg(0)
	}
	if name == "" || flags.NArg() > 1 || *expires < time.Second || *expires > 8760*time.Hour || !tokens.ValidSubject(*subject) {
		flags.Usage()
		return 2
	}
	if err := sign(ctx, name, *subject, *expires, stdout); err != nil {
		fmt.Fprintln(stderr, "token:", err)
		return 1
	}
	return 0
}

// sign reads the key from the secret and prints a signed token.
func sign(ctx context.Context, name, subject string, expires time.Duration, stdout io.Writer) error {
	ctx, cancel := context.WithTimeout(ctx, operator.Timeout)
	defer cancel()
	secret, err := operator.OpenSecret(ctx, name)
	if err != nil {
		return err
	}
	key, err := secret.Value(ctx)
	if errors.Is(err, operator.ErrNoValue) {
		return fmt.Errorf("%w; set one: go run ./infra/key %s", err, name)
	}
	if err != nil {
		return err
	}
	token, err := tokens.Sign([]byte(key), subject, time.Now().Add(expires))
	if err != nil {
		return err
	}
	fmt.Fprintln(stdout, token)
	return nil
}
