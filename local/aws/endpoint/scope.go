package endpoint

import (
	"bytes"
	"io"
	"net/http"
	"net/url"
	"strings"
)

// Scope returns the service that a request is signed for. For an unsigned
// request it returns the service that something else names, or "". Only S3 has
// unsigned requests with nothing but a path.
func Scope(r *http.Request) string {
	if scope := SignedFor(r); scope != "" {
		return scope
	}
	media := r.Header.Get("Content-Type")
	switch target := r.Header.Get("X-Amz-Target"); {
	case target != "":
		prefix, _, _ := strings.Cut(target, ".")
		return serviceOf(prefix)
	case r.Header.Get("Smithy-Protocol") != "":
		name, _, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/service/"), "/")
		return serviceOf(name)
	case r.Header.Get("X-Amz-Sso_bearer_token") != "":
		return "sso" // https://docs.aws.amazon.com/singlesignon/latest/PortalAPIReference/API_GetRoleCredentials.html
	case strings.HasPrefix(r.Header.Get("Authorization"), "Bearer "):
		return "bedrock" // https://docs.aws.amazon.com/bedrock/latest/userguide/api-keys-use.html
	case strings.HasPrefix(media, formMedia):
		// https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html
		if strings.HasPrefix(actionOf(r), "AssumeRoleWith") {
			return "sts"
		}
		return ""
	case r.Method == http.MethodPost && !strings.HasPrefix(media, "multipart/form-data"):
		return ""
	}
	return "s3"
}

// formMedia is the media type of the Query protocol.
const formMedia = "application/x-www-form-urlencoded"

// SignedFor returns the service in a request's signature, in a header or in a
// presigned URL
// (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-authentication-methods.html).
func SignedFor(r *http.Request) string {
	scope := r.URL.Query().Get("X-Amz-Credential")
	if _, rest, ok := strings.Cut(r.Header.Get("Authorization"), "Credential="); ok {
		scope, _, _ = strings.Cut(rest, ",")
	}
	parts := strings.Split(strings.TrimSpace(scope), "/")
	if n := len(parts); n >= 4 && parts[n-1] == "aws4_request" {
		return parts[n-2]
	}
	return ""
}

// maxBody limits how much of a form is read to find its action.
const maxBody = 64 << 10

// actionOf returns the action of a Query protocol call from its body or its
// URL. The body can be read again afterwards.
func actionOf(r *http.Request) string {
	data, err := io.ReadAll(io.LimitReader(r.Body, maxBody))
	r.Body = struct {
		io.Reader
		io.Closer
	}{io.MultiReader(bytes.NewReader(data), r.Body), r.Body}
	if err != nil {
		return ""
	}
	form, _ := url.ParseQuery(string(data)) // a truncated form has at least its first fields
	if name := form.Get("Action"); name != "" {
		return name
	}
	return r.URL.Query().Get("Action")
}

// serviceOf returns the scope of a service from the prefix of X-Amz-Target or
// from the path of its protocol, such as AWSCognitoIdentityProviderService. It
// knows the services of the local cloud and a few whose calls are not signed.
// It returns any other prefix unchanged.
func serviceOf(model string) string {
	for prefix, scope := range map[string]string{
		"AWSCognitoIdentityProviderService": "cognito-idp",
		"AWSCognitoIdentityService":         "cognito-identity",
		"AmazonSQS":                         "sqs",
		"AmazonSSM":                         "ssm",
		"DynamoDB":                          "dynamodb",
		"secretsmanager":                    "secretsmanager",
	} {
		if strings.HasPrefix(model, prefix) {
			return scope
		}
	}
	return model
}
