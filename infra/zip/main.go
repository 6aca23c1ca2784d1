// Command zip builds the zip of one function and prints only its sha256 on
// standard output. Run it in the root folder of the repository:
//
//	go run ./infra/zip -target linux/arm64 get-item
//
// The command resources of the stack run it. Without a function it builds all
// zips and prints rehearsal.Zips, for the local cloud. It imports no Pulumi
// package, so it starts fast.
package main

import (
	"context"
	"encoding/json"
	"errors"
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
	debug := flags.Bool("debug", false, "build a function for a debugger, and print where its binary is")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() > 1 {
		return fmt.Errorf("zip: got %d functions, takes one, such as get-item, or none to build all", flags.NArg())
	}
	target, err := build.ParseTarget(*name)
	if err != nil {
		return fmt.Errorf("zip: -target %w", err)
	}
	if _, err := os.Stat("go.mod"); err != nil {
		return fmt.Errorf("zip: run it at the root of the repository: %w", err)
	}
	builder := build.New(".", target, lambdas.Declared().FunctionNames())
	if *debug {
		binary, err := builder.Debug(ctx, flags.Arg(0))
		if err != nil {
			return err
		}
		_, err = fmt.Fprintln(stdout, binary)
		return err
	}
	if flags.NArg() == 0 {
		zips, err := builder.BuildAll(ctx)
		return errors.Join(json.NewEncoder(stdout).Encode(zips), err)
	}
	sum, err := builder.Build(ctx, flags.Arg(0), os.Getenv(build.DigestVariable))
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(stdout, sum)
	return err
}
