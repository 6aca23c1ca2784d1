// Command take is the function of the same name.
package main

import (
	"context"

	"github.com/aws/aws-lambda-go/events"

	"skiff/lambdas/function"
	"skiff/lambdas/worker"
)

func main() { function.Start(open) }

// open returns the handler.
func open(e function.Environment) (any, error) {
	return func(ctx context.Context, batch events.SQSEvent) (events.SQSEventResponse, error) {
		return worker.Queue(ctx, e.Log, batch, func(_ context.Context, m events.SQSMessage) error {
			e.Log.Info("taken", "message", m.Body)
			return nil
		}), nil
	}, nil
}
