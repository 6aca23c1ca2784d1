package items

import (
	"encoding/base64"
	"mime"
	"strconv"
	"strings"
)

const maxIDBytes = 64

// idOf is the item's id in the request's path. No other id, such as that of a
// record beside the items, passes it.
func idOf(r Request) (string, error) {
	id := r.PathParameters["id"]
	if !isToken(id, maxIDBytes) {
		return "", refuse(InvalidID, "an id is 1 to %d of A-Z a-z 0-9 _ -", maxIDBytes)
	}
	return id, nil
}

// isToken reports whether s matches ^[A-Za-z0-9_-]{1,limit}$.
func isToken(s string, limit int) bool {
	for _, c := range []byte(s) {
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '_', c == '-':
		default:
			return false
		}
	}
	return 0 < len(s) && len(s) <= limit
}

// header is the value of a header and whether it was sent. The gateway writes
// names in lower case; other callers may not.
func header(r Request, name string) (string, bool) {
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

// bodyOf is the body as the client sent it, at most 384 KiB of JSON that is
// not compressed.
func bodyOf(r Request) ([]byte, error) {
	body := []byte(r.Body)
	if r.IsBase64Encoded {
		decoded, err := base64.StdEncoding.DecodeString(r.Body)
		if err != nil {
			return nil, refuse(InvalidBody, "the body is not base64, though it is marked so")
		}
		body = decoded
	}
	if !isJSON(r) {
		return nil, refuse(UnsupportedMediaType, "send the body as application/json")
	}
	if encoding, found := header(r, "Content-Encoding"); found && !strings.EqualFold(strings.TrimSpace(encoding), "identity") {
		return nil, refuse(UnsupportedEncoding, "send the body without Content-Encoding")
	}
	if len(body) > maxBodyBytes {
		return nil, refuse(TooLarge, "the body has more than %d bytes", maxBodyBytes)
	}
	return body, nil
}

// isJSON allows no parameter but the one charset JSON has.
func isJSON(r Request) bool {
	contentType, _ := header(r, "Content-Type")
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

// etag is the strong entity tag of a version.
func etag(version int64) string { return `"` + strconv.FormatInt(version, 10) + `"` }

// versionOf is the version that If-Match names. Its problem is
// PreconditionRequired without the header, Validation unless it is one entity
// tag, and VersionConflict for a tag that no version has.
func versionOf(r Request) (int64, error) {
	tag, found := header(r, "If-Match")
	if !found {
		return 0, refuse(PreconditionRequired, `send the item's ETag as If-Match, such as "3"`)
	}
	tag = strings.TrimSpace(tag)
	opaque, weak := strings.CutPrefix(tag, "W/")
	if !isEntityTag(opaque) {
		return 0, refuse(Validation, `If-Match must be one entity tag, such as "3"`)
	}
	// RFC 9110, 13.1.1: If-Match compares strongly, so a weak tag never matches.
	version, err := strconv.ParseInt(strings.Trim(opaque, `"`), 10, 64)
	if weak || err != nil || etag(version) != opaque {
		return 0, ErrVersion
	}
	return version, nil
}

// isEntityTag follows RFC 9110, 8.8.3, without the weakness.
func isEntityTag(s string) bool {
	if len(s) < 2 || s[0] != '"' || s[len(s)-1] != '"' {
		return false
	}
	for _, c := range []byte(s[1 : len(s)-1]) {
		if c <= ' ' || c == '"' || c == 0x7f {
			return false
		}
	}
	return true
}
