// Command zip builds the zip of one function and prints only its sha256 on
// standard output. Run it in the root folder of the repository:
//
//	go run -trimpath ./infra/zip -target linux/arm64 get-item
//
// The command resources of the stack call it. It links nothing of Pulumi, so
// that it starts at once.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"skiff/infra/build"
	"skiff/lambdas"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		stop()
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, stdout io.Writer) error {
	flags := flag.NewFlagSet("zip", flag.ExitOnError)
	name := flags.String("target", "linux/arm64", "platform to build for: linux/arm64, linux/amd64 or host")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() != 1 {
		return fmt.Errorf("zip: got %d functions, takes one, such as get-item", flags.NArg())
	}
	target, err := build.ParseTarget(*name)
	if err != nil {
		return fmt.Errorf("zip: -target %w", err)
	}
	if _, err := os.Stat("go.mod"); err != nil {
		return fmt.Errorf("zip: run it at the root of the repository: %w", err)
	}
	sum, err := build.New(".", target, lambdas.Declared().FunctionNames()).Build(ctx, flags.Arg(0), os.Getenv(build.DigestVariable))
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(stdout, sum)
	return err
}
