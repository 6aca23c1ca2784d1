// Package secret reads a secret of Secrets Manager, as the functions use it.
package secret

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager/types"

	"skiff/lambdas/function"
)

const (
	// minBytes is what a key of HMAC-SHA256 has at least.
	// https://www.rfc-editor.org/rfc/rfc7518#section-3.2
	minBytes = 32

	keepTime  = 5 * time.Minute  // how long a value is used before it is read again
	retryTime = 30 * time.Second // from a read that failed to the next, while there is a value
	staleTime = time.Hour        // how long a value is used that cannot be read again
)

// Reader reads one secret and keeps its value for five minutes: no request
// pays for the call but the first, and a new value is in use soon.
type Reader struct {
	// Now is the clock.
	Now func() time.Time

	client *secretsmanager.Client
	arn    string

	mutex    sync.Mutex
	value    string
	readAt   time.Time
	nextRead time.Time
}

// NewReader makes the reader of the secret whose ARN the environment's
// variable holds. It fails when that or another variable is missing.
func NewReader(e function.Environment, variable string) (*Reader, error) {
	arn, err := e.Setting(variable)
	if err != nil {
		return nil, err
	}
	c, err := e.Config("SECRETS_MANAGER")
	if err != nil {
		return nil, err
	}
	return &Reader{Now: time.Now, arn: arn, client: secretsmanager.NewFromConfig(c)}, nil
}

// Value is the secret's value, a string of at least 32 bytes. It fails with a
// *function.Unusable when there is none, or else with a *function.Failure. A
// value that only cannot be read again is used for up to an hour.
func (r *Reader) Value(ctx context.Context) (string, error) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	now := r.Now()
	if r.value != "" && now.Before(r.nextRead) {
		return r.value, nil
	}
	value, err := r.read(ctx)
	var unusable *function.Unusable
	switch {
	case err == nil:
		r.value, r.readAt, r.nextRead = value, now, now.Add(keepTime)
	case errors.As(err, &unusable):
		r.value = "" // taken away on purpose, perhaps
		return "", err
	case r.value == "" || now.Sub(r.readAt) >= staleTime:
		return "", err
	default:
		r.nextRead = now.Add(retryTime)
	}
	return r.value, nil
}

// read asks for the current version of the value.
// https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_GetSecretValue.html
func (r *Reader) read(ctx context.Context) (string, error) {
	out, err := r.client.GetSecretValue(ctx, &secretsmanager.GetSecretValueInput{SecretId: &r.arn})
	var absent *types.ResourceNotFoundException
	switch {
	case errors.As(err, &absent): // so is a secret that has not been given a value
		return "", &function.Unusable{Secret: nameOf(r.arn), Reason: "has no value"}
	case err != nil:
		return "", function.Fail(ctx, "secretsmanager:GetSecretValue", err)
	}
	switch {
	case out.SecretString == nil:
		return "", &function.Unusable{Secret: nameOf(r.arn), Reason: "has a value that is not text"}
	case len(*out.SecretString) < minBytes:
		return "", &function.Unusable{Secret: nameOf(r.arn), Reason: fmt.Sprintf("has a value of fewer than %d bytes", minBytes)}
	}
	return *out.SecretString, nil
}

// nameOf is the name in a secret's ARN, which ends in a hyphen and six
// characters that the name has not.
// https://docs.aws.amazon.com/secretsmanager/latest/userguide/whats-in-a-secret.html
func nameOf(arn string) string {
	const suffix = 7
	_, name, found := strings.Cut(arn, ":secret:")
	if !found {
		return arn
	}
	if cut := len(name) - suffix; cut > 0 && name[cut] == '-' {
		return name[:cut]
	}
	return name
}
