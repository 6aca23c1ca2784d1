package function

import (
	"context"
	"errors"
	"net"

	"github.com/aws/aws-sdk-go-v2/aws/ratelimit"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/smithy-go"
)

// Failure is an AWS call that failed. It holds the action and the kind of
// failure. It does not hold the SDK's message, which contains ARNs.
type Failure struct {
	Action      string // such as dynamodb:GetItem
	Kind        string // the service's error code, or deadline, network, client
	Unavailable bool   // a later try may succeed
}

func (f *Failure) Error() string { return f.Action + ": " + f.Kind }

// Fail converts an SDK error into a *Failure. It returns nil for nil.
func Fail(ctx context.Context, action string, err error) error {
	if err == nil {
		return nil
	}
	var api smithy.APIError
	if errors.As(err, &api) {
		_, throttle := retry.DefaultThrottleErrorCodes[api.ErrorCode()]
		return &Failure{action, api.ErrorCode(), throttle || httpStatus(err) >= 500}
	}
	var network net.Error
	var quota ratelimit.QuotaExceededError
	switch {
	case ctx.Err() != nil:
		return &Failure{action, "deadline", true}
	case errors.As(err, &network), errors.As(err, &quota), httpStatus(err) >= 500:
		return &Failure{action, "network", true}
	}
	return &Failure{action, "client", false}
}

// httpStatus returns the HTTP status of the response that caused err, or 0 if there is none.
func httpStatus(err error) int {
	var response *awshttp.ResponseError
	if !errors.As(err, &response) {
		return 0
	}
	return response.HTTPStatusCode()
}
