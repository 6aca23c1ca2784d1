package httpapi

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// A response is the answer to a client.
type response struct {
	status int
	header http.Header
	body   []byte

	message string // of the gateway's error; "" for a function's response
	closing bool   // the connection cannot be used again
}

const (
	typeJSON = "application/json"
	typeText = "text/plain; charset=utf-8"
)

// gatewayError returns an error response of the gateway.
func gatewayError(status int, message string) response {
	return response{status: status, header: http.Header{"Content-Type": {typeJSON}}, body: []byte(`{"message":"` + message + `"}`), message: message}
}

// foreignHost returns a 403 with the reason. AWS never receives such a request:
// its hosts lead to an API or to nothing.
func foreignHost(err error) response {
	res := forbidden()
	res.message += ": " + err.Error()
	text, _ := json.Marshal(map[string]string{"message": res.message}) // cannot fail
	res.body = text
	return res
}

func unauthorized() response { return gatewayError(http.StatusUnauthorized, "Unauthorized") }
func forbidden() response    { return gatewayError(http.StatusForbidden, "Forbidden") }
func notFound() response     { return gatewayError(http.StatusNotFound, "Not Found") }
func internalError() response {
	return gatewayError(http.StatusInternalServerError, "Internal Server Error")
}
func unavailable() response {
	return gatewayError(http.StatusServiceUnavailable, "Service Unavailable")
}
func entityTooLarge() response {
	return gatewayError(http.StatusRequestEntityTooLarge, "Request Entity Too Large")
}

// readResponse reads a function's response, payload format 2.0. An object with
// a statusCode is a complete response; a member of the wrong type is an error.
// Any other JSON value is the body, a string without its quotes (recorded for
// objects, strings and a boolean). A payload that is not JSON is also the body
// (not recorded; Go functions return JSON).
func readResponse(payload []byte) (response, error) {
	trimmed := bytes.TrimSpace(payload)
	var members map[string]json.RawMessage
	if len(trimmed) > 0 && trimmed[0] == '{' && json.Unmarshal(trimmed, &members) == nil {
		if _, whole := members["statusCode"]; whole {
			return readMembers(members)
		}
	}
	body := payload
	var text string
	if len(trimmed) > 0 && trimmed[0] == '"' && json.Unmarshal(trimmed, &text) == nil {
		body = []byte(text)
	}
	return response{status: http.StatusOK, header: http.Header{"Content-Type": {typeJSON}}, body: body}, nil
}

func readMembers(members map[string]json.RawMessage) (response, error) {
	r := response{header: http.Header{}}
	var err error
	if r.status, err = readStatus(members["statusCode"]); err != nil {
		return r, err
	}
	if err = readHeaders(r.header, members["headers"]); err != nil {
		return r, err
	}
	var cookies []string
	if err = readMember(members, "cookies", &cookies); err != nil {
		return r, err
	}
	for _, cookie := range cookies {
		if !validValue(cookie) {
			return r, fmt.Errorf("cookie %q", cookie)
		}
		r.header.Add("Set-Cookie", cookie)
	}
	var body string
	var isBase64 bool
	if err = readMember(members, "body", &body); err != nil {
		return r, err
	}
	if err = readMember(members, "isBase64Encoded", &isBase64); err != nil {
		return r, err
	}
	r.body = []byte(body)
	if isBase64 { // an invalid encoding answers 500 (not recorded)
		if r.body, err = base64.StdEncoding.DecodeString(body); err != nil {
			return r, err
		}
	}
	if r.header.Get("Content-Type") == "" && hasBody(r.status) {
		r.header.Set("Content-Type", typeText)
	}
	return r, nil
}

// readMember reads one member of a response. A null counts as absent, because
// aws-lambda-go writes null for every empty member.
func readMember(members map[string]json.RawMessage, name string, into any) error {
	raw := members[name]
	if len(raw) == 0 {
		return nil
	}
	if err := json.Unmarshal(raw, into); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

// readStatus reads the statusCode. 0 and a number with a fraction answer 500
// (recorded). A string, null and a code outside 200 to 599 do too (not
// recorded).
func readStatus(raw json.RawMessage) (int, error) {
	status, err := strconv.Atoi(string(raw))
	if err != nil {
		return 0, fmt.Errorf("statusCode %s: %w", raw, err)
	}
	if status < 200 || status > 599 {
		return 0, fmt.Errorf("statusCode %d", status)
	}
	return status, nil
}

// readHeaders reads the headers member. Numbers and booleans become text, and
// null is left out. Any other value, or one that is invalid in a header, is an
// error. None of this is recorded.
func readHeaders(h http.Header, raw json.RawMessage) error {
	if len(raw) == 0 {
		return nil
	}
	var headers map[string]json.RawMessage
	if err := json.Unmarshal(raw, &headers); err != nil {
		return fmt.Errorf("headers: %w", err)
	}
	for _, name := range slices.Sorted(maps.Keys(headers)) { // of two names that differ in case, the last wins
		value := headers[name]
		var text string
		switch {
		case string(value) == "null":
			continue
		case value[0] == '"':
			if err := json.Unmarshal(value, &text); err != nil {
				return err
			}
		case value[0] == '{' || value[0] == '[':
			return fmt.Errorf("header %s is not a string", name)
		default:
			text = string(value)
		}
		if !validName(name) || !validValue(text) {
			return fmt.Errorf("header %q", name)
		}
		h.Set(name, text)
	}
	return nil
}

// validName reports whether a name is an RFC 9110 token.
func validName(name string) bool {
	for i := range len(name) {
		c := name[i]
		letter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
		if !letter && !strings.ContainsRune("!#$%&'*+-.^_`|~", rune(c)) {
			return false
		}
	}
	return name != ""
}

// validValue reports whether a value has no control characters, which could end
// the header.
func validValue(value string) bool {
	return !strings.ContainsFunc(value, func(c rune) bool { return c < ' ' && c != '\t' || c == 0x7f })
}

func hasBody(status int) bool {
	return status != http.StatusNoContent && status != http.StatusNotModified
}

var errBodySize = errors.New("request body is above the limit")

// send writes the response. The gateway sets the length, and it drops headers
// about the connection that the function returns. An answer to HEAD has the
// length that its body would have (not recorded).
func (r response) send(w http.ResponseWriter, requestID string) {
	h := w.Header()
	for name, values := range r.header {
		if !hopByHop(name) && name != "Content-Length" && name != "Date" {
			h[name] = values
		}
	}
	h.Set("Apigw-Requestid", requestID)
	if r.closing {
		h.Set("Connection", "close")
	}
	if !hasBody(r.status) {
		w.WriteHeader(r.status)
		return
	}
	h.Set("Content-Length", strconv.Itoa(len(r.body)))
	w.WriteHeader(r.status)
	_, _ = w.Write(r.body)
}
