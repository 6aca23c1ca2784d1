package items

import (
	"encoding/base64"
	"mime"
	"strconv"
	"strings"

	"skiff/lambdas/names"
)

const maxIDBytes = 64

// ID is the item's id in the request's path. No other id, such as that of a
// record beside the items, passes it.
func ID(r Request) (string, error) {
	id := r.PathParameters["id"]
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

// Header is the value of a header and whether it was sent. The gateway writes
// names in lower case; other callers may not.
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

// Subject is the subject of the caller's token, as the function that authorizes
// says, or the issuer's token itself. It is empty on a route without authorizer.
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

// Body is the body as the client sent it, at most 384 KiB of JSON that is
// not compressed.
func Body(r Request) ([]byte, error) {
	body := []byte(r.Body)
	if r.IsBase64Encoded {
		decoded, err := base64.StdEncoding.DecodeString(r.Body)
		if err != nil {
			return nil, Refuse(InvalidBody, "the body is not base64, though it is marked so")
		}
		body = decoded
	}
	if !isJSON(r) {
		return nil, Refuse(UnsupportedMediaType, "send the body as application/json")
	}
	if encoding, found := Header(r, "Content-Encoding"); found && !strings.EqualFold(strings.TrimSpace(encoding), "identity") {
		return nil, Refuse(UnsupportedEncoding, "send the body without Content-Encoding")
	}
	if len(body) > maxBodyBytes {
		return nil, Refuse(TooLarge, "the body has more than %d bytes", maxBodyBytes)
	}
	return body, nil
}

// isJSON allows no parameter but the one charset JSON has.
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

// ETag is the strong entity tag of a version.
func ETag(version int64) string { return `"` + strconv.FormatInt(version, 10) + `"` }
