package function

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
)

const (
	tries      = 3
	tryTime    = time.Second            // one try, from the connection to the answer's end
	maxBackoff = 400 * time.Millisecond // between two tries: a client waits
)

// Client is what the clients of all AWS services are made of.
type Client struct {
	Region      string
	Credentials aws.CredentialsProvider
	HTTP        aws.HTTPClient
	Retryer     aws.Retryer
	Endpoint    *string // nil for the service's own
}

// Client configures a client of the service, which is named as in the SDK's
// variable of its endpoint: DYNAMODB reads AWS_ENDPOINT_URL_DYNAMODB. It fails
// when a variable is missing that Lambda gives every function.
//
// The configuration is made by hand: loading it as the SDK does brings files,
// profiles and a megabyte of code that no function needs.
// https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html
func (e Environment) Client(service string) (Client, error) {
	var values [3]string
	for i, name := range []string{"AWS_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"} {
		value, err := e.Setting(name)
		if err != nil {
			return Client{}, err
		}
		values[i] = value
	}
	credentials := aws.Credentials{
		AccessKeyID: values[1], SecretAccessKey: values[2],
		SessionToken: e.Getenv("AWS_SESSION_TOKEN"), Source: "environment",
	}
	c := Client{
		Region: values[0],
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return credentials, nil
		}),
		HTTP: e.HTTP,
		Retryer: retry.NewStandard(func(o *retry.StandardOptions) {
			o.MaxAttempts, o.MaxBackoff = tries, maxBackoff
		}),
	}
	if c.HTTP == nil {
		c.HTTP = awshttp.NewBuildableClient().WithTimeout(tryTime)
	}
	if endpoint := e.Getenv("AWS_ENDPOINT_URL_" + service); endpoint != "" {
		c.Endpoint = &endpoint
	}
	return c, nil
}
