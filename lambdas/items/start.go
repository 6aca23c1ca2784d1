package items

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"log/slog"
	"os"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"skiff/lambdas/names"
)

// Start serves a route until Lambda ends the process. It reads TABLE_NAME and
// LOG_LEVEL; a value it cannot work with is one line in the log and exit 1.
func Start(route Route) {
	a, err := NewAPI(os.Getenv, os.Stdout)
	if err == nil {
		a.Store, err = NewStore(os.Getenv, awshttp.NewBuildableClient().WithTimeout(tryTime))
	}
	serve(a, err, route)
}

// StartWithoutTable is Start for a route that has no use for the table: its
// binary holds no client, and its function no permission.
func StartWithoutTable(route Route) {
	a, err := NewAPI(os.Getenv, os.Stdout)
	serve(a, err, route)
}

func serve(a *API, err error, route Route) {
	if err != nil {
		slog.New(slog.NewJSONHandler(os.Stdout, nil)).Error("cannot start", "error", err.Error())
		os.Exit(1)
	}
	lambda.Start(a.Handler(route))
}

// NewAPI makes everything but the store. It fails for a LOG_LEVEL that is none.
func NewAPI(getenv func(string) string, stdout io.Writer) (*API, error) {
	level, err := logLevel(getenv(names.LogLevelVariable))
	if err != nil {
		return nil, err
	}
	return &API{
		Now:    time.Now,
		Random: rand.Reader,
		Log:    slog.New(slog.NewJSONHandler(stdout, &slog.HandlerOptions{Level: level})),
	}, nil
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

const (
	tries      = 3
	tryTime    = time.Second            // one try, from the connection to the answer's end
	maxBackoff = 400 * time.Millisecond // between two tries: a client waits
)

// NewStore makes the store of this environment, the one Lambda gives a
// function, and fails when a variable is missing. The client's timeout is for
// one try. The configuration is made by hand: loading it as the SDK does
// brings files, profiles and a megabyte of code that no function needs, and
// AWS_ENDPOINT_URL_DYNAMODB would be ignored without it.
func NewStore(getenv func(string) string, client dynamodb.HTTPClient) (*Store, error) {
	var values [4]string
	for i, name := range []string{names.TableNameVariable, "AWS_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"} {
		if values[i] = getenv(name); values[i] == "" {
			return nil, fmt.Errorf("%s is not set; the function needs it to reach its table", name)
		}
	}
	credentials := aws.Credentials{
		AccessKeyID: values[2], SecretAccessKey: values[3],
		SessionToken: getenv("AWS_SESSION_TOKEN"), Source: "environment",
	}
	o := dynamodb.Options{
		Region: values[1],
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return credentials, nil
		}),
		HTTPClient: client,
		Retryer: retry.NewStandard(func(o *retry.StandardOptions) {
			o.MaxAttempts, o.MaxBackoff = tries, maxBackoff
		}),
	}
	if endpoint := getenv("AWS_ENDPOINT_URL_DYNAMODB"); endpoint != "" {
		o.BaseEndpoint = &endpoint
	}
	return &Store{client: dynamodb.New(o), table: values[0]}, nil
}
