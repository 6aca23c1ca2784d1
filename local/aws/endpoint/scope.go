package endpoint

import (
	"bytes"
	"io"
	"net/http"
	"net/url"
	"strings"
)

// Scope is the service that a request is signed for. Of one without a signature
// it is what else names a service, and "" where nothing does. S3 alone answers
// some without more than a path.
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

// formMedia is the media type of calls of the Query protocol.
const formMedia = "application/x-www-form-urlencoded"

// SignedFor is the service in the scope of a request's signature, of a header or
// of a presigned URL
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

// maxBody is how much of a form is read to find its action.
const maxBody = 64 << 10

// actionOf is the action of a call of the Query protocol: in its body, which it
// leaves to be read again, or in its URL.
func actionOf(r *http.Request) string {
	data, err := io.ReadAll(io.LimitReader(r.Body, maxBody))
	r.Body = struct {
		io.Reader
		io.Closer
	}{io.MultiReader(bytes.NewReader(data), r.Body), r.Body}
	if err != nil {
		return ""
	}
	form, _ := url.ParseQuery(string(data)) // of a form that is cut off, what is there
	if name := form.Get("Action"); name != "" {
		return name
	}
	return r.URL.Query().Get("Action")
}

// serviceOf is the scope of a service that a request names by the prefix of its
// X-Amz-Target or the path of its protocol, such as
// AWSCognitoIdentityProviderService: of a few whose calls are not signed, and of
// those that are here. Any other is called as it calls itself.
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
