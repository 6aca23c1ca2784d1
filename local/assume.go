package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"skiff/local/cloud"
)

// assumeRole assumes a role at the cloud's STS, as a pipeline's job does at
// AWS: it reads the same variables as the SDKs. It returns the session's ARN.
// From then on the role's policies decide each call of the program.
// https://docs.aws.amazon.com/sdkref/latest/guide/feature-assume-role-credentials.html
func (s session) assumeRole(ctx context.Context, getenv func(string) string) (string, error) {
	role, file := getenv("AWS_ROLE_ARN"), getenv("AWS_WEB_IDENTITY_TOKEN_FILE")
	if role == "" || file == "" {
		return "", errors.New("no credentials: set AWS_ROLE_ARN to the role and AWS_WEB_IDENTITY_TOKEN_FILE to the file with the token")
	}
	token, err := os.ReadFile(file)
	if err != nil {
		return "", fmt.Errorf("read the token for the role %s: %w", role, err)
	}
	client := sts.New(sts.Options{
		Region: cloud.Region, Credentials: aws.AnonymousCredentials{}, BaseEndpoint: aws.String(s.endpoint("STS")), RetryMaxAttempts: 1,
	})
	answer, err := client.AssumeRoleWithWebIdentity(ctx, &sts.AssumeRoleWithWebIdentityInput{
		RoleArn:          aws.String(role),
		RoleSessionName:  aws.String(cmp.Or(getenv("AWS_ROLE_SESSION_NAME"), "local")),
		WebIdentityToken: aws.String(strings.TrimSpace(string(token))),
	})
	if err != nil {
		return "", fmt.Errorf("assume the role %s: %w", role, err)
	}
	return aws.ToString(answer.AssumedRoleUser.Arn), nil
}

// endpoint returns the URL of a service, named by the suffix of its
// AWS_ENDPOINT_URL_ variable.
func (s session) endpoint(service string) string {
	for _, variable := range s.Operator {
		if value, ok := strings.CutPrefix(variable, "AWS_ENDPOINT_URL_"+service+"="); ok {
			return value
		}
	}
	return ""
}

// withoutSecretsProvider removes the flag for a secrets provider. Jobs name the
// provider of the real backend; here Pulumi uses the local one.
func withoutSecretsProvider(args []string) (left []string) {
	const name = "--secrets-provider"
	for i := 0; i < len(args); i++ {
		switch {
		case args[i] == name:
			i++
		case !strings.HasPrefix(args[i], name+"="):
			left = append(left, args[i])
		}
	}
	return left
}
