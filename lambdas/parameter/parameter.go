// Package parameter reads a parameter of SSM Parameter Store: a setting that an
// operator changes without a deployment.
package parameter

import (
	"context"
	"errors"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"

	"skiff/lambdas/function"
)

// Reader reads one parameter and caches its value (see function.Kept).
type Reader struct {
	*function.Kept

	client *ssm.Client
	name   string
}

// NewReader returns a reader of the parameter whose name or ARN is in the
// environment variable. It fails when this variable, or one that Config needs,
// is missing. The function needs ssm:GetParameter. For a SecureString under a
// customer managed key it also needs kms:Decrypt.
func NewReader(e function.Environment, variable string) (*Reader, error) {
	name, err := e.Setting(variable)
	if err != nil {
		return nil, err
	}
	c, err := e.Config("SSM")
	if err != nil {
		return nil, err
	}
	r := &Reader{client: ssm.NewFromConfig(c), name: name}
	r.Kept = function.Keep(r.read)
	return r, nil
}

// read reads the value and decrypts a SecureString. It fails with a
// *function.Unusable when there is no parameter or its value is empty, and with
// a *function.Failure when the call fails.
// https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_GetParameter.html
func (r *Reader) read(ctx context.Context) (string, error) {
	out, err := r.client.GetParameter(ctx, &ssm.GetParameterInput{Name: &r.name, WithDecryption: aws.Bool(true)})
	var absent *types.ParameterNotFound
	switch {
	case errors.As(err, &absent):
		return "", r.unusable("does not exist")
	case err != nil:
		return "", function.Fail(ctx, "ssm:GetParameter", err)
	case out.Parameter == nil || aws.ToString(out.Parameter.Value) == "":
		return "", r.unusable("has no value")
	}
	return *out.Parameter.Value, nil
}

func (r *Reader) unusable(reason string) error {
	name := nameOf(r.name)
	return &function.Unusable{Name: "parameter " + name, Reason: reason, Remedy: "put one: aws ssm put-parameter --type String --name " + name + " --value VALUE"}
}

// nameOf returns the parameter's name from its ARN or name. An ARN leaves out
// the first slash of a path.
// https://docs.aws.amazon.com/systems-manager/latest/userguide/sysman-paramstore-su-create.html
func nameOf(s string) string {
	_, name, found := strings.Cut(s, ":parameter/")
	switch {
	case !found:
		return s
	case strings.Contains(name, "/"):
		return "/" + name
	}
	return name
}
