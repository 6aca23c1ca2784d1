package build

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"time"
)

// tags omits the RPC mode of aws-lambda-go, which only the retired runtime
// go1.x uses.
// https://docs.aws.amazon.com/lambda/latest/dg/golang-package.html
const tags = "lambda.norpc"

// buildFlags returns flags that decide the bytes, so they are part of the
// digest. They omit the paths of this machine, version control and symbols.
// They keep the build ID: without it go links unchanged programs again.
func buildFlags() []string {
	return []string{"-trimpath", "-buildvcs=false", "-tags", tags, "-ldflags", "-s -w"}
}

// packages returns the paths of the functions' main packages.
func (b *Builder) packages(functions []string) []string {
	paths := make([]string, len(functions))
	for i, name := range functions {
		paths[i] = "./lambdas/" + name
	}
	return paths
}

// compile builds the functions into the folder with one go build, each as a
// binary of its name. It returns the compiler's message about functions that do
// not compile; the others are built.
func (b *Builder) compile(ctx context.Context, folder string, functions []string) (message string, err error) {
	args := append([]string{"build", "-o", absolute(folder)}, buildFlags()...)
	_, err = b.run(ctx, append(args, b.packages(functions)...))
	var failed *goError
	if errors.As(err, &failed) && failed.exited {
		return failed.message, nil
	}
	return "", err
}

// goError is a go command that failed.
type goError struct {
	message string // its output, or how it ended if there is none
	exited  bool   // it was not killed, so the message is about the source
}

func (e *goError) Error() string { return e.message }

// run runs the go command in the repository, for the target.
func (b *Builder) run(ctx context.Context, args []string) (stdout []byte, err error) {
	cmd := exec.CommandContext(ctx, b.goTool, args...)
	cmd.Dir = b.root
	cmd.Env = slices.Concat(os.Environ(), b.env, []string{"GOOS=" + b.target.OS, "GOARCH=" + b.target.Arch, "CGO_ENABLED=0"})
	// After an interrupt, go removes its work folder and ends its compilers.
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 5 * time.Second
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	err = cmd.Run()
	switch exit := (*exec.ExitError)(nil); {
	case err == nil:
		return out.Bytes(), nil
	case ctx.Err() != nil:
		return nil, fmt.Errorf("go %s: %w", args[0], ctx.Err())
	case errors.Is(err, exec.ErrNotFound):
		return nil, fmt.Errorf("go is not on PATH: install Go from https://go.dev/dl and run again: %w", err)
	case errors.As(err, &exit):
		message := strings.TrimSpace(errs.String())
		if message == "" {
			message = fmt.Sprintf("go %s: %v", args[0], exit)
		}
		return nil, &goError{message: message, exited: exit.Exited()}
	}
	return nil, fmt.Errorf("go %s: %w", args[0], err)
}
