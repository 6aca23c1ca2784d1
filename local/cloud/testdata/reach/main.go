// Command reach calls one operation of several services, with clients as most
// code makes them. It prints or returns the result of each call, because it
// also runs as a function.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strings"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/sso"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

func main() {
	if os.Getenv("AWS_LAMBDA_RUNTIME_API") != "" {
		lambda.Start(results)
		return
	}
	found, err := results(context.Background())
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	_ = json.NewEncoder(os.Stdout).Encode(found) // the test reads it
}

// results returns the error of each call; "" means success.
func results(ctx context.Context) (map[string]string, error) {
	cfg, err := config.LoadDefaultConfig(ctx, config.WithRetryMaxAttempts(1))
	if err != nil {
		return nil, err
	}
	found := map[string]string{}
	for name, call := range calls(cfg) {
		found[name] = ""
		if err := call(ctx); err != nil {
			found[name] = err.Error()
		}
	}
	return found, nil
}

func calls(cfg aws.Config) map[string]func(context.Context) error {
	const nowhere = "arn:aws:s3::123456789012:accesspoint/mfzwi23gnjvgw.mrap"
	object := func(bucket string) func(context.Context) error {
		return func(ctx context.Context) error {
			_, err := s3.NewFromConfig(cfg).GetObject(ctx, &s3.GetObjectInput{Bucket: &bucket, Key: aws.String("k")})
			return err
		}
	}
	return map[string]func(context.Context) error{
		"dynamodb": func(ctx context.Context) error {
			_, err := dynamodb.NewFromConfig(cfg).ListTables(ctx, nil)
			return err
		},
		"dynamodbstreams": func(ctx context.Context) error {
			_, err := dynamodbstreams.NewFromConfig(cfg).ListStreams(ctx, nil)
			return err
		},
		"kms": func(ctx context.Context) error {
			_, err := kms.NewFromConfig(cfg).ListKeys(ctx, nil)
			return err
		},
		"s3":         object("b"),
		"s3 express": object("b--use1-az4--x-s3"),
		"s3 regions": object(nowhere),
		"secretsmanager": func(ctx context.Context) error {
			_, err := secretsmanager.NewFromConfig(cfg).GetSecretValue(ctx, &secretsmanager.GetSecretValueInput{SecretId: aws.String("s")})
			return err
		},
		"sqs": func(ctx context.Context) error {
			_, err := sqs.NewFromConfig(cfg).GetQueueUrl(ctx, &sqs.GetQueueUrlInput{QueueName: aws.String("q")})
			return err
		},
		"ssm": func(ctx context.Context) error {
			_, err := ssm.NewFromConfig(cfg).GetParameter(ctx, &ssm.GetParameterInput{Name: aws.String("/p")})
			return err
		},
		"sso": func(ctx context.Context) error {
			_, err := sso.NewFromConfig(cfg).GetRoleCredentials(ctx, &sso.GetRoleCredentialsInput{AccessToken: aws.String("t"), AccountId: aws.String("1"), RoleName: aws.String("r")})
			return err
		},
		"sts": func(ctx context.Context) error {
			who, err := sts.NewFromConfig(cfg).GetCallerIdentity(ctx, nil)
			if err == nil && !strings.Contains(aws.ToString(who.Arn), ":") {
				err = fmt.Errorf("the caller is %v", who)
			}
			return err
		},
	}
}
