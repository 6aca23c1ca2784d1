package function

import (
	"cmp"
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
)

const (
	tries      = 3
	tryTime    = time.Second            // of one try, from the connection to the end of the response
	maxBackoff = 400 * time.Millisecond // between two tries: a client waits
)

// Config returns the configuration for the client of one AWS service, to pass
// to the service's NewFromConfig. service is the end of the SDK's variable for
// the service's endpoint. For DYNAMODB, Config reads AWS_ENDPOINT_URL_DYNAMODB,
// or AWS_ENDPOINT_URL if that is not set. It fails when a variable is missing
// that Lambda sets in every function.
//
// Config does not use the SDK's loader, which adds config files, profiles and a
// megabyte of code that no function needs.
// https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html
func (e Environment) Config(service string) (aws.Config, error) {
	var values [3]string
	for i, name := range []string{"AWS_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"} {
		value, err := e.Setting(name)
		if err != nil {
			return aws.Config{}, err
		}
		values[i] = value
	}
	credentials := aws.Credentials{
		AccessKeyID: values[1], SecretAccessKey: values[2],
		SessionToken: e.Getenv("AWS_SESSION_TOKEN"), Source: "environment",
	}
	c := aws.Config{
		Region: values[0],
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return credentials, nil
		}),
		HTTPClient: e.HTTP,
		Retryer: func() aws.Retryer {
			return retry.NewStandard(func(o *retry.StandardOptions) {
				o.MaxAttempts, o.MaxBackoff = tries, maxBackoff
			})
		},
	}
	if c.HTTPClient == nil {
		c.HTTPClient = awshttp.NewBuildableClient().WithTimeout(tryTime)
	}
	if endpoint := cmp.Or(e.Getenv("AWS_ENDPOINT_URL_"+service), e.Getenv("AWS_ENDPOINT_URL")); endpoint != "" {
		c.BaseEndpoint = &endpoint
	}
	return c, nil
}
