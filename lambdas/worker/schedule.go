package worker

import (
	"context"
	"log/slog"
	"time"

	"skiff/lambdas/function"
)

// Schedule returns the handler that Lambda invokes on a schedule. Lambda
// decodes the schedule's input into a T. If run ignores its input, use
// json.RawMessage, which accepts any. An error or a panic of run fails the
// invocation. Lambda then invokes the function again, twice by default, so run
// must be safe to repeat.
// https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
func Schedule[T any](log *slog.Logger, run func(context.Context, T) error) func(context.Context, T) error {
	return func(ctx context.Context, input T) error {
		began := time.Now()
		ctx, cancel := function.Deadline(ctx)
		defer cancel()
		err := try(ctx, input, run)
		if err != nil {
			log.Error("run failed", "error", err.Error())
		}
		log.Info("run", "ok", err == nil, "durationMs", time.Since(began).Milliseconds())
		return err
	}
}
