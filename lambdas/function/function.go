// Package function is what every function is built on: what it finds around
// it, the AWS clients it may make, and the failures of their calls.
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

// Environment is what a function finds around it.
type Environment struct {
	Getenv func(string) string
	Log    *slog.Logger

	// HTTP carries the calls to AWS; its timeout is for one try. Nil makes one
	// that gives a try a second.
	HTTP aws.HTTPClient
}

// New reads LOG_LEVEL, and fails for one that is none. Lines of the log go to
// stdout, as JSON.
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

// Start opens a function and serves it until Lambda ends the process. open
// returns what Lambda calls. An environment the function cannot work with is
// one line in the log and exit 1.
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

// Setting is the variable's value, and fails when it has none.
func (e Environment) Setting(name string) (string, error) {
	value := e.Getenv(name)
	if value == "" {
		return "", fmt.Errorf("%s is not set; the function cannot work without it", name)
	}
	return value, nil
}

// logLevel reads LOG_LEVEL; unset means info.
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
