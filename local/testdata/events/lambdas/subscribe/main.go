// Command subscribe is the function of the same name.
package main

import (
	"context"

	"github.com/aws/aws-lambda-go/events"

	"skiff/lambdas/function"
)

func main() { function.Start(open) }

// open returns the handler.
func open(e function.Environment) (any, error) {
	return func(_ context.Context, batch events.SNSEvent) error {
		for _, r := range batch.Records {
			e.Log.Info("received", "message", r.SNS.Message)
		}
		return nil
	}, nil
}
