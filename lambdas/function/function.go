// Package function is the base of every Lambda function: its environment
// variables and log, the configuration of AWS clients, and the errors of AWS
// calls.
package function

import (
	"fmt"
	"io"
	"log/slog"
	"os"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-sdk-go-v2/aws"

	"skiff/lambdas/names"
)

// Environment holds what a function gets from its process: variables, a log and
// an HTTP client.
type Environment struct {
	Getenv func(string) string
	Log    *slog.Logger

	// HTTP sends the calls to AWS. Its timeout applies to one try. If HTTP is
	// nil, Config makes a client with a timeout of one second.
	HTTP aws.HTTPClient
}

// New returns the environment with a log of JSON lines to stdout. It fails when
// LOG_LEVEL is not a level.
func New(getenv func(string) string, stdout io.Writer) (Environment, error) {
	level, err := logLevel(getenv(names.LogLevelVariable))
	if err != nil {
		return Environment{}, err
	}
	return Environment{
		Getenv: getenv,
		Log:    slog.New(slog.NewJSONHandler(stdout, &slog.HandlerOptions{Level: level})),
	}, nil
}

// Start opens a function and serves it until Lambda stops the process. open
// returns the handler that Lambda invokes. If open fails, Start logs one line
// and exits with 1.
func Start(open func(Environment) (any, error)) {
	e, err := New(os.Getenv, os.Stdout)
	var handler any
	if err == nil {
		handler, err = open(e)
	}
	if err != nil {
		slog.New(slog.NewJSONHandler(os.Stdout, nil)).Error("cannot start", "error", err.Error())
		os.Exit(1)
	}
	lambda.Start(handler)
}

// Setting returns the variable's value. It fails when the variable is empty or
// not set.
func (e Environment) Setting(name string) (string, error) {
	value := e.Getenv(name)
	if value == "" {
		return "", fmt.Errorf("%s is not set; the function cannot work without it", name)
	}
	return value, nil
}

// logLevel reads LOG_LEVEL. An empty one means info.
func logLevel(name string) (slog.Level, error) {
	switch name {
	case "debug":
		return slog.LevelDebug, nil
	case "", "info":
		return slog.LevelInfo, nil
	case "warn":
		return slog.LevelWarn, nil
	case "error":
		return slog.LevelError, nil
	}
	return 0, fmt.Errorf("%s is %q; set it to debug, info, warn or error", names.LogLevelVariable, name)
}
