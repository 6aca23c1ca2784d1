package api

import (
	"encoding/base64"
	"mime"
	"strings"

	"skiff/lambdas/names"
)

const (
	// MaxBodyBytes is the size of the largest body that is accepted.
	MaxBodyBytes = 384 * 1024

	maxIDBytes = 64
)

// ID checks an id from a request's path. It fails with InvalidID. A valid id
// never contains #, which separates the parts of other keys in a table.
func ID(id string) (string, error) {
	if !IsToken(id, maxIDBytes) {
		return "", Refuse(InvalidID, "an id is 1 to %d of A-Z a-z 0-9 _ -", maxIDBytes)
	}
	return id, nil
}

// IsToken reports whether s matches ^[A-Za-z0-9_-]{1,limit}$.
func IsToken(s string, limit int) bool {
	for _, c := range []byte(s) {
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '_', c == '-':
		default:
			return false
		}
	}
	return 0 < len(s) && len(s) <= limit
}

// Header returns the value of a header and whether the request has it. API
// Gateway sends names in lower case, but other callers may not.
func Header(r Request, name string) (string, bool) {
	if value, found := r.Headers[strings.ToLower(name)]; found {
		return value, true
	}
	for key, value := range r.Headers {
		if strings.EqualFold(key, name) {
			return value, true
		}
	}
	return "", false
}

// Subject returns the subject of the caller's token. It comes from the
// authorizer function or from the issuer's JWT. It is empty for a public route.
// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
func Subject(r Request) string {
	authorizer := r.RequestContext.Authorizer
	switch {
	case authorizer == nil:
		return ""
	case authorizer.JWT != nil:
		return authorizer.JWT.Claims["sub"]
	}
	subject, _ := authorizer.Lambda[names.SubjectContext].(string)
	return subject
}

// Body returns the body as the client sent it: uncompressed JSON of at most
// MaxBodyBytes. It fails with a *Problem.
func Body(r Request) ([]byte, error) {
	body := []byte(r.Body)
	if r.IsBase64Encoded {
		decoded, err := base64.StdEncoding.DecodeString(r.Body)
		if err != nil {
			return nil, Refuse(InvalidBody, "the body is marked as base64 but is not")
		}
		body = decoded
	}
	if !isJSON(r) {
		return nil, Refuse(UnsupportedMediaType, "send the body as application/json")
	}
	if encoding, found := Header(r, "Content-Encoding"); found && !strings.EqualFold(strings.TrimSpace(encoding), "identity") {
		return nil, Refuse(UnsupportedEncoding, "send the body without Content-Encoding")
	}
	if len(body) > MaxBodyBytes {
		return nil, Refuse(TooLarge, "the body has more than %d bytes", MaxBodyBytes)
	}
	return body, nil
}

// isJSON reports whether the content type is JSON. It allows no parameter
// except charset=utf-8.
func isJSON(r Request) bool {
	contentType, _ := Header(r, "Content-Type")
	media, parameters, err := mime.ParseMediaType(contentType)
	if err != nil || media != "application/json" {
		return false
	}
	for name, value := range parameters {
		if name != "charset" || !strings.EqualFold(value, "utf-8") {
			return false
		}
	}
	return true
}
